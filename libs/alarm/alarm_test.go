package alarm_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestAClockThatRunsOutFiresOnce(t *testing.T) {
	h := newHouse(t)
	h.run(h.loop())
	h.do("1", "set", "lapse", after(60))
	h.sentinel() // not yet
	h.clock.advance(time.Hour)
	if e := receive(t, h.rings); e.Name != "lapse" || !e.At.Equal(after(60)) {
		t.Errorf("rang %+v", e)
	}
	h.clock.advance(48 * time.Hour)
	h.sentinel()
	if tried := h.attempts(); tried["lapse"] != 1 {
		t.Errorf("woken %d times", tried["lapse"])
	}
}

func TestWhatIsOverdueFiresInTheOrderInWhichItWasDue(t *testing.T) {
	h := newHouse(t)
	for n, minutes := range []int{50, 10, 40, 20, 30} {
		h.do(fmt.Sprint(n), "set", fmt.Sprint(minutes), after(minutes))
	}
	h.do("0", "set", "15", after(15)) // a second clock of the same stream
	h.clock.advance(time.Hour)
	h.run(h.loop())
	var order []string
	for range 6 {
		order = append(order, h.ring())
	}
	if diff := cmp.Diff([]string{"10", "15", "20", "30", "40", "50"}, order); diff != "" {
		t.Errorf("another order (-want +got):\n%s", diff)
	}
}

func TestNothingFiresBeforeAllThatIsInTheLogHasBeenSeen(t *testing.T) {
	h := newHouse(t)
	h.do("1", "set", "early", after(-60))
	h.do("2", "set", "late", after(-30))
	for n := range 20 { // more than one page of the log lies between
		events := make([]eventlog.Event, 50)
		for i := range events {
			_, data, err := codec{}.Encode(happened{What: "nothing"})
			if err != nil {
				t.Fatal(err)
			}
			events[i] = eventlog.Event{ID: uuid.New(), Type: "timer.v1", Data: data, Meta: []byte(`{}`)}
		}
		if _, err := h.log.Append(t.Context(), fmt.Sprint("timer-filler", n), eventlog.Any, events...); err != nil {
			t.Fatal(err)
		}
	}
	h.do("1", "cleared", "early", noon())
	h.run(h.loop())
	if got := h.ring(); got != "late" {
		t.Errorf("%s rang", got)
	}
	if tried := h.attempts(); tried["early"] != 0 {
		t.Error("woken before the clearing was seen")
	}
}

func TestAClockThatRunsOutWhileNobodyWatchesFiresAtTheNextStart(t *testing.T) {
	h := newHouse(t)
	stop := h.run(h.loop())
	h.do("1", "set", "lapse", after(60))
	h.sentinel()
	stop()
	h.clock.advance(2 * time.Hour)
	stop = h.run(h.loop())
	if got := h.ring(); got != "lapse" {
		t.Errorf("%s rang", got)
	}
	stop()
	h.attempts()
	h.run(h.loop()) // what has rung is not woken again
	h.sentinel()
	if tried := h.attempts(); tried["lapse"] != 0 {
		t.Error("woken again after a restart")
	}
}

func TestAClearedClockDoesNotFire(t *testing.T) {
	h := newHouse(t)
	h.run(h.loop())
	h.do("1", "set", "lapse", after(60))
	h.do("2", "set", "moved", after(60))
	h.sentinel()
	h.do("1", "cleared", "lapse", noon())
	h.do("2", "set", "moved", after(180))
	h.sentinel() // so that the clearing has been heard
	h.clock.advance(2 * time.Hour)
	h.sentinel()
	if tried := h.attempts(); tried["lapse"]+tried["moved"] != 0 {
		t.Errorf("woken: %v", tried)
	}
	h.clock.advance(2 * time.Hour)
	if got := h.ring(); got != "moved" {
		t.Errorf("%s rang", got)
	}
}

func TestAWakeUpThatMetAFaultIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.do("1", "set", "lapse", after(-1))
	l := h.loop()
	l.Case.Log = &torn{Log: h.log, appends: 3}
	wake := l.Wake
	l.Wake = func(a es.Alarm, now time.Time) command {
		h.clock.advance(time.Minute) // longer than the pause before the next try
		return wake(a, now)
	}
	h.run(l)
	if got := h.ring(); got != "lapse" {
		t.Errorf("%s rang", got)
	}
	if tried := h.attempts(); tried["lapse"] != 4 {
		t.Errorf("woken %d times, want 4", tried["lapse"])
	}
}

