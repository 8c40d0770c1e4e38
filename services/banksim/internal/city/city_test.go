package city_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
)

// request is what a city has seen.
type request struct{ Path, Key, Token, Body string }

// answering is a city that gives one answer after the other, the last for ever.
type answering struct {
	mu      sync.Mutex
	seen    []request
	answers []int
	tokens  int
}

func (c *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.Path == "/v1/demo/tokens" {
		c.tokens++
		_ = json.NewEncoder(w).Encode(map[string]string{"token": strings.Repeat("t", c.tokens)})
		return
	}
	c.seen = append(c.seen, request{r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body)})
	status := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	if status == 0 {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"case":"c-1","code":"some-rule","titleEn":"it may not be","errors":[{"pointer":"/a"}]}`)
}

func serve(t *testing.T, answers ...int) (*answering, string) {
	t.Helper()
	c := &answering{answers: answers}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return c, s.URL
}

func TestACommandIsSentAgainUnderItsKeyUntilTheCityIsBack(t *testing.T) {
	c, url := serve(t, 503, 500, 0, 429, 201)
	var notes []string
	client := city.New(url, time.Minute, func(m string) { notes = append(notes, m) })
	defer client.Close()
	var out struct {
		Case string `json:"case"`
	}
	if err := client.As(city.Person{User: "1"}).Post(t.Context(), "/v1/reports", "key-1", map[string]int{"a": 1}, &out); err != nil || out.Case != "c-1" {
		t.Fatalf("%+v, %v", out, err)
	}
	one := request{"/v1/reports", "key-1", "Bearer t", `{"a":1}`}
	if d := cmp.Diff([]request{one, one, one, one, one}, c.seen); d != "" {
		t.Error(d)
	}
	if len(notes) != 2 {
		t.Errorf("noted %v", notes)
	}
}

func TestARefusalIsFinalAndNamesTheRule(t *testing.T) {
	c, url := serve(t, 409)
	client := city.New(url, time.Minute, nil)
	defer client.Close()
	err := client.As(city.Person{User: "1"}).Get(t.Context(), "/v1/x", nil)
	if !city.Refused(err, 404, 409) || city.Refused(err, 404) || !strings.Contains(err.Error(), "some-rule") || !strings.Contains(err.Error(), "/a") {
		t.Errorf("got %v", err)
	}
	if len(c.seen) != 1 {
		t.Errorf("asked %d times", len(c.seen))
	}
}

func TestATokenThatIsNoLongerTakenIsRenewedOnce(t *testing.T) {
	c, url := serve(t, 401, 200)
	client := city.New(url, time.Minute, nil)
	defer client.Close()
	if err := client.As(city.Person{User: "1"}).Get(t.Context(), "/v1/x", nil); err != nil || c.tokens != 2 || c.seen[1].Token != "Bearer tt" {
		t.Errorf("%v, %d tokens, %+v", err, c.tokens, c.seen)
	}
	never, url := serve(t, 401)
	other := city.New(url, time.Minute, nil)
	defer other.Close()
	if err := other.As(city.Person{User: "1"}).Get(t.Context(), "/v1/x", nil); !city.Refused(err, 401) || len(never.seen) != 2 {
		t.Errorf("%v after %d requests", err, len(never.seen))
	}
}

func TestPatienceEnds(t *testing.T) {
	_, url := serve(t, 503)
	client := city.New(url, 50*time.Millisecond, nil)
	defer client.Close()
	if err := client.As(city.Person{User: "1"}).Get(t.Context(), "/v1/x", nil); !errors.Is(err, city.ErrAway) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	forever := city.New(url, 0, nil)
	defer forever.Close()
	if err := forever.As(city.Person{User: "1"}).Get(ctx, "/v1/x", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A clock whose answer to being set is lost says that it cannot go back when it
// is told again; it shows the right time all the same.
func TestAClockThatWasSetAlreadyIsSet(t *testing.T) {
	to := time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)
	shown := to
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		_ = json.NewEncoder(w).Encode(city.Reading{Now: shown, Set: true})
	}))
	t.Cleanup(s.Close)
	client, clock := city.New(s.URL, time.Minute, nil), city.NewClock()
	defer client.Close()
	if err := client.MoveClock(t.Context(), clock, to); err != nil || clock.Now().Before(to) || clock.Now().After(to.Add(time.Minute)) {
		t.Errorf("%v, %s", err, clock.Now())
	}
	shown = to.Add(-time.Hour)
	if err := client.MoveClock(t.Context(), clock, to); !city.Refused(err, 422) {
		t.Errorf("got %v", err)
	}
}

func TestWaitingForATimeEndsWhenTheClockIsMoved(t *testing.T) {
	clock := city.NewClock()
	at := time.Now().Add(time.Hour)
	done := make(chan error, 1)
	go func() { done <- clock.Wait(t.Context(), at) }()
	clock.Told(at.Add(time.Second))
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := clock.Wait(ctx, at.Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestACityWithoutADemonstrationSaysSo(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	client := city.New(s.URL, time.Minute, nil)
	defer client.Close()
	if _, err := client.ReadClock(t.Context(), city.NewClock()); err == nil || !strings.Contains(err.Error(), "--demo") {
		t.Errorf("got %v", err)
	}
	if err := client.As(city.Person{User: "1"}).Get(t.Context(), "/v1/x", nil); err == nil || !strings.Contains(err.Error(), "--demo") {
		t.Errorf("got %v", err)
	}
}
