package banksim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/services/banksim"
)

func TestAnUnknownScenarioIsToldApart(t *testing.T) {
	_, err := banksim.Demo(t.Context(), banksim.DemoOptions{Server: "http://127.0.0.1:1", Scenario: "no-such"})
	if !errors.Is(err, banksim.ErrNoScenario) {
		t.Errorf("got %v", err)
	}
	if !slices.Contains(banksim.Scenarios(), "maoming-483") {
		t.Errorf("there are %v", banksim.Scenarios())
	}
}

func TestTheBanksAloneServeAndTellWhatAVictimWouldReport(t *testing.T) {
	asked := make(chan string, 100)
	fake := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/demo/clock":
			_ = json.NewEncoder(w).Encode(map[string]any{"now": time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC), "set": true})
		case "/v1/demo/tokens":
			_ = json.NewEncoder(w).Encode(map[string]string{"token": "t"})
		default:
			asked <- r.URL.Path
			<-r.Context().Done()
		}
	})
	s := httptest.NewServer(fake)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- banksim.Serve(ctx, banksim.DemoOptions{Server: s.URL, Scenario: "two-hops"}, &out) }()
	paths := map[string]int{}
	for range 6 { // three banks, two lists each
		paths[<-asked]++
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if paths["/v1/bank/orders"] != 3 || paths["/v1/bank/refund-notices"] != 3 {
		t.Errorf("asked for %v", paths)
	}
	var body struct {
		Transfers []struct {
			AmountFen int64  `json:"amountFen"`
			At        string `json:"at"`
		} `json:"transfers"`
	}
	if err := json.Unmarshal(out.Bytes(), &body); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%v in %s", err, out.String())
	}
	if len(body.Transfers) != 1 || body.Transfers[0].AmountFen != 5_000_000 || body.Transfers[0].At != "2021-07-17T07:10:00Z" {
		t.Errorf("got %+v", body)
	}
}
