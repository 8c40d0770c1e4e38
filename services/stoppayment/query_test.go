package stoppayment_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// askedRow is a query as an officer reads it.
type askedRow struct {
	Kind, KindText, State, StateText, Cause, CauseText string

	Holder *struct {
		Party, Name, IDKind, IDNumber, Phone string
	}
	Accounts []struct {
		Number, Holder, State, StateText string
		Balance                          *int64 `json:"balanceFen"`
		Available                        *int64 `json:"availableFen"`
	}
}

// askedTown is a town in which a bank was asked whose an account is and what else
// he has.
func askedTown(t *testing.T) (c town, path string, orders map[string]string) {
	t.Helper()
	c = open(t)
	c.approve()
	source := c.report(t, "case-1")
	c.orders(t, abc)
	path = "/v1/accounts/" + string(source.To.ID) + "/queries"
	for _, kind := range []string{"holder", "accounts"} {
		c.Post(duty, path, map[string]any{"case": "case-1", "kind": kind, "investigator": two["investigator"]})
	}
	orders = map[string]string{}
	c.Until("the bank has both", func() bool {
		for _, o := range c.orders(t, abc) {
			orders[o.TxCode] = o.ApplicationID
		}
		return orders[bank.TxHolderQuery] != "" && orders[bank.TxAllAccounts] != ""
	})
	return c, path, orders
}

// codes are discrepancies without what is said of them in Chinese, which has to be
// there.
func codes(t *testing.T, told []bank.Oddity) []bank.Oddity {
	t.Helper()
	for n, d := range told {
		if !strings.ContainsFunc(d.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s is told as %q", d.Kind, d.Text)
		}
		told[n].Text = ""
	}
	return told
}

func (c town) answered(t *testing.T, order string, in bank.Answer) (got taken) {
	t.Helper()
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order+"/answer", in).Into(t, &got)
	return got
}

func TestAnOfficerReadsWhoseAnAccountIsAndWhatElseHeHas(t *testing.T) {
	const name, idNumber, phone, other = "周某雄", "11010519491231002X", "13800138000", "6228481234567890999"
	c, path, orders := askedTown(t)
	c.answered(t, orders[bank.TxHolderQuery], bank.Answer{Result: bank.ResultOK, Holder: &bank.Holder{Name: name, IDType: "01", IDNumber: idNumber, Phone: phone}})
	got := c.answered(t, orders[bank.TxAllAccounts], bank.Answer{Result: bank.ResultOK, Accounts: []bank.HeldAccount{
		{AccountNumber: other, AccountName: name, Balance: "1234.56", AvailableBalance: "1000.00", State: bank.StateFrozen},
		{AccountNumber: "6228481234567890123", AccountName: name, Balance: "-5.00", State: "happy 周某雄"},
		{AccountNumber: "6228481234567890777", AccountName: name},
	}})
	if len(got.Discrepancies) != 2 || got.Discrepancies[0].Kind != "text-unreadable" && got.Discrepancies[1].Kind != "text-unreadable" {
		t.Errorf("the bank is told of %+v", got.Discrepancies)
	}
	below := false
	for _, d := range got.Discrepancies {
		below = below || d.Kind == "balance-negative" && d.Found == "-5.00" && d.Row == "accounts#2"
	}
	if !below {
		t.Errorf("a balance below zero is not told of: %+v", got.Discrepancies)
	}
	var list struct{ Items []askedRow }
	answer := c.Get(duty, path)
	answer.Into(t, &list)
	if len(list.Items) != 2 || list.Items[0].Holder == nil || len(list.Items[1].Accounts) != 3 {
		t.Fatalf("%s", answer.Body)
	}
	holder, accounts := list.Items[0].Holder, list.Items[1].Accounts
	if holder.Name != "周**" || holder.IDNumber != "110105******002X" || holder.Phone != "13******00" || holder.IDKind != "01" || holder.Party == "" {
		t.Errorf("the holder is shown as %+v", holder)
	}
	if a := accounts[0]; a.Number != "622848******0999" || a.Holder != "周**" || *a.Balance != 123456 || *a.Available != 100000 || a.State != "frozen" || a.StateText != "冻结" {
		t.Errorf("the first account is shown as %+v", a)
	}
	if *accounts[1].Balance != 0 || accounts[1].State != "" || accounts[2].Balance != nil {
		t.Errorf("the others are shown as %+v", accounts[1:])
	}
	if list.Items[0].KindText != "持卡主体查询" || list.Items[0].StateText != "已执行" {
		t.Errorf("in Chinese it is a %s, %s", list.Items[0].KindText, list.Items[0].StateText)
	}
	for _, secret := range []string{name, idNumber, phone, other} {
		if strings.Contains(string(answer.Body), secret) {
			t.Errorf("%s is shown without being asked for", secret)
		}
	}
	for _, found := range c.clear(t, other, idNumber, phone) {
		t.Error(found)
	}
	c.shownInFull(t, path, name, idNumber, phone, other)
}

