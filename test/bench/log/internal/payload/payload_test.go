package payload_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"testing"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
)

func TestAnEventIsOfItsSizeAndLikeNoOther(t *testing.T) {
	a, b := payload.New(), payload.New()
	for _, e := range []payload.Event{a, b} {
		if n := len(e.Data) + len(e.Meta); n != payload.Bytes {
			t.Errorf("an event of %d bytes", n)
		}
		if !json.Valid(e.Data) || !json.Valid(e.Meta) {
			t.Error("an event that is no JSON")
		}
	}
	if bytes.Equal(a.Data, b.Data) || bytes.Equal(a.Meta, b.Meta) {
		t.Error("two events are alike")
	}
}

func TestEventsAreNotWorthCompressing(t *testing.T) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	const n = 64
	for _, e := range payload.Pool(n) {
		if _, err := w.Write(append(e.Data, e.Meta...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if share := float64(packed.Len()) / (n * payload.Bytes); share < 0.4 {
		t.Errorf("events shrink to %.0f %%", share*100)
	}
}
