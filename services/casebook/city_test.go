package casebook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook"
)

// hand is a clock that a test moves by hand.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) Wait(ctx context.Context, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

func (h *hand) tick(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// office is a casebook over a real node, with a pen to write as the services do.
type office struct {
	city  service.City
	clock *hand
	http  http.Handler
}

func open(t *testing.T) *office {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	o := &office{clock: &hand{now: time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)}}
	master := privacy.NewMaster()
	o.city = service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now), Clock: o.clock,
		Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(), Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
	}
	part, err := casebook.New(t.Context(), o.city)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = part.Run(ctx) // ends with the context
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		_, _, _ = part.Close(), log.Close(), node.Close()
	})
	o.http = service.Handler(o.city, part)
	return o
}

// pen writes events to one kind of stream as a service would, chained and
// correlated to a case.
func pen[E any](t *testing.T, o *office, category string, codec es.Codec[E]) func(id, correlation string, events ...E) {
	t.Helper()
	writer := es.Case[struct{}, []E, E]{
		Decider: es.Decider[struct{}, []E, E]{
			Decide: func(_ struct{}, events []E) ([]E, error) { return events, nil },
			Evolve: func(s struct{}, _ E) struct{} { return s },
		},
		Category: category, Codec: codec, Log: o.city.Log, Suite: o.city.Suite, Now: o.clock.Now,
	}
	return func(id, correlation string, events ...E) {
		t.Helper()
		cause := es.Cause{Command: uuid.New(), Actor: es.Actor{User: "001234", Unit: "440900000000"}, Correlation: correlation, At: o.clock.Now()}
		if _, err := writer.Handle(t.Context(), id, cause, es.AnyRevision, events); err != nil {
			t.Fatal(err)
		}
		o.clock.tick(time.Minute)
	}
}

func (o *office) token(t *testing.T, role access.Role) string {
	t.Helper()
	who := access.Person{User: "001234", Unit: "440900000000", Level: access.City, Role: role}
	if role == access.BankDesk {
		who = access.Person{User: "desk-1", Role: role, Bank: o.city.Banks.All()[0].Code}
	}
	token, err := o.city.Issuer.Issue(who, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// get asks as a given role and returns status and body.
func (o *office) get(t *testing.T, role access.Role, path string) (int, []byte) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+o.token(t, role))
	}
	w := httptest.NewRecorder()
	o.http.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, body
}

// entry is one event of a history as a reader sees it.
type entry struct {
	Position   uint64          `json:"position"`
	Stream     string          `json:"stream"`
	Revision   uint64          `json:"revision"`
	Type       string          `json:"type"`
	ID         uuid.UUID       `json:"id"`
	RecordedAt time.Time       `json:"recordedAt"`
	Data       json.RawMessage `json:"data"`
	Meta       string          `json:"meta"`
	Link       bool            `json:"link"`
	Hash       string          `json:"hash"`
	PrevHash   string          `json:"prevHash"`
}

type history struct {
	Case       string    `json:"case"`
	At         time.Time `json:"at"`
	Position   uint64    `json:"position"`
	Complete   bool      `json:"complete"`
	Events     []entry   `json:"events"`
	NextCursor string    `json:"nextCursor"`
}

func (o *office) history(t *testing.T, path string) (history, []byte) {
	t.Helper()
	status, body := o.get(t, access.Auditor, path)
	var h history
	if err := json.Unmarshal(body, &h); status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	return h, body
}

// lots of one case that the stories below tell.
func lots(id identity.CaseID, own, rest int64) []event.Lot {
	return []event.Lot{{Case: id, Amount: fen(own)}, {Amount: fen(rest)}}
}
