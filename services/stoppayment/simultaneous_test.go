package stoppayment_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// chaseRow is one account of a chase as officers see it.
type chaseRow struct {
	Account   string    `json:"account"`
	Level     int       `json:"level"`
	Order     string    `json:"order"`
	State     string    `json:"state"`
	Stopped   int64     `json:"stoppedFen"`
	Frozen    int64     `json:"frozenFen"`
	ExpiresAt time.Time `json:"expiresAt"`
	Withheld  string    `json:"withheld"`
	Refused   []struct {
		Order, Code, Title, TitleEN string
		At                          time.Time
	} `json:"refused"`
}

func (c town) rows(t *testing.T, id string) (rows []chaseRow) {
	t.Helper()
	var p struct {
		Accounts []chaseRow `json:"accounts"`
	}
	if a := c.Get(duty, "/v1/pursuits/"+id); a.Status == http.StatusOK {
		a.Into(t, &p)
	}
	return p.Accounts
}

// toLiAtCCB is a card that the chase has not met.
func toLiAtCCB() entry.Account {
	return entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}
}

// atOnce orders the same account as two officers at the same moment, and returns the
// order of the one who was heard.
func (c town) atOnce(t *testing.T, body map[string]any) (order string) {
	t.Helper()
	officers, answers := []string{duty.User, "090003"}, make(chan citytest.Answer)
	for _, who := range officers {
		go func() {
			a, err := c.Try(citytest.Officer(who, duty.Role), "POST", "/v1/pursuits/case-1/orders", uuid.NewString(), body)
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	refused := 0
	for range officers {
		switch a := <-answers; {
		case a.Status == http.StatusCreated:
			var placed struct{ Account, Order string }
			a.Into(t, &placed)
			order = placed.Order
			if got := c.Get(duty, "/v1/accounts/"+placed.Account+"/orders/"+order+"/explanation"); got.Status != http.StatusOK {
				t.Errorf("the order that was answered cannot be explained: %d %s", got.Status, got.Code())
			}
		case a.Status == http.StatusConflict && a.Code() == "account-stopped-already":
			refused++
		default:
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if refused != 1 || order == "" {
		t.Fatalf("%d of two officers were refused, the order is %q", refused, order)
	}
	return order
}

// parents are the orders that those for the n-th account of the chase name.
func (c town) parents(t *testing.T, n int) (named []string) {
	t.Helper()
	orders, _ := asked(t, c, identity.AccountID(c.chase(t, "case-1").Accounts[n].Account))
	for _, o := range orders {
		named = append(named, string(o.ParentOrder))
	}
	return named
}

// parked counts what the service was not able to act on.
func (c town) parked(t *testing.T) (n int) {
	t.Helper()
	return len(c.Recorded(t, "parked-"))
}

func TestOfTwoOfficersWhoOrderTheSameAccountAtOnceOneIsRefused(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: toLiAtCCB(), AmountFen: 5_000_00, At: paidAt, Serial: "S7"}
	order := c.atOnce(t, map[string]any{"account": toLiAtCCB(), "source": source, "investigator": two["investigator"]})
	bankHas := c.orders(t, ccb)
	if len(bankHas) != 1 || bankHas[0].ApplicationID != order {
		t.Fatalf("the bank has %+v, the officer %s", bankHas, order)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "9000.00"})
	if rows := c.rows(t, "case-1"); len(rows) != 2 || rows[1].Order != order || rows[1].State != "executed" || rows[1].Stopped != 9_000_00 {
		t.Errorf("the chase: %+v", rows)
	}
	if n := c.parked(t); n != 0 {
		t.Errorf("%d messages were parked", n)
	}
}

// TestI08_AnOfficerAndTheChaseAtOnceMakeOneOrderAndTheNextLevelNamesIt: whoever comes
// first, the bank is asked once, and what is found below names that order.
func TestI08_AnOfficerAndTheChaseAtOnceMakeOneOrderAndTheNextLevelNamesIt(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	first := c.orders(t, abc)[0]
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	chase := c.chase(t, "case-1")
	source := entry.Transfer{
		From: entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某雄"}, To: toLiAtCCB(), AmountFen: 300_000_000, At: paidAt.Add(2 * time.Minute), Serial: "S2",
	}
	answered := make(chan citytest.Answer)
	go func() { // the statement leads the chase to the card at CCB
		a, err := c.Try(citytest.Desk(abc), "POST", "/v1/bank/orders/"+first.ApplicationID+"/answer", uuid.NewString(), done())
		if err != nil {
			t.Error(err)
		}
		answered <- a
	}()
	a := c.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", map[string]any{"account": toLiAtCCB(), "parent": chase.Accounts[0].Account, "source": source, "investigator": two["investigator"]})
	if a.Status != http.StatusCreated && a.Code() != "account-stopped-already" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := <-answered; a.Status != http.StatusOK {
		t.Errorf("the bank's answer: %d %s", a.Status, a.Body)
	}
	c.Until("the second level is there", func() bool { return len(c.chase(t, "case-1").Accounts) == 2 })
	order := c.orders(t, ccb)
	if parents := c.parents(t, 1); len(order) != 1 || len(parents) != 1 || parents[0] != first.ApplicationID {
		t.Fatalf("the second bank has %+v, which name %s", order, parents)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order[0].ApplicationID+"/answer", onward())
	c.Until("the third level is there", func() bool { return len(c.chase(t, "case-1").Accounts) == 3 })
	next := c.orders(t, icbc)
	if parents := c.parents(t, 2); len(next) != 1 || len(parents) != 1 || parents[0] != order[0].ApplicationID {
		t.Errorf("the third level has %+v and names %s, the second has %s", next, parents, order[0].ApplicationID)
	}
	if n := c.parked(t); n != 0 {
		t.Errorf("%d messages were parked", n)
	}
}

// onward is the answer of the second bank: what came has gone on to a card at ICBC.
func onward() bank.Answer {
	return bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160200", AccountBalance: "1000000.00", OpeningBalance: "0.00",
		Transactions: []bank.Transaction{
			{SerialNumber: "S2", Time: "20210717152200", Direction: "C", Amount: "3000000.00", Balance: "3000000.00", CounterBankID: abc, CounterNumber: "6228481234567890123", CounterName: "周某雄"},
			{SerialNumber: "S8", Time: "20210717153000", Direction: "D", Amount: "2000000.00", Balance: "1000000.00", CounterBankID: icbc, CounterNumber: "6222021234567890433", CounterName: "王某"},
		},
	}
}

// haunted is a city whose chase has a second order for its first account that was
// given while the first was under way, as two replicas can, or two officers once could.
func haunted(t *testing.T) (c town, first string, ghost identity.OrderID) {
	t.Helper()
	c = open(t)
	c.approve()
	c.report(t, "case-1")
	first = c.orders(t, abc)[0].ApplicationID
	list, _ := found(t, c, "case-1")
	again := list[0]
	again.Order, again.Manual, again.Source, again.Lots = identity.OrderID(uuid.NewString()), true, event.Transfer{}, nil
	citytest.Pen(c.City, "pursuit", event.PursuitCodec())("case-1", "case-1", event.PursuitEvent(again))
	return c, first, again.Order
}

func TestI08_AnOrderThatTheAccountRefusesIsShownAsRefusedAndNothingNamesIt(t *testing.T) {
	c, first, ghost := haunted(t)
	c.Until("the refusal is on record", func() bool { rows := c.rows(t, "case-1"); return len(rows) == 1 && len(rows[0].Refused) == 1 })
	row := c.rows(t, "case-1")[0]
	if row.Order != first || row.State != "approved" || row.Refused[0].Order != string(ghost) || row.Refused[0].Code != "account-stopped-already" || row.Refused[0].Title == "" {
		t.Errorf("the account: %+v", row)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+first+"/answer", done())
	next := c.orders(t, ccb)
	if parents := c.parents(t, 1); len(next) != 1 || len(parents) != 1 || parents[0] != first {
		t.Errorf("the next level has %+v and names %s, not %s", next, parents, first)
	}
	if row := c.rows(t, "case-1")[0]; row.Stopped != 83_500_000 {
		t.Errorf("the chase: %+v", row)
	}
	if n := c.parked(t); n != 0 {
		t.Errorf("%d messages were parked", n)
	}
}

func TestTheChaseShowsTheStopInForceAndWhatItHolds(t *testing.T) {
	c, id, first := stoppedTown(t)
	before := c.rows(t, "case-1")[0]
	if before.Order != first || before.State != "executed" || before.Stopped == 0 {
		t.Fatalf("the first stop: %+v", before)
	}
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 18, 15, 59, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Post(duty, "/v1/accounts/"+id+"/orders/"+first+"/second-stop", map[string]any{"investigator": two["investigator"]})
	c.Until("the second stop is known", func() bool { return len(c.held(t, id).Orders) == 2 })
	second := c.held(t, id).Orders[1].Order
	if row := c.rows(t, "case-1")[0]; row.Order != first || row.State != "executed" {
		t.Errorf("while the second is under way: %+v", row)
	}
	if c.held(t, id).Orders[1].State == "waiting" {
		c.Post(leader, "/v1/accounts/"+id+"/orders/"+second+"/approval", map[string]any{})
	}
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 8, 30, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("the first has lapsed", func() bool { return c.held(t, id).Orders[0].State == "lapsed" })
	if row := c.rows(t, "case-1")[0]; row.Order != second || row.Stopped != 0 {
		t.Errorf("after the first has lapsed: %+v", row)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+second+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210719162000", AccountBalance: "700.00"})
	if row := c.rows(t, "case-1")[0]; row.Order != second || row.State != "executed" || row.Stopped != 700_00 || !row.ExpiresAt.Equal(time.Date(2021, 7, 21, 8, 20, 0, 0, time.UTC)) {
		t.Errorf("the second in force: %+v", row)
	}
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 21, 8, 30, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("the second has lapsed", func() bool { return c.rows(t, "case-1")[0].State == "lapsed" })
	if row := c.rows(t, "case-1")[0]; row.Stopped != 0 || row.Order != second {
		t.Errorf("after both: %+v", row)
	}
}
