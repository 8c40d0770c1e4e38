package casebook_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/view"
)

// desk writes what passes between the city and bank B outside any order.
func desk(t *testing.T, o *office, events ...event.DeskEvent) {
	t.Helper()
	pen(t, o, "bank", event.DeskCodec())("B", "", events...)
}

func stray(order string) event.StrayAnswerReceived {
	return event.StrayAnswerReceived{Bank: "B", Order: order, Reason: "order-unknown", Digest: "digest-of-" + order, Channel: "machine"}
}

// asked writes that a case asks for a stop.
func asked(t *testing.T, o *office, account, order, id string) {
	t.Helper()
	pen(t, o, "account", event.AccountCodec())(account, id, event.StopRequested{
		Order: identity.OrderID(order), Case: identity.CaseID(id), Level: 1, Account: event.Account{ID: identity.AccountID(account), Bank: "A"},
	})
}

// whole is all that is known of a case by now.
func (o *office) whole(t *testing.T, id string) ([]string, []byte) {
	t.Helper()
	h, body := o.history(t, "/v1/histories/"+id+"?consistent=true")
	if err := verify(h); err != nil {
		t.Errorf("the history of %s: %v", id, err)
	}
	return places(h), body
}

// asOf is what was known of a case at an instant; the hand of the clock stands a
// minute after the last event.
func (o *office) asOf(t *testing.T, id string, at time.Time) ([]string, []byte) {
	t.Helper()
	h, body := o.history(t, "/v1/histories/"+id+"?at="+url.QueryEscape(at.Format(time.RFC3339Nano)))
	if err := verify(h); err != nil {
		t.Errorf("the history of %s as of %v: %v", id, at, err)
	}
	return places(h), body
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestI61_AStrayAnswerIsInTheHistoryOfTheCaseWhoseOrderItNames(t *testing.T) {
	o := open(t)
	asked(t, o, "x", "o1", "first")
	asked(t, o, "y", "o2", "second")
	desk(t, o, event.BankUnreachable{Bank: "B", Cause: "timeout"}, stray("o2"), stray("o1"), stray(""), event.BankReachable{Bank: "B"})
	got, body := o.whole(t, "first")
	same(t, "what is between is there for the chain, what comes after is not there", []string{
		"account-x/0 stop-requested.v1", "bank-B/0 bank-unreachable.v1 link", "bank-B/1 stray-answer-received.v1 link", "bank-B/2 stray-answer-received.v1",
	}, got)
	if bytes.Contains(body, []byte("o2")) || !bytes.Contains(body, []byte("digest-of-o1")) {
		t.Errorf("the answer to the other case's order shows, or the own one does not: %s", body)
	}
	if status, body := o.get(t, access.Auditor, "/v1/figures/first"); status != http.StatusOK {
		t.Errorf("figures: %d %s", status, body)
	}
}

func TestI62_AStrayAnswerIsInTheHistorySinceItsOrderIsKnown(t *testing.T) {
	o := open(t)
	asked(t, o, "x", "o0", "first")
	desk(t, o, stray("o1"))
	between := o.clock.Now()
	o.clock.Forward(time.Minute)
	before, _ := o.whole(t, "first")
	same(t, "nobody knows the order", []string{"account-x/0 stop-requested.v1"}, before)
	_, then := o.asOf(t, "first", between)
	asked(t, o, "x", "o1", "first")
	after, _ := o.whole(t, "first")
	same(t, "the order is known", []string{"account-x/0 stop-requested.v1", "bank-B/0 stray-answer-received.v1", "account-x/1 stop-requested.v1"}, after)
	if _, now := o.asOf(t, "first", between); !bytes.Equal(then, now) {
		t.Errorf("as of then it was\n%s\nand is\n%s", then, now)
	}
}

func TestAClaimOnAnAccountIsInTheHistoryOfItsProtectiveStop(t *testing.T) {
	o := open(t)
	shields, protectives := pen(t, o, "shield", event.ShieldCodec()), pen(t, o, "protective", event.ProtectiveCodec())
	claimed := func(id identity.ProtectiveID) event.ShieldEvent {
		return event.ProtectiveAccountClaimed{Protective: id}
	}
	requested := func(id identity.ProtectiveID, of identity.CaseID, order identity.OrderID) event.ProtectiveEvent {
		return event.ProtectiveStopRequested{Protective: id, Case: of, Accounts: []event.ProtectedAccount{{Account: event.Account{ID: "own"}, Order: order}}}
	}
	shields("own", "first", claimed("p1"))
	protectives("p1", "first", requested("p1", "first", "o1"))
	protectives("p1", "", event.ProtectiveLiftRequested{Reason: "lapsed", Accounts: []event.ProtectedAccount{{Account: event.Account{ID: "own"}, Order: "lift"}}})
	desk(t, o, stray("lift"))
	shields("own", "second", event.ProtectiveAccountFreed{Protective: "p1"}, claimed("p2"))
	protectives("p2", "second", requested("p2", "second", "o2"))
	shields("own", "", event.ProtectiveAccountFreed{Protective: "p2"}, claimed("p3"))
	protectives("p3", "", requested("p3", "", "o3"))

	first := []string{
		"shield-own/0 protective-account-claimed.v1", "protective-p1/0 protective-stop-requested.v1", "protective-p1/1 protective-lift-requested.v1",
		"bank-B/0 stray-answer-received.v1", "shield-own/1 protective-account-freed.v1",
	}
	for id, want := range map[string][]string{
		"first": first,
		"p1":    first, // a protective stop is a history of its own
		"second": {
			"shield-own/0 protective-account-claimed.v1 link", "shield-own/1 protective-account-freed.v1", "shield-own/2 protective-account-claimed.v1",
			"protective-p2/0 protective-stop-requested.v1", "shield-own/3 protective-account-freed.v1",
		},
		"p3": {
			"shield-own/0 protective-account-claimed.v1 link", "shield-own/1 protective-account-freed.v1 link", "shield-own/2 protective-account-claimed.v1 link",
			"shield-own/3 protective-account-freed.v1 link", "shield-own/4 protective-account-claimed.v1", "protective-p3/0 protective-stop-requested.v1",
		},
	} {
		got, _ := o.whole(t, id)
		same(t, id, want, got)
	}
}

func TestWhatBelongsToAnAlertBelongsToTheCaseItLedTo(t *testing.T) {
	o := open(t)
	alerts, shields := pen(t, o, "alert", event.AlertCodec()), pen(t, o, "shield", event.ShieldCodec())
	protectives := pen(t, o, "protective", event.ProtectiveCodec())
	alerts("warned", "warned", event.WarningGraded{Level: event.High})
	shields("own", "", event.ProtectiveAccountClaimed{Protective: "p1"})
	protectives("p1", "", event.ProtectiveStopRequested{Protective: "p1", Alert: "warned", Accounts: []event.ProtectedAccount{{Order: "o1"}}})
	desk(t, o, stray("o1"))
	between := o.clock.Now()
	o.clock.Forward(time.Minute)
	want := []string{
		"alert-warned/0 warning-graded.v1", "shield-own/0 protective-account-claimed.v1", "protective-p1/0 protective-stop-requested.v1", "bank-B/0 stray-answer-received.v1",
	}
	got, _ := o.whole(t, "warned")
	same(t, "an alert is a history of its own", want, got)
	alerts("warned", "warned", event.PaymentDiscovered{Alert: "warned", Case: "late"})
	protectives("p1", "", event.ProtectiveStopApproved{})
	protectives("p2", "", event.ProtectiveStopRequested{Protective: "p2", Alert: "warned", Accounts: []event.ProtectedAccount{{Order: "o2"}}})
	desk(t, o, stray("o2"))
	want = append(want, "alert-warned/1 payment-discovered.v1", "protective-p1/1 protective-stop-approved.v1", "protective-p2/0 protective-stop-requested.v1", "bank-B/1 stray-answer-received.v1")
	for _, id := range []string{"late", "warned"} {
		got, _ := o.whole(t, id)
		same(t, id, want, got)
	}
	if status, body := o.get(t, access.Auditor, "/v1/histories/late?at="+url.QueryEscape(between.Format(time.RFC3339Nano))); status != http.StatusNotFound {
		t.Errorf("a case that was not known yet: %d %s", status, body)
	}
}

func TestAStandingApprovalIsInTheHistoryOfTheCaseItServed(t *testing.T) {
	o := open(t)
	approvals, accounts := pen(t, o, "approval", event.ApprovalCodec()), pen(t, o, "account", event.AccountCodec())
	approvals("unit", "", event.StandingApprovalGranted{Approval: "another"}, event.StandingApprovalGranted{Approval: "standing"}, event.StandingApprovalNarrowed{Approval: "standing"})
	asked(t, o, "x", "o1", "first")
	accounts("x", "first", event.StopApproved{Order: "o1", Standing: "standing"})
	approvals("unit", "", event.StandingApprovalExpired{Approval: "standing"})
	want := []string{
		"approval-unit/0 standing-approval-granted.v1 link", "approval-unit/1 standing-approval-granted.v1", "approval-unit/2 standing-approval-narrowed.v1",
		"account-x/0 stop-requested.v1", "account-x/1 stop-approved.v1",
	}
	got, _ := o.whole(t, "first")
	same(t, "as it stood when it served", want, got)
	accounts("x", "first", event.StopApproved{Order: "o2", Standing: "standing"})
	got, _ = o.whole(t, "first")
	same(t, "used again, it has come further", append(want, "approval-unit/3 standing-approval-expired.v1", "account-x/2 stop-approved.v1"), got)
}

func TestWhatBelongsToNoCaseIsFoundByItsStream(t *testing.T) {
	o := open(t)
	asked(t, o, "x", "o1", "first")
	desk(t, o, stray(""), event.StrayAnswersDropped{Bank: "B"})
	then := o.clock.Now()
	o.clock.Forward(time.Minute)
	desk(t, o, event.BankUnreachable{Bank: "B", Cause: "tls"}, event.BankReachable{Bank: "B"})
	whole, body := o.history(t, "/v1/histories/streams/bank-B?consistent=true")
	same(t, "a bank's stream", []string{
		"bank-B/0 stray-answer-received.v1", "bank-B/1 stray-answers-dropped.v1", "bank-B/2 bank-unreachable.v1", "bank-B/3 bank-reachable.v1",
	}, places(whole))
	if err := verify(whole); err != nil || whole.Stream != "bank-B" || !whole.Complete || whole.Position != whole.Events[3].Position {
		t.Errorf("%v: %s", err, body)
	}
	at := "at=" + url.QueryEscape(then.Format(time.RFC3339Nano))
	past, _ := o.history(t, "/v1/histories/streams/bank-B?"+at)
	same(t, "as it was known", places(whole)[:2], places(past))
	var paged []entry
	for path := "/v1/histories/streams/bank-B?limit=3"; path != ""; {
		page, _ := o.history(t, path)
		paged = append(paged, page.Events...)
		path = ""
		if !page.Complete {
			path = "/v1/histories/streams/bank-B?limit=3&cursor=" + page.NextCursor
			desk(t, o, stray(""))
		}
	}
	if diff := cmp.Diff(whole.Events, paged); diff != "" {
		t.Errorf("pages (-whole +pages):\n%s", diff)
	}
	same(t, "all streams", []string{"account-x 1", "bank-B 5"}, o.streams(t, "?consistent=true"))
	same(t, "of one kind, as it was known", []string{"bank-B 2"}, o.streams(t, "?kind=bank&"+at))
	same(t, "page by page", []string{"account-x 1", "bank-B 5"}, o.streams(t, "?limit=1"))
}

// streams lists streams with the number of their events, over all pages.
func (o *office) streams(t *testing.T, query string) (all []string) {
	t.Helper()
	for path := "/v1/histories/streams" + query; path != ""; {
		status, body := o.get(t, access.Auditor, path)
		var list struct {
			Items []struct {
				Stream string
				Events int
			}
			NextCursor string
		}
		if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		for _, s := range list.Items {
			all = append(all, fmt.Sprintf("%s %d", s.Stream, s.Events))
		}
		path = ""
		if list.NextCursor != "" {
			path = "/v1/histories/streams" + query + "&cursor=" + list.NextCursor
		}
	}
	return all
}

func TestI61_AnAlteredEventOfAStreamIsFound(t *testing.T) {
	o := open(t)
	asked(t, o, "x", "o1", "first")
	desk(t, o, event.BankUnreachable{Bank: "B", Cause: "tls"}, stray("o1"))
	pen(t, o, "shield", event.ShieldCodec())("own", "first", event.ProtectiveAccountClaimed{Protective: "p1"})
	for _, c := range []struct{ rule, path, old, new, where string }{
		{"a bank's stray answer in its case", "/v1/histories/first", "digest-of-o1", "digest-of-o2", "stream bank-B, revision 1:"},
		{"a link before it", "/v1/histories/first", `"hash":"`, `"hash":"00`, "stream bank-B, revision 1:"},
		{"a claim in its case", "/v1/histories/first", `"protective":"p1"`, `"protective":"p2"`, "stream shield-own, revision 0:"},
		{"what belongs to no case", "/v1/histories/streams/bank-B", `"cause":"tls"`, `"cause":"tlz"`, "stream bank-B, revision 0:"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			h, body := o.history(t, c.path+"?consistent=true")
			if err := verify(h); err != nil {
				t.Fatal(err)
			}
			var altered history
			if err := json.Unmarshal(bytes.Replace(body, []byte(c.old), []byte(c.new), 1), &altered); err != nil {
				t.Fatal(err)
			}
			err := verify(altered)
			if !errors.Is(err, chain.ErrAltered) && !errors.Is(err, chain.ErrBroken) || !strings.HasPrefix(err.Error(), c.where) {
				t.Errorf("found: %v", err)
			}
		})
	}
}

