package command_test

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
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/yuanlu/internal/command"
)

// called is what one command line led to.
type called struct {
	code     int
	out, err string
}

func call(t *testing.T, args ...string) called {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Execute(t.Context(), args, &out, &errs)
	return called{code, out.String(), errs.String()}
}

// open runs intake and casebook over a real node, and gives their web face.
func open(t *testing.T, demo bool) (service.City, http.Handler) {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	master := privacy.NewMaster()
	city := service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now), Clock: clock.System{},
		Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(), Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Demo: demo,
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var all []service.Part
	ended := make(chan error, 2)
	for _, news := range []service.New{intake.New, casebook.New} {
		part, err := news(ctx, city)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part)
		go func() { ended <- part.Run(ctx) }()
	}
	t.Cleanup(func() {
		stop()
		for _, part := range all {
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			_ = part.Close()
		}
		_, _ = log.Close(), node.Close()
	})
	return city, service.Handler(city, all...)
}

// serve puts a handler on an address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// post sends JSON and reads the answer.
func post(t *testing.T, address, token string, body any, out any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "report-0001")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s %s %v", address, response.Status, answer, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatal(err)
	}
}

// report files a report of one victim, by REST, and returns the case.
func report(t *testing.T, base string) string {
	t.Helper()
	var login struct{ Token string }
	post(t, base+"/v1/demo/tokens", "", access.Person{User: "001234", Unit: "440982000000", Level: access.County, Role: access.DutyOfficer}, &login)
	banks := identity.DefaultBanks().All()
	side := func(n int) map[string]any {
		return map[string]any{"bank": banks[n].Code, "number": fmt.Sprintf("622202000000000%d", n), "holder": secretName}
	}
	var filed struct{ Case string }
	post(t, base+"/v1/reports", login.Token, map[string]any{
		"channel": "110", "brief": secretName, "fraudType": "07", "investigator": map[string]any{"policeNo": "005678", "unit": "440982000000"},
		"victim":    map[string]any{"name": secretName},
		"transfers": []any{map[string]any{"from": side(0), "to": side(1), "amountFen": 483000000, "at": time.Now().Add(-time.Minute)}},
	}, &filed)
	return filed.Case
}

// write writes events as a service would, chained and correlated to a case.
func write[E any](t *testing.T, city service.City, category string, codec es.Codec[E]) func(id, correlation string, events ...E) {
	t.Helper()
	writer := es.Case[struct{}, []E, E]{
		Decider: es.Decider[struct{}, []E, E]{
			Decide: func(_ struct{}, events []E) ([]E, error) { return events, nil },
			Evolve: func(s struct{}, _ E) struct{} { return s },
		},
		Category: category, Codec: codec, Log: city.Log, Suite: city.Suite, Now: city.Clock.Now,
	}
	return func(id, correlation string, events ...E) {
		t.Helper()
		cause := es.Cause{Command: uuid.New(), Actor: es.Actor{User: "001234", Unit: "440982000000"}, Correlation: correlation, At: city.Clock.Now()}
		if _, err := writer.Handle(t.Context(), id, cause, es.AnyRevision, events); err != nil {
			t.Fatal(err)
		}
	}
}

// secretName stands for all personal data.
const secretName = "杨某某"

// meddle is a man in the middle who changes what the casebook answers.
func meddle(h http.Handler, change func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/histories/") {
			h.ServeHTTP(w, r)
			return
		}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(change(recorder.Body.Bytes()))
	})
}
