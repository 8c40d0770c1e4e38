package refund_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/refund"
)

// patience bounds every wait for the service.
const patience = time.Minute

var (
	victimBank = identity.DefaultBanks().All()[0].Code
	muleBank   = identity.DefaultBanks().All()[1].Code
	otherBank  = identity.DefaultBanks().All()[2].Code

	start = time.Date(2021, 8, 2, 4, 0, 0, 0, time.UTC)
	paid  = time.Date(2021, 7, 17, 7, 30, 0, 0, time.UTC)
)

// The people of the tests.
var (
	li   = access.Person{User: "440901", Unit: "440900000000", Level: access.City, Role: access.Investigator}
	zhao = access.Person{User: "440001", Unit: "440900000000", Level: access.City, Role: access.Chief}
	qian = access.Person{User: "440002", Unit: "440982000000", Level: access.County, Role: access.Chief}
	desk = access.Person{User: "desk-1", Role: access.BankDesk, Bank: muleBank}
	away = access.Person{User: "desk-2", Role: access.BankDesk, Bank: otherBank}

	wang = map[string]string{"policeNo": "440902", "unit": "440900000000"}
	chen = map[string]string{"policeNo": "440903", "unit": "440900000000"}
)

// world is a city with the refund service alone, on a real node. What the
// other services would say is put into the log by hand.
type world struct {
	*citytest.City
	t    *testing.T
	stop func()

	mule    event.Account
	victim  event.Party
	one     event.Transfer
	two     event.Transfer
	procure identity.ProcedureID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, City: citytest.Open(t)}
	w.forward(start)
	w.stop = w.Run(refund.New)
	return w
}

// forward moves the clock.
func (w *world) forward(to time.Time) {
	w.t.Helper()
	if err := w.Clock.Set(w.t.Context(), to); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account(bank identity.BankCode, number, holder string) event.Account {
	w.t.Helper()
	in := entry.Desk{Keys: w.Keys, Banks: w.Banks}
	a, _, err := in.Account(w.t.Context(), entry.Account{Bank: string(bank), Number: number, Holder: holder}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// seed tells the story up to the freeze: 杨某 paid 30,000.00 and 50,000.00 to
// one account, which passed 40,000.00 on to the mule; 100,000.00 are frozen
// there, 30,000.00 of it his.
func (w *world) seed(exact bool) {
	w.t.Helper()
	first := w.account(muleBank, "6217000000000000001", "张三")
	w.mule = w.account(muleBank, "6217000000000000002", "李四")
	in := entry.Desk{Keys: w.Keys, Banks: w.Banks}
	victim, _, err := in.Person(w.t.Context(), entry.Person{Name: "杨某某", Phone: "13812345678"}, start, "c-1", "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.victim = victim
	own := w.account(victimBank, "6222020000000000011", "杨某某")
	w.one = event.Transfer{ID: "t-1", From: own, To: first, Amount: 3_000_000, At: paid, Serial: "S1"}
	w.two = event.Transfer{ID: "t-2", From: own, To: first, Amount: 5_000_000, At: paid.Add(time.Minute), Serial: "S2"}
	hop := event.Transfer{ID: "h-1", From: first, To: w.mule, Amount: 4_000_000, At: paid.Add(2 * time.Minute), Serial: "S3"}
	lot := func(t event.Transfer, f money.Fen) event.Lot {
		return event.Lot{Case: "c-1", Victim: victim.ID, Transfer: t.ID, Amount: f}
	}
	citytest.Pen(w.City, "case", event.CaseCodec())("c-1", "c-1", event.VictimIdentified{Victim: victim},
		event.LossTransferDeclared{Transfer: w.one, Victim: victim.ID, Currency: "CNY"},
		event.LossTransferDeclared{Transfer: w.two, Victim: victim.ID, Currency: "CNY"})
	citytest.Pen(w.City, "pursuit", event.PursuitCodec())("c-1", "c-1",
		event.DownstreamAccountFound{Case: "c-1", Account: first, Level: 1, Source: w.one, Lots: []event.Lot{lot(w.one, 3_000_000)}},
		event.TransferTraced{Case: "c-1", Source: w.two, Lots: []event.Lot{lot(w.two, 5_000_000)}},
		event.DownstreamAccountFound{Case: "c-1", Account: w.mule, Level: 2, Source: hop, Lots: []event.Lot{lot(w.one, 1_500_000), lot(w.two, 2_500_000)}})
	held := event.FundsAttributed{
		Revision: 2, Exact: exact, Credits: 3, Balance: 10_000_000,
		Reached: []event.Lot{lot(w.one, 1_500_000), lot(w.two, 2_500_000), {Amount: 7_000_000}},
		Held:    []event.Lot{lot(w.one, 1_000_000), lot(w.two, 2_000_000), {Amount: 7_000_000}},
		Left:    []event.Lot{lot(w.one, 500_000), lot(w.two, 500_000)},
	}
	citytest.Pen(w.City, "account", event.AccountCodec())(string(w.mule.ID), "c-1",
		event.StopExecuted{Order: "s-1", Case: "c-1", Ordinal: 1, Level: 2, ExecutedAt: paid, BalanceBefore: 10_000_000},
		held,
		event.FreezeExecuted{
			Order: "f-1", Case: "c-1", CaseNo: "A4409820000002021070001", Account: w.mule, ExecutedAt: start.Add(-time.Hour),
			ExpiresAt: start.AddDate(0, 6, 0), Applied: 10_000_000, Frozen: 10_000_000, Balance: 10_000_000, ResultCode: "0000", Attribution: held,
		})
	items := eventually(w, func() ([]any, bool) {
		list, _ := w.get(li, "/v1/refunds?case=c-1").body["items"].([]any)
		return list, len(list) > 0
	})
	row, _ := items[0].(map[string]any)
	id, _ := row["procedure"].(string)
	w.procure = identity.ProcedureID(id)
}

// eventually asks again until the answer is good.
func eventually[T any](w *world, ask func() (T, bool)) (got T) {
	w.t.Helper()
	w.Until("a good answer", func() (good bool) {
		got, good = ask()
		return good
	})
	return got
}

// reply is an answer of the service, and its body as an object.
type reply struct {
	citytest.Answer
	body map[string]any
}

func (r reply) number(field string) int64 { f, _ := r.body[field].(float64); return int64(f) }

func (w *world) get(who access.Person, path string) reply {
	w.t.Helper()
	return read(w.Get(who, path))
}

// post gives a command under a fresh key.
func (w *world) post(who access.Person, path string, body any) reply {
	w.t.Helper()
	return read(w.Do(who, http.MethodPost, path, "", body))
}

// act gives a command to the procedure and wants it taken.
func (w *world) act(who access.Person, act string, body any) reply {
	w.t.Helper()
	return read(w.Post(who, w.path(act), body))
}

func (w *world) path(act string) string { return "/v1/refunds/" + string(w.procure) + "/" + act }

func read(a citytest.Answer) reply {
	r := reply{Answer: a}
	_ = json.Unmarshal(a.Body, &r.body) // an answer without a JSON body has none
	return r
}

// stored are the events of the procedure, with their stored names.
func (w *world) stored() (names []string, events []event.RefundEvent) {
	w.t.Helper()
	stream := "refund-" + string(w.procure)
	for _, r := range w.Recorded(w.t, stream) {
		names = append(names, r.Type)
	}
	return names, citytest.History(w.t, w.City, stream, event.RefundCodec())
}
