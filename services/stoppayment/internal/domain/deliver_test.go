package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestAnOrderThatCannotBeDeliveredIsShownOnceAndStaysOpen(t *testing.T) {
	at := time.Date(2021, 7, 17, 8, 20, 0, 0, time.UTC)
	requested := event.StopRequested{Order: "o-1", Case: "c-1", Ordinal: 1, Account: event.Account{ID: "a-1"}, At: at}
	approved := event.StopApproved{Order: "o-1", At: at}
	failed := event.OrderDeliveryFailed{Order: "o-1", Cause: "technical", Attempts: 5, At: at}
	sent := event.OrderSent{Order: "o-1", Channel: domain.ByDesk, At: at}
	for name, c := range map[string]struct {
		given []event.AccountEvent
		then  []event.AccountEvent
		err   error
	}{
		"an approved order":                      {[]event.AccountEvent{requested, approved}, []event.AccountEvent{failed}, nil},
		"one that was shown already":             {[]event.AccountEvent{requested, approved, failed}, nil, nil},
		"one that the desk has taken":            {[]event.AccountEvent{requested, approved, sent}, nil, nil},
		"one that nobody has approved yet":       {[]event.AccountEvent{requested}, nil, nil},
		"one that the account does not know":     {nil, nil, domain.ErrNoOrder},
		"one that was shown and taken meanwhile": {[]event.AccountEvent{requested, approved, failed, sent}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := domain.AccountDecider()
			got, err := d.Decide(d.Replay(c.given...), domain.NoteUndelivered(failed))
			if !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.then, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := domain.AccountDecider()
	state := d.Replay(requested, approved, failed)
	if got, err := d.Decide(state, domain.MarkSent{Order: "o-1", Channel: domain.ByMachine, At: at}); err != nil || len(got) != 1 {
		t.Errorf("delivered in the end: %v, %v", got, err)
	}
}