func TestTwoReplicasWakeOnce(t *testing.T) {
	h := newHouse(t)
	other, err := eventlog.Open(h.node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() }) // the test is over
	second := h.loop()
	second.Log, second.Case.Log = other, other
	h.run(h.loop())
	h.run(second)
	h.sentinel()
	for n := range 20 {
		h.do(fmt.Sprint(n), "set", fmt.Sprint(n), after(1))
	}
	h.clock.advance(time.Hour)
	heard := map[string]int{}
	for range 20 {
		heard[h.ring()]++
	}
	h.sentinel()
	for name, n := range heard {
		if n != 1 {
			t.Errorf("%s rang %d times", name, n)
		}
	}
	if len(heard) != 20 {
		t.Errorf("%d timers rang", len(heard))
	}
}

func TestARefusedWakeUpIsDropped(t *testing.T) {
	h := newHouse(t)
	h.do("1", "set", "deaf", after(-1))
	h.run(h.loop())
	h.sentinel()
	h.clock.advance(time.Hour)
	h.sentinel()
	if tried := h.attempts(); tried["deaf"] != 1 {
		t.Errorf("woken %d times", tried["deaf"])
	}
}

func TestAWakeUpThatComesTooEarlyIsNotLost(t *testing.T) {
	h := newHouse(t)
	h.clock.early = time.Second // as when the machine's clock has stepped back
	// A moment read twice from a stored +08:00 is in two zones.
	h.do("1", "set", "lapse", after(60).In(time.FixedZone("", 8*60*60)))
	h.run(h.loop())
	h.clock.advance(time.Hour - time.Second)
	if a := receive(t, h.woken); a.Name != "lapse" {
		t.Fatalf("woken %s", a.Name)
	}
	h.clock.advance(time.Hour)
	if got := h.ring(); got != "lapse" {
		t.Errorf("%s rang", got)
	}
}

func TestAnEventThatIsNotUnderstoodStopsTheClocksOfItsStream(t *testing.T) {
	h := newHouse(t)
	h.run(h.loop())
	h.do("1", "set", "lapse", after(60))
	h.do("2", "set", "other", after(90))
	h.sentinel()
	foreign := eventlog.Event{ID: uuid.New(), Type: "timer.v9", Data: []byte(`{}`), Meta: []byte(`{}`)}
	if _, err := h.log.Append(t.Context(), "timer-1", eventlog.Any, foreign); err != nil {
		t.Fatal(err)
	}
	later := foreign
	later.ID, later.Type, later.Data = uuid.New(), "timer.v1", []byte(`{"what":"set","name":"later","at":"2021-07-17T04:30:00Z"}`)
	if _, err := h.log.Append(t.Context(), "timer-1", eventlog.Any, later); err != nil {
		t.Fatal(err)
	}
	h.sentinel()
	h.clock.advance(2 * time.Hour)
	if got := h.ring(); got != "other" {
		t.Errorf("%s rang", got)
	}
	if tried := h.attempts(); tried["lapse"]+tried["later"] != 0 {
		t.Errorf("woken although it is stopped: %v", tried)
	}
}

func TestAClockIsNotLostWhileTheLogIsAway(t *testing.T) {
	h := newHouse(t)
	h.do("1", "nothing", "", noon()) // nothing is due on it, so that it is forgotten
	l := h.loop()
	faulty := &torn{Log: h.log}
	l.Case.Log = faulty
	h.run(l)
	h.sentinel()
	faulty.mu.Lock()
	faulty.reads = 1
	faulty.mu.Unlock()
	h.do("1", "set", "lapse", after(60)) // must be read again
	h.clock.advance(2 * time.Hour)
	if got := h.ring(); got != "lapse" {
		t.Errorf("%s rang", got)
	}
}

func TestAlarmsGoByTheVirtualClock(t *testing.T) {
	h := newHouse(t)
	virtual, err := clock.NewVirtual(t.Context(), h.log)
	if err != nil {
		t.Fatal(err)
	}
	if err := virtual.Set(t.Context(), noon()); err != nil {
		t.Fatal(err)
	}
	l := h.loop()
	l.Clock = virtual
	h.run(l)
	h.do("1", "set", "lapse", noon().Add(48*time.Hour))
	h.sentinel()
	if err := virtual.Set(t.Context(), noon().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	e := receive(t, h.rings)
	if late := e.At.Sub(noon().Add(48 * time.Hour)); e.Name != "lapse" || late < 0 || late > time.Second {
		t.Errorf("%s rang %v late", e.Name, late)
	}
}

func TestALoopNamesItself(t *testing.T) {
	if got := (alarm.Loop[timer, command, happened]{Case: es.Case[timer, command, happened]{Category: "timer"}}).String(); got != "alarms of timer" {
		t.Error(got)
	}
}
