package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
)

func TestStreamsThatAreDueTogetherAreWokenSideBySide(t *testing.T) {
	h := newHouse(t)
	const streams = 4
	for n := range streams {
		h.do(fmt.Sprint(n), "set", fmt.Sprint("lapse", n), after(-1))
	}
	h.do("0", "set", "second", after(0)) // of a stream that is being woken: it waits its turn
	l := h.loop()
	l.Abreast = streams
	var all sync.WaitGroup
	all.Add(streams)
	wake := l.Wake
	l.Wake = func(a es.Alarm, now time.Time) command {
		if strings.HasPrefix(a.Name, "lapse") {
			all.Done()
			all.Wait() // none goes on before all are there
		}
		return wake(a, now)
	}
	h.run(l)
	rung := map[string]int{}
	for range streams + 1 {
		rung[h.ring()]++
	}
	h.sentinel()
	for name, n := range rung {
		if n != 1 {
			t.Errorf("%s rang %d times", name, n)
		}
	}
	if len(rung) != streams+1 {
		t.Errorf("rang: %v", rung)
	}
}

func TestAWakeUpCanBePreparedFromElsewhereAndIsTriedAgainWhenThatFails(t *testing.T) {
	h := newHouse(t)
	h.do("1", "set", "lapse", after(-1))
	l := h.loop()
	tried := 0
	l.Prepare = func(_ context.Context, s timer, c command) (command, error) {
		tried++
		h.clock.advance(time.Minute) // longer than the pause before the next try
		if tried < 3 {
			return c, errors.New("the other stream cannot be read")
		}
		c.At = s.running[0].At.Add(time.Hour)
		return c, nil
	}
	h.run(l)
	if e := receive(t, h.rings); e.Name != "lapse" || !e.At.Equal(after(59)) || tried != 3 {
		t.Errorf("rang %+v after %d tries", e, tried)
	}
}

func TestWhatOnlyRemindsKeepsNoEndWaiting(t *testing.T) {
	h := newHouse(t)
	for n := range 10 {
		h.do(fmt.Sprint("r", n), "set", fmt.Sprint("remind", n), after(-60)) // due long before the end
	}
	h.do("both", "set", "remind-both", after(-60))
	h.do("both", "set", "end", after(-1))
	l := h.loop()
	l.Reminds = func(a es.Alarm) bool { return strings.HasPrefix(a.Name, "remind") }
	h.run(l)
	if first := h.ring(); first != "end" {
		t.Errorf("%s rang first", first)
	}
	rung := map[string]bool{}
	for range 11 {
		rung[h.ring()] = true
	}
	if len(rung) != 11 {
		t.Errorf("rang: %v", rung)
	}
}

func TestAReminderThatIsNotDueYetWaits(t *testing.T) {
	h := newHouse(t)
	h.do("1", "set", "remind", after(30))
	h.do("2", "set", "end", after(60))
	l := h.loop()
	l.Reminds = func(a es.Alarm) bool { return a.Name == "remind" }
	h.run(l)
	h.sentinel()
	h.clock.advance(30 * time.Minute)
	if got := h.ring(); got != "remind" {
		t.Errorf("%s rang", got)
	}
	h.sentinel()
	h.clock.advance(30 * time.Minute)
	if got := h.ring(); got != "end" {
		t.Errorf("%s rang", got)
	}
}