// shownInFull asks for the answers in full, as those may who have asked, for a
// purpose and on record, and as others may not.
func (c town) shownInFull(t *testing.T, path string, secrets ...string) {
	t.Helper()
	full := c.Get(duty, path+"?unmasked=true&purpose=bank&case=case-1")
	for _, secret := range secrets {
		if !strings.Contains(string(full.Body), secret) {
			t.Errorf("%s is not in what is shown in full: %s", secret, full.Body)
		}
	}
	shown := 0
	for _, said := range citytest.History(t, c.City, "pursuit-case-1", event.PursuitCodec()) {
		if seen, ok := said.(event.PlaintextViewed); ok && seen.What == "query" && seen.User == duty.User && seen.Purpose == "bank" {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("%d showings are on record, want 1", shown)
	}
	stranger := citytest.Officer("770001", access.DutyOfficer)
	stranger.Unit = "440100000000"
	for rule, a := range map[string]struct {
		answer citytest.Answer
		status int
	}{
		"without a case":    {c.Do(duty, "GET", path+"?unmasked=true&purpose=bank", "", nil), http.StatusForbidden},
		"for no purpose":    {c.Do(duty, "GET", path+"?unmasked=true&case=case-1", "", nil), http.StatusUnprocessableEntity},
		"of another unit":   {c.Do(stranger, "GET", path+"?unmasked=true&purpose=bank&case=case-1", "", nil), http.StatusForbidden},
		"for another case":  {c.Do(duty, "GET", path+"?unmasked=true&purpose=bank&case=case-2", "", nil), http.StatusForbidden},
		"as nobody's agent": {c.Do(citytest.Desk(abc), "GET", path, "", nil), http.StatusForbidden},
	} {
		if a.answer.Status != a.status || strings.Contains(string(a.answer.Body), secrets[0]) {
			t.Errorf("%s: %d %s, want %d", rule, a.answer.Status, a.answer.Body, a.status)
		}
	}
}

func TestAnAnswerThatContradictsItselfIsTakenAndShown(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*bank.Answer)
		state string
		want  []bank.Oddity
	}{
		"carried out and failed": {
			func(a *bank.Answer) { a.FailureCause = bank.MismatchName }, "executed",
			[]bank.Oddity{{Kind: "answer-contradicts", Expected: "result 0000", Found: "failureCause mismatch-name"}},
		},
		"carried out on an account that is closed": {
			func(a *bank.Answer) { a.State = bank.StateClosed }, "executed",
			[]bank.Oddity{{Kind: "answer-contradicts", Expected: "result 0000", Found: "state closed"}},
		},
		"failed, and yet it holds money": {
			func(a *bank.Answer) {
				*a = bank.Answer{Result: bank.ResultRefused, FailureCause: bank.Technical, StoppedAmount: "835000.00"}
			}, "failed",
			[]bank.Oddity{{Kind: "answer-contradicts", Expected: "result 0001", Found: "stoppedAmount 835000.00"}},
		},
		"in the state that it should be in": {func(a *bank.Answer) { a.State = bank.StateStopped }, "executed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			town := open(t)
			town.approve()
			town.report(t, "case-1")
			answer := done()
			c.spoil(&answer)
			got := town.answered(t, town.orders(t, abc)[0].ApplicationID, answer)
			if diff := cmp.Diff(c.want, codes(t, got.Discrepancies)); diff != "" || got.State != c.state {
				t.Errorf("%s, want %s; the bank is told (-want +got):\n%s", got.State, c.state, diff)
			}
			if len(c.want) > 0 {
				town.Until("an officer sees it", func() bool {
					return strings.Contains(string(town.Get(duty, "/v1/discrepancies").Body), "answer-contradicts")
				})
			}
		})
	}
}

func TestALiftThatContradictsItselfIsTakenAndShown(t *testing.T) {
	c, account, order := stoppedTown(t)
	c.Post(leader, "/v1/accounts/"+account+"/orders/"+order+"/lift", body(map[string]any{"cause": "unrelated"}))
	lift := c.orders(t, abc)[0]
	got := c.answered(t, lift.ApplicationID, bank.Answer{Result: bank.ResultOK, FailureCause: "周某雄说没有"})
	if len(got.Discrepancies) != 1 || got.Discrepancies[0].Kind != "answer-contradicts" || strings.Contains(got.Discrepancies[0].Found, "周") {
		t.Errorf("the bank is told %+v", got)
	}
	if a := c.held(t, account); a.Stopped {
		t.Errorf("the stop is not lifted: %+v", a)
	}
}
