package casebook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/money"
)

func fen(n int64) money.Fen { return money.Fen(n) }

// story tells two cases that share one account, the second of which came out
// of an alert. A bank answers an order of either that is not its own, and the
// first has a protective stop.
func story(t *testing.T, o *office) {
	t.Helper()
	cases, alerts := pen(t, o, "case", event.CaseCodec()), pen(t, o, "alert", event.AlertCodec())
	pursuits, accounts := pen(t, o, "pursuit", event.PursuitCodec()), pen(t, o, "account", event.AccountCodec())
	approvals, refunds := pen(t, o, "approval", event.ApprovalCodec()), pen(t, o, "refund", event.RefundCodec())
	banks, shields, protectives := pen(t, o, "bank", event.DeskCodec()), pen(t, o, "shield", event.ShieldCodec()), pen(t, o, "protective", event.ProtectiveCodec())

	approvals("440900000000", "standing", event.StandingApprovalGranted{Approval: "standing"})
	alerts("warned", "warned", event.WarningOrderImported{ExternalID: "x<1>&"}, event.WarningGraded{Level: event.High})
	cases("first", "first", event.FraudReportReceived{Channel: "110"}, event.LossTransferDeclared{Currency: event.CNY, Transfer: event.Transfer{Amount: 900_00}})
	pursuits("first", "first", event.PursuitOpened{Case: "first"})
	accounts("shared", "first", event.StopRequested{Order: "o1", Case: "first", Level: 1, Account: event.Account{ID: "shared", Bank: "A"}})
	alerts("warned", "warned", event.PaymentDiscovered{Alert: "warned", Case: "second"})
	cases("second", "second", event.FraudReportReceived{Channel: "warning", Alert: "warned"}, event.LossTransferDeclared{Currency: event.CNY, Transfer: event.Transfer{Amount: 50_00}})
	accounts("shared", "second", event.StopRequested{Order: "o2", Case: "second", Level: 1, Account: event.Account{ID: "shared", Bank: "A"}})
	banks("B", "", event.StrayAnswerReceived{Bank: "B", Order: "o1", Reason: "order-of-another-bank", Channel: "desk"}, event.BankUnreachable{Bank: "B", Cause: "timeout"})
	shields("own", "first", event.ProtectiveAccountClaimed{Protective: "kept"})
	protectives("kept", "first", event.ProtectiveStopRequested{Protective: "kept", Case: "first"})
	banks("B", "", event.StrayAnswerReceived{Bank: "B", Order: "o2", Reason: "order-of-another-bank", Channel: "desk"})
	accounts("shared", "first", event.StopExecuted{Order: "o1", Case: "first", Ordinal: 1, Level: 1, BalanceBefore: 700_00})
	accounts("shared", "first", event.FundsAttributed{Revision: 1, Balance: 700_00, Held: lots("first", 600_00, 100_00), Reached: lots("first", 600_00, 100_00)})
	accounts("shared", "first", event.FreezeExecuted{Order: "f1", Case: "first", Frozen: 700_00, Account: event.Account{ID: "shared", Bank: "A"}})
	refunds("paid", "first", event.RefundExecuted{Case: "first", Account: "shared", FreezeOrder: "f1", Amount: 600_00})
	accounts("shared", "first", event.FrozenFundsReturned{Order: "f1", Procedure: "paid", Amount: 600_00, Remaining: 100_00})
}

func places(h history) []string {
	var all []string
	for _, e := range h.Events {
		line := fmt.Sprintf("%s/%d %s", e.Stream, e.Revision, e.Type)
		if e.Link {
			line += " link"
		}
		all = append(all, line)
	}
	return all
}