func TestWhoMayReadStreamsAndWhatIsRefused(t *testing.T) {
	o := open(t)
	desk(t, o, stray(""))
	o.streams(t, "?consistent=true")
	for _, c := range []struct {
		rule   string
		role   access.Role
		path   string
		status int
		code   string
	}{
		{"an auditor reads a stream", access.Auditor, "/bank-B", http.StatusOK, ""},
		{"an officer lists streams", access.DutyOfficer, "", http.StatusOK, ""},
		{"a bank desk reads none, not even its own", access.BankDesk, "/bank-B", http.StatusForbidden, "role-not-allowed"},
		{"nor does it list any", access.BankDesk, "", http.StatusForbidden, "role-not-allowed"},
		{"who runs the machines reads none", access.Operator, "/bank-B", http.StatusForbidden, "role-not-allowed"},
		{"nobody without a token", "", "/bank-B", http.StatusUnauthorized, "token-missing"},
		{"a stream that is not known", access.Auditor, "/bank-C", http.StatusNotFound, "stream-unknown"},
		{"a key is no event of a case", access.Auditor, "/key-bank-B", http.StatusNotFound, "stream-unknown"},
		{"one that was not known yet", access.Auditor, "/bank-B?at=2021-07-17T07:59:59Z", http.StatusNotFound, "stream-unknown"},
		{"the future is not known", access.Auditor, "/bank-B?at=2121-07-17T08:00:00Z", http.StatusUnprocessableEntity, "time-in-future"},
		{"nor which streams it will have", access.Auditor, "?at=2121-07-17T08:00:00Z", http.StatusUnprocessableEntity, "time-in-future"},
		{"a kind that there is not", access.Auditor, "?kind=key", http.StatusUnprocessableEntity, "field-invalid"},
		{"a cursor comes from a page", access.Auditor, "/bank-B?cursor=1", http.StatusUnprocessableEntity, "cursor-invalid"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			status, body := o.get(t, c.role, "/v1/histories/streams"+c.path)
			var p struct{ Code string }
			if err := json.Unmarshal(body, &p); err != nil || status != c.status || p.Code != c.code {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

func TestTheStreamsOfferedAreThoseOfAllEvents(t *testing.T) {
	o := open(t)
	story(t, o)
	kinds := map[string]bool{}
	for _, s := range o.streams(t, "?consistent=true") {
		kind, _, _ := strings.Cut(s, "-")
		kinds[kind] = true
	}
	for _, kind := range []string{"case", "alert", "pursuit", "account", "refund", "approval", "protective", "shield", "bank"} {
		if !kinds[kind] || !slices.ContainsFunc(o.streams(t, "?kind="+kind), func(s string) bool { return strings.HasPrefix(s, kind+"-") }) {
			t.Errorf("no stream of kind %s is listed", kind)
		}
	}
}

// earlier is the schema of the version that knew nothing of banks and claims.
const earlier = `CREATE TABLE events (
	position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
	case_id TEXT NOT NULL, recorded INTEGER NOT NULL, known INTEGER NOT NULL, data BLOB NOT NULL, meta BLOB NOT NULL);
	CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
	CREATE INDEX events_by_position ON events (stream, position, known, recorded);
	CREATE TABLE histories (case_id TEXT NOT NULL, stream TEXT NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (case_id, stream)) WITHOUT ROWID`

func TestAnIndexOfAnEarlierVersionGrowsAnew(t *testing.T) {
	o := found(t)
	asked(t, o, "x", "o1", "first")
	desk(t, o, stray("o1"))
	old, err := view.Open(t.Context(), o.city.Log, view.Config{
		Path: o.city.ViewPath("casebook"), Schema: earlier, Logger: o.city.Logger,
		Prefixes: []string{"case-", "alert-", "pursuit-", "account-", "refund-", "approval-", "protective-"},
		Apply:    func(context.Context, *sql.Tx, eventlog.Recorded) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- old.Run(ctx) }()
	for {
		changed := old.Changed()
		if _, caughtUp := old.Position(); caughtUp {
			break
		}
		<-changed
	}
	stop()
	if err := errors.Join(ignoring(<-ended, context.Canceled), old.Close()); err != nil {
		t.Fatal(err)
	}
	o.begin(t)
	got, _ := o.whole(t, "first")
	same(t, "all of it", []string{"account-x/0 stop-requested.v1", "bank-B/0 stray-answer-received.v1"}, got)
}

func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
