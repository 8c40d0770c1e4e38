package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/yuanlu/yuanlu/services/intake"
)

// patient bounds every wait for something that another goroutine does.
const patient = 20 * time.Second

// stopped is a clock that stands still.
type stopped time.Time

func (s stopped) Now() time.Time { return time.Time(s) }

func (s stopped) Wait(ctx context.Context, t time.Time) error {
	if !t.After(time.Time(s)) {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
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

// city is intake with a real log, as a client sees it.
type city struct {
	service.City
	server *httptest.Server
	logged *records
}

// midnight is half past midnight on 18 July 2021 in China, still the 17th in UTC.
func midnight() time.Time { return time.Date(2021, 7, 17, 16, 30, 0, 0, time.UTC) }

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
	c := city{logged: &records{}, City: service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now),
		Clock: stopped(midnight()), Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(),
	}}
	c.Logger = slog.New(slog.NewJSONHandler(c.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.server = httptest.NewServer(service.Handler(c.City, c.replica(t)))
	t.Cleanup(c.server.Close)
	return c
}

// replica runs intake once more on the same log.
func (c city) replica(t *testing.T) service.Part {
	t.Helper()
	own := c.City
	own.Dir = t.TempDir()
	part, err := intake.New(t.Context(), own)
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

func officer(no string, role access.Role, level access.Level) access.Person {
	return access.Person{User: no, Unit: "440982000000", Level: level, Role: role}
}

func onDuty() access.Person { return officer("091001", access.DutyOfficer, access.County) }
func aChief() access.Person { return officer("090001", access.Chief, access.County) }

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

// history reads the events of a case; nil if there is no such stream.
func (c city) history(t *testing.T, id identity.CaseID) []event.CaseEvent {
	t.Helper()
	var events []event.CaseEvent
	for r, err := range c.Log.Read(t.Context(), "case-"+string(id), 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		e, err := event.CaseCodec().Decode(r.Type, r.Data)
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

// reportBody is a report as a duty officer types it in, changed by edits.
func reportBody(edits ...func(map[string]any)) string {
	body := map[string]any{
		"channel": "110", "receivedAt": "2021-07-17T16:10:00Z", "urgency": "urgent", "brief": theBrief, "fraudType": "07",
		"investigator": map[string]any{"policeNo": "091002", "unit": "440982000000"},
		"victim":       map[string]any{"name": theName, "idKind": "01", "idNumber": theID, "phone": thePhone, "address": theTown},
		"transfers":    []any{aTransfer("S1", 4_830_000_00)},
	}
	for _, edit := range edits {
		edit(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // of maps, texts and numbers; it cannot be
	}
	return string(text)
}

func aTransfer(serial string, fen int64) map[string]any {
	return map[string]any{
		"from":      map[string]any{"bank": "102100099996", "number": theCard, "holder": theName, "kind": "01"},
		"to":        map[string]any{"bank": "103100000026", "number": theTarget, "holder": "收款人", "kind": "01"},
		"amountFen": fen, "at": "2021-07-17T15:58:00Z", "serial": serial, "channel": "online",
	}
}

// at walks to a member of a body.
func at(body map[string]any, path ...any) map[string]any {
	var here any = body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			here = here.(map[string]any)[step] //nolint:forcetypeassert,errcheck // a wrong path is a wrong test
		case int:
			here = here.([]any)[step] //nolint:forcetypeassert,errcheck // as above
		default:
			panic(fmt.Sprint(step))
		}
	}
	return here.(map[string]any) //nolint:forcetypeassert,errcheck // as above
}