func TestAHistoryHasAllServicesInLogOrder(t *testing.T) {
	o := open(t)
	story(t, o)
	for id, want := range map[string][]string{
		"first": {
			"case-first/0 fraud-report-received.v1", "case-first/1 loss-transfer-declared.v1", "pursuit-first/0 pursuit-opened.v1",
			"account-shared/0 stop-requested.v1", "account-shared/1 stop-requested.v1 link", "bank-B/0 stray-answer-received.v1",
			"shield-own/0 protective-account-claimed.v1", "protective-kept/0 protective-stop-requested.v1", "account-shared/2 stop-executed.v1",
			"account-shared/3 funds-attributed.v1", "account-shared/4 freeze-executed.v1", "refund-paid/0 refund-executed.v1",
			"account-shared/5 frozen-funds-returned.v1",
		},
		"second": {
			"alert-warned/0 warning-order-imported.v1", "alert-warned/1 warning-graded.v1", "account-shared/0 stop-requested.v1 link",
			"alert-warned/2 payment-discovered.v1", "case-second/0 fraud-report-received.v1", "case-second/1 loss-transfer-declared.v1",
			"account-shared/1 stop-requested.v1", "bank-B/0 stray-answer-received.v1 link", "bank-B/1 bank-unreachable.v1 link",
			"bank-B/2 stray-answer-received.v1", "account-shared/2 stop-executed.v1 link", "account-shared/3 funds-attributed.v1 link",
			"account-shared/4 freeze-executed.v1 link", "account-shared/5 frozen-funds-returned.v1 link",
		},
	} {
		h, body := o.history(t, "/v1/histories/"+id+"?consistent=true")
		if diff := cmp.Diff(want, places(h)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		if !h.Complete || h.Position != h.Events[len(h.Events)-1].Position {
			t.Errorf("%s ends at %d, complete %t", id, h.Position, h.Complete)
		}
		if alien := map[string]string{"first": `"o2"`, "second": `"o1"`}[id]; bytes.Contains(body, []byte(alien)) {
			t.Errorf("the history of %s shows content of the other case", id)
		}
	}
}

// verify follows the chain of each stream as a reader does.
func verify(h history) error {
	heads := map[string]string{}
	for _, e := range h.Events {
		prev := heads[e.Stream]
		if e.Link {
			if e.PrevHash != prev {
				return fmt.Errorf("%s at %d: %w", e.Stream, e.Revision, chain.ErrBroken)
			}
			heads[e.Stream] = e.Hash
			continue
		}
		hash, err := chain.Verify(prev, chain.Link{Stream: e.Stream, Revision: e.Revision, Type: e.Type, ID: e.ID, Data: e.Data, Meta: []byte(e.Meta)})
		if err != nil {
			return err
		}
		heads[e.Stream] = hash
	}
	return nil
}

func TestI61_AHistoryVerifiesByItsOwnBytesAndOneAlteredByteIsFound(t *testing.T) {
	o := open(t)
	story(t, o)
	for _, id := range []string{"first", "second"} {
		h, body := o.history(t, "/v1/histories/"+id+"?consistent=true")
		if err := verify(h); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for n, e := range h.Events {
			if e.Link {
				continue
			}
			var altered history
			if err := json.Unmarshal(body, &altered); err != nil {
				t.Fatal(err)
			}
			data := altered.Events[n].Data
			data[bytes.IndexByte(data, ':')-2] ^= 1 // a letter of the first name
			err := verify(altered)
			if where := fmt.Sprintf("stream %s, revision %d:", e.Stream, e.Revision); !errors.Is(err, chain.ErrAltered) || !strings.HasPrefix(err.Error(), where) {
				t.Errorf("altered %s at %d, found: %v", e.Stream, e.Revision, err)
			}
		}
	}
}

func TestI62_AsOfAnInstantIsTheSameToTheByteForEver(t *testing.T) {
	o := open(t)
	story(t, o)
	whole, _ := o.history(t, "/v1/histories/first?consistent=true")
	type seen struct{ history, figures []byte }
	at := func(e entry) (string, string) {
		q := "?at=" + url.QueryEscape(e.RecordedAt.Format(time.RFC3339Nano))
		return "/v1/histories/first" + q, "/v1/figures/first" + q
	}
	then := make([]seen, len(whole.Events))
	for n, e := range whole.Events {
		if e.Link {
			continue
		}
		asOf, figures := at(e)
		h, body := o.history(t, asOf)
		for _, known := range h.Events {
			if known.RecordedAt.After(e.RecordedAt) {
				t.Fatalf("as of %v, %s at %d of %v shows", e.RecordedAt, known.Stream, known.Revision, known.RecordedAt)
			}
		}
		var want []string
		for i, known := range whole.Events {
			// A link has no time of its own: it comes before its successor.
			if i <= n || known.RecordedAt.Equal(e.RecordedAt) {
				want = append(want, places(history{Events: []entry{known}})...)
			}
		}
		if diff := cmp.Diff(want, places(h)); diff != "" {
			t.Fatalf("as of %v (-want +got):\n%s", e.RecordedAt, diff)
		}
		_, sums := o.get(t, access.Auditor, figures)
		then[n] = seen{body, sums}
	}
	pen(t, o, "account", event.AccountCodec())("shared", "first", event.FreezeLapsed{Order: "f1"})
	pen(t, o, "case", event.CaseCodec())("first", "first", event.CaseFiled{CaseNo: "A0"})
	if grown, _ := o.history(t, "/v1/histories/first?consistent=true"); len(grown.Events) != len(whole.Events)+2 {
		t.Fatalf("the history has not grown by two: %d after %d", len(grown.Events), len(whole.Events))
	}
	for n, e := range whole.Events {
		if e.Link {
			continue
		}
		asOf, figures := at(e)
		_, again := o.history(t, asOf)
		_, sums := o.get(t, access.Auditor, figures)
		if !bytes.Equal(again, then[n].history) || !bytes.Equal(sums, then[n].figures) {
			t.Errorf("as of %v something else is told now", e.RecordedAt)
		}
	}
}

func TestI60_AHistoryOnlyGrows(t *testing.T) {
	o := open(t)
	cases, accounts := pen(t, o, "case", event.CaseCodec()), pen(t, o, "account", event.AccountCodec())
	var before history
	for n := range 20 {
		cases("first", "first", event.FraudTypeClassified{Code: fmt.Sprint(n)})
		accounts("shared", []string{"first", "second"}[n%2], event.OrderSent{Channel: fmt.Sprint(n)})
		after, _ := o.history(t, "/v1/histories/first?consistent=true")
		if len(after.Events) != len(before.Events)+2 {
			t.Fatalf("%d events after %d", len(after.Events), len(before.Events))
		}
		if diff := cmp.Diff(before.Events, after.Events[:len(before.Events)]); len(before.Events) > 0 && diff != "" {
			t.Fatalf("the past has changed:\n%s", diff)
		}
		before = after
	}
}

func TestPagesMakeUpTheHistory(t *testing.T) {
	o := open(t)
	story(t, o)
	whole, _ := o.history(t, "/v1/histories/first?consistent=true")
	var paged []entry
	path := "/v1/histories/first?limit=3"
	for range 5 {
		page, _ := o.history(t, path)
		paged = append(paged, page.Events...)
		if page.Complete != (page.NextCursor == "") {
			t.Fatal("a page is complete and has a successor, or neither")
		}
		if page.At != whole.At || page.Position != whole.Position {
			t.Fatalf("a page of another instant: %v, %d", page.At, page.Position)
		}
		if page.Complete {
			break
		}
		path = "/v1/histories/first?limit=3&cursor=" + page.NextCursor
		pen(t, o, "case", event.CaseCodec())("first", "first", event.FraudTypeClassified{Code: "later"})
	}
	if diff := cmp.Diff(whole.Events, paged); diff != "" {
		t.Errorf("(-whole +pages):\n%s", diff)
	}
}

func TestI74_FiguresEqualTheSumsOfTheEventsShown(t *testing.T) {
	o := open(t)
	story(t, o)
	whole, _ := o.history(t, "/v1/histories/first?consistent=true")
	for _, e := range whole.Events {
		if e.Link {
			continue
		}
		q := "?at=" + url.QueryEscape(e.RecordedAt.Format(time.RFC3339Nano))
		h, _ := o.history(t, "/v1/histories/first"+q)
		want := map[string]float64{}
		for _, known := range h.Events {
			var d map[string]any
			if known.Link || json.Unmarshal(known.Data, &d) != nil {
				continue
			}
			switch known.Type {
			case "loss-transfer-declared.v1":
				want["reportedFen"] += d["transfer"].(map[string]any)["amountFen"].(float64)
			case "stop-executed.v1":
				want["stoppedFen"] += d["balanceBeforeFen"].(float64)
			case "freeze-executed.v1":
				want["frozenFen"] += d["frozenFen"].(float64)
				want["remainingFrozenFen"] += d["frozenFen"].(float64)
			case "frozen-funds-returned.v1":
				want["remainingFrozenFen"] -= d["amountFen"].(float64)
			case "refund-executed.v1":
				want["returnedFen"] += d["amountFen"].(float64)
			}
		}
		_, body := o.get(t, access.Chief, "/v1/figures/first"+q)
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"reportedFen", "stoppedFen", "frozenFen", "remainingFrozenFen", "returnedFen"} {
			if got[name] != want[name] {
				t.Errorf("as of %v %s is %v, its events say %v", e.RecordedAt, name, got[name], want[name])
			}
		}
		// Between the refund's word and the account's, and only there, the books
		// are open.
		if balanced := want["returnedFen"] == want["frozenFen"]-want["remainingFrozenFen"]; got["balanced"] != balanced {
			t.Errorf("as of %v balanced is %v", e.RecordedAt, got["balanced"])
		}
	}
}

