package refund_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund"
)

// patience bounds every wait for the service.
const patience = 20 * time.Second

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
	t      *testing.T
	city   service.City
	server *httptest.Server
	stop   context.CancelFunc
	busy   atomic.Int64 // requests that the service is answering
	keys   int

	mule    event.Account
	victim  event.Party
	one     event.Transfer
	two     event.Transfer
	procure identity.ProcedureID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	virtual, err := clock.NewVirtual(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	if err := virtual.Set(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	master := privacy.NewMaster()
	w := &world{t: t, city: service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now), Clock: virtual,
		Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(), Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
	}}
	w.serve()
	return w
}

// serve starts the service, or starts it anew with views from nothing.
func (w *world) serve() {
	w.t.Helper()
	part, err := refund.New(w.t.Context(), w.city)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = part.Run(ctx) })
	handler := service.Handler(w.city, part)
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.busy.Add(1)
		defer w.busy.Add(-1)
		handler.ServeHTTP(out, r)
	}))
	w.server.Config.BaseContext = baseContext(ctx)
	w.server.Start()
	server := w.server
	w.stop = sync.OnceFunc(func() {
		cancel()
		server.Close()
		running.Wait()
		_ = part.Close()
	})
	w.t.Cleanup(w.stop)
}

// forward moves the clock.
func (w *world) forward(to time.Time) {
	w.t.Helper()
	virtual, _ := w.city.Clock.(*clock.Virtual)
	if err := virtual.Set(w.t.Context(), to); err != nil {
		w.t.Fatal(err)
	}
}

// put appends events that another service would have said.
func put[E any](w *world, codec es.Codec[E], stream string, events ...E) {
	w.t.Helper()
	for _, e := range events {
		name, data, err := codec.Encode(e)
		if err != nil {
			w.t.Fatal(err)
		}
		meta, err := json.Marshal(es.Meta{Correlation: "c-1", Command: uuid.New(), OccurredAt: start, RecordedAt: start})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.city.Log.Append(w.t.Context(), stream, eventlog.Any, eventlog.Event{ID: uuid.New(), Type: name, Data: data, Meta: meta}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) account(bank identity.BankCode, number, holder string) event.Account {
	w.t.Helper()
	in := entry.Desk{Keys: w.city.Keys, Banks: w.city.Banks}
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
	in := entry.Desk{Keys: w.city.Keys, Banks: w.city.Banks}
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
	put[event.CaseEvent](w, event.CaseCodec(), "case-c-1", event.VictimIdentified{Victim: victim},
		event.LossTransferDeclared{Transfer: w.one, Victim: victim.ID, Currency: "CNY"},
		event.LossTransferDeclared{Transfer: w.two, Victim: victim.ID, Currency: "CNY"})
	put[event.PursuitEvent](w, event.PursuitCodec(), "pursuit-c-1",
		event.DownstreamAccountFound{Case: "c-1", Account: first, Level: 1, Source: w.one, Lots: []event.Lot{lot(w.one, 3_000_000)}},
		event.TransferTraced{Case: "c-1", Source: w.two, Lots: []event.Lot{lot(w.two, 5_000_000)}},
		event.DownstreamAccountFound{Case: "c-1", Account: w.mule, Level: 2, Source: hop, Lots: []event.Lot{lot(w.one, 1_500_000), lot(w.two, 2_500_000)}})
	held := event.FundsAttributed{
		Revision: 2, Exact: exact, Credits: 3, Balance: 10_000_000,
		Reached: []event.Lot{lot(w.one, 1_500_000), lot(w.two, 2_500_000), {Amount: 7_000_000}},
		Held:    []event.Lot{lot(w.one, 1_000_000), lot(w.two, 2_000_000), {Amount: 7_000_000}},
		Left:    []event.Lot{lot(w.one, 500_000), lot(w.two, 500_000)},
	}
	put[event.AccountEvent](w, event.AccountCodec(), "account-"+string(w.mule.ID),
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

// eventually asks again until the answer is good, or the test has waited long
// enough.
func eventually[T any](w *world, ask func() (T, bool)) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if got, ok := ask(); ok {
			return got
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			w.t.Fatal("what was waited for did not come")
		}
	}
}

// reply is an answer of the service.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

func (r reply) code() string { c, _ := r.body["code"].(string); return c }

func (r reply) number(field string) int64 { f, _ := r.body[field].(float64); return int64(f) }

func (w *world) get(who access.Person, path string) reply {
	w.t.Helper()
	return w.send(w.t.Context(), who, http.MethodGet, path, "", nil)
}

// post gives a command under a fresh key.
func (w *world) post(who access.Person, path string, body any) reply {
	w.t.Helper()
	w.keys++
	return w.send(w.t.Context(), who, http.MethodPost, path, "key-of-a-test-"+strconv.Itoa(w.keys), body)
}

// act gives a command to the procedure and wants it taken.
func (w *world) act(who access.Person, act string, body any) reply {
	w.t.Helper()
	r := w.post(who, w.path(act), body)
	if r.status/100 != 2 {
		w.t.Fatalf("%s: %d %s", act, r.status, r.raw)
	}
	return r
}

func (w *world) path(act string) string { return "/v1/refunds/" + string(w.procure) + "/" + act }

func (w *world) send(ctx context.Context, who access.Person, method, path, key string, body any) reply {
	w.t.Helper()
	data, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			w.t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, w.server.URL+path, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	if who.User != "" {
		token, err := w.city.Issuer.Issue(who, time.Hour)
		if err != nil {
			w.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := reply{status: answer.StatusCode, header: answer.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &r.body) // an answer without a JSON body has none
	return r
}

// stored are the events of the procedure, with their stored names.
func (w *world) stored() (names []string, events []event.RefundEvent) {
	w.t.Helper()
	for r, err := range w.city.Log.Read(w.t.Context(), "refund-"+string(w.procure), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		e, err := event.RefundCodec().Decode(r.Type, r.Data)
		if err != nil {
			w.t.Fatal(err)
		}
		names, events = append(names, r.Type), append(events, e)
	}
	return names, events
}
