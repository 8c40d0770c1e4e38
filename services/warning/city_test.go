package warning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning"
)

// patient bounds every wait for something that another goroutine does.
const patient = 20 * time.Second

// byHand is a clock that stands still until it is moved.
type byHand struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

func (c *byHand) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *byHand) Wait(ctx context.Context, t time.Time) error {
	for {
		c.mu.Lock()
		now, moved := c.now, c.moved
		c.mu.Unlock()
		if !now.Before(t) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *byHand) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

// records keeps what the service logs.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// city is warning with a real log, as a client sees it.
type city struct {
	service.City
	server *httptest.Server
	logged *records
	hand   *byHand
}

// noon is when the tests begin: 15:29 on 3 June 2021 in China.
func noon() time.Time { return time.Date(2021, 6, 3, 7, 29, 0, 0, time.UTC) }

func newCity(t *testing.T) city {
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
	master := privacy.NewMaster()
	hand := &byHand{now: noon(), moved: make(chan struct{})}
	c := city{logged: &records{}, hand: hand, City: service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now),
		Clock: hand, Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(),
	}}
	c.Logger = slog.New(slog.NewJSONHandler(c.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.server = httptest.NewServer(service.Handler(c.City, c.replica(t)))
	t.Cleanup(c.server.Close)
	return c
}

// replica runs warning once more on the same log.
func (c city) replica(t *testing.T) service.Part {
	t.Helper()
	own := c.City
	own.Dir = t.TempDir()
	part, err := warning.New(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- part.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("background work: %v", err)
		}
		if err := part.Close(); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the service is ready", func() bool { return part.Ready() == nil })
	return part
}

// eventually waits, within bounds, for what another goroutine does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patient)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %s: %s", patient, what)
		}
	}
}

const centre, station = "440900000000", "440982530000"

func onDuty() access.Person {
	return access.Person{User: "090001", Unit: centre, Level: access.City, Role: access.DutyOfficer}
}

func atStation() access.Person {
	return access.Person{User: "091001", Unit: station, Level: access.Station, Role: access.DutyOfficer}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// request is one request, ready to be changed by a test.
type request struct {
	method, path, key, body string
	who                     access.Person // the zero person has no token
	header                  map[string]string
}

// do sends a request. It may be called from any goroutine.
func (c city) do(t *testing.T, r request) (answer, error) {
	t.Helper()
	if r.method == "" {
		r.method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, c.server.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.who.User != "" {
		token, err := c.Issuer.Issue(r.who, time.Hour)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := c.server.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// must sends a request that has to be answered with the status, and reads the
// answer into out.
func (c city) must(t *testing.T, status int, r request, out any) answer {
	t.Helper()
	a, err := c.do(t, r)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", r.method, r.path, a.status, status, a.body)
	}
	if out == nil {
		return a
	}
	if err := json.Unmarshal([]byte(a.body), out); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return a
}

// history reads the events of an alert; nil if there is no such stream.
func (c city) history(t *testing.T, id string) []event.AlertEvent {
	t.Helper()
	var events []event.AlertEvent
	for r, err := range c.Log.Read(t.Context(), "alert-"+id, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		e, err := event.AlertCodec().Decode(r.Type, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// streams lists the streams in the log whose names start with the prefix.
func (c city) streams(t *testing.T, prefix string) []string {
	t.Helper()
	recorded, _, err := c.Log.ReadAll(t.Context(), eventlog.Start, []string{prefix}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	seen := map[string]bool{}
	for _, r := range recorded {
		if !seen[r.Stream] {
			seen[r.Stream] = true
			names = append(names, r.Stream)
		}
	}
	return names
}

// The people and numbers of the tests. None of them may ever show.
const (
	theName   = "杨不存在"
	thePhone  = "13800138000"
	theID     = "11010519491231002X"
	theCard   = "6222021234567890128" // satisfies Luhn's formula
	theTarget = "6217001234567890122" // the like
	theTown   = "化州市某某街道七号"
	theBrief  = "对方冒充领导要求转账"
)

func secrets() []string {
	return []string{theName, thePhone, theID, theCard, theTarget, theTown, theBrief}
}

// orderBody is an order as a supplier sends it, changed by edits.
func orderBody(edits ...func(map[string]any)) string {
	return text(map[string]any{
		"externalId": "W-1", "supplier": "ministry", "grade": "高", "fraudType": "08", "signalAt": "2021-06-03T15:29:00+08:00",
		"subject": map[string]any{"name": theName, "idKind": "01", "idNumber": theID, "phone": thePhone, "address": theTown},
	}, edits)
}

// paymentBody is what an officer types in of a subject who has paid.
func paymentBody(edits ...func(map[string]any)) string {
	return text(map[string]any{
		"investigator": map[string]any{"policeNo": "091002", "unit": station}, "brief": theBrief,
		"transfers": []any{map[string]any{
			"from":      map[string]any{"bank": "102100099996", "number": theCard, "holder": theName},
			"to":        map[string]any{"bank": "103100000026", "number": theTarget, "holder": "收款人"},
			"amountFen": 230_000_00, "at": "2021-06-03T07:10:00Z", "serial": "S1", "channel": "online",
		}},
	}, edits)
}

func text(body map[string]any, edits []func(map[string]any)) string {
	for _, edit := range edits {
		edit(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // of maps, texts and numbers; it cannot be
	}
	return string(text)
}

// first is the first transfer of a payment.
func first(body map[string]any) map[string]any {
	return body["transfers"].([]any)[0].(map[string]any) //nolint:forcetypeassert,errcheck // as paymentBody makes it
}
