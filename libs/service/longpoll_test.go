package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/service"
)

func TestALongPollEndsWithTheFirstThingThereIs(t *testing.T) {
	changed := make(chan struct{})
	var asked int
	list := func(context.Context) ([]string, error) {
		if asked++; asked < 3 {
			return nil, nil
		}
		return []string{"a"}, nil
	}
	close(changed) // something changes all the time
	got, err := service.LongPoll(t.Context(), 60, func() <-chan struct{} { return changed }, list)
	if diff := cmp.Diff([]string{"a"}, got); err != nil || diff != "" || asked != 3 {
		t.Errorf("asked %d times: %v %v", asked, got, err)
	}
}

func TestALongPollThatBringsNothing(t *testing.T) {
	errBroken := errors.New("broken")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		rule    string
		ctx     context.Context //nolint:containedctx // a row of a table
		seconds int
		fails   error
		want    error
	}{
		{"who does not wait is answered at once", t.Context(), 0, nil, nil},
		{"patience ends", t.Context(), 1, nil, nil},
		{"whoever has gone waits no longer", gone, 60, nil, nil},
		{"and is told of no fault", gone, 60, errBroken, nil},
		{"a fault is told at once", t.Context(), 60, errBroken, errBroken},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := service.LongPoll(c.ctx, c.seconds, func() <-chan struct{} { return nil }, func(context.Context) ([]string, error) { return nil, c.fails })
			if len(got) > 0 || !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestAChangeBetweenAskingAndReadingIsNotMissed(t *testing.T) {
	var items []string
	first := make(chan struct{})
	changed := func() <-chan struct{} { return first }
	list := func(context.Context) ([]string, error) {
		got := items
		if items == nil { // it happens just after it has been looked at
			items = []string{"a"}
			close(first)
		}
		return got, nil
	}
	got, err := service.LongPoll(t.Context(), 60, changed, list)
	if diff := cmp.Diff([]string{"a"}, got); err != nil || diff != "" {
		t.Errorf("got %v, %v", got, err)
	}
}