func TestWhoMayReadAndWhatIsRefused(t *testing.T) {
	o := open(t)
	story(t, o)
	whole, _ := o.history(t, "/v1/histories/first?consistent=true")
	later := url.QueryEscape(o.clock.Now().Add(time.Hour).Format(time.RFC3339))
	earlier := url.QueryEscape("2021-07-17T15:59:59+08:00")
	for _, c := range []struct {
		rule   string
		role   access.Role
		path   string
		status int
		code   string
	}{
		{"a duty officer reads", access.DutyOfficer, "/v1/histories/first", http.StatusOK, ""},
		{"a chief reads figures", access.Chief, "/v1/figures/first", http.StatusOK, ""},
		{"a bank desk does not", access.BankDesk, "/v1/histories/first", http.StatusForbidden, "role-not-allowed"},
		{"nor does a bank desk read figures", access.BankDesk, "/v1/figures/first", http.StatusForbidden, "role-not-allowed"},
		{"who runs the machines does not read cases", access.Operator, "/v1/histories/first", http.StatusForbidden, "role-not-allowed"},
		{"nobody reads without a token", "", "/v1/histories/first", http.StatusUnauthorized, "token-missing"},
		{"a case that is not known", access.Auditor, "/v1/histories/third", http.StatusNotFound, "case-unknown"},
		{"a case that was not known yet", access.Auditor, "/v1/figures/first?at=" + earlier, http.StatusNotFound, "case-unknown"},
		{"the future is not known", access.Auditor, "/v1/histories/first?at=" + later, http.StatusUnprocessableEntity, "time-in-future"},
		{"an instant is a time", access.Auditor, "/v1/histories/first?at=yesterday", http.StatusUnprocessableEntity, "field-invalid"},
		{"a cursor comes from a page", access.Auditor, "/v1/histories/first?cursor=1", http.StatusUnprocessableEntity, "cursor-invalid"},
		{"a position beyond the log is known at once", access.Auditor, "/v1/histories/first?after=1000000", http.StatusUnprocessableEntity, "position-unknown"},
		{"also one beyond all numbers", access.Auditor, "/v1/figures/first?consistent=true&after=18446744073709551615", http.StatusUnprocessableEntity, "position-unknown"},
		{"the place of an event is none", access.Auditor, fmt.Sprintf("/v1/histories/first?after=%d", whole.Position), http.StatusOK, ""},
		{"a page has at most a thousand", access.Auditor, "/v1/histories/first?limit=1001", http.StatusUnprocessableEntity, "field-invalid"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			began := time.Now()
			status, body := o.get(t, c.role, c.path)
			var p struct{ Code string }
			if waited := time.Since(began); waited > 5*time.Second { // far below the patience of a request
				t.Errorf("it took %v", waited)
			}
			if err := json.Unmarshal(body, &p); err != nil || status != c.status || p.Code != c.code {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

func TestTenThousandEventsAreNoProblem(t *testing.T) {
	o := open(t)
	accounts := pen(t, o, "account", event.AccountCodec())
	for stream := range 20 {
		events := make([]event.AccountEvent, 500)
		for n := range events {
			events[n] = event.FundsAttributed{Revision: n, Balance: 700_00, Held: lots("first", 600_00, 100_00), Reached: lots("first", 600_00, 0)}
		}
		accounts(fmt.Sprint(stream), "first", events...)
	}
	// The server itself waits for as long as it can; a slow machine needs more.
	for range 10 {
		if status, _ := o.get(t, access.Auditor, "/v1/figures/first?consistent=true"); status == http.StatusOK {
			break
		}
	}
	began, seen, pages := time.Now(), 0, 0
	for path := "/v1/histories/first?limit=1000"; path != ""; pages++ {
		page, _ := o.history(t, path)
		seen += len(page.Events)
		if path = ""; !page.Complete {
			path = "/v1/histories/first?limit=1000&cursor=" + page.NextCursor
		}
	}
	if seen != 10_000 || pages != 10 {
		t.Errorf("%d events on %d pages", seen, pages)
	}
	status, body := o.get(t, access.Auditor, "/v1/figures/first")
	if status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	t.Logf("a history of 10,000 events and its figures in %v", time.Since(began))
}
