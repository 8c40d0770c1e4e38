package clock_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// patient bounds every wait for something that another goroutine does.
const patient = time.Minute

// noon is before any real time this test can run at.
func noon() time.Time { return time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC) }

func openLog(t *testing.T) *eventlog.Log {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	return log
}

func virtual(t *testing.T, log *eventlog.Log) *clock.Virtual {
	t.Helper()
	v, err := clock.NewVirtual(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func set(t *testing.T, v *clock.Virtual, at time.Time) {
	t.Helper()
	if err := v.Set(t.Context(), at); err != nil {
		t.Fatal(err)
	}
}

// agree demands that two clocks show the same: what one shows lies between two
// looks at the other.
func agree(t *testing.T, a, b *clock.Virtual) {
	t.Helper()
	before, now, after := a.Now(), b.Now(), a.Now()
	if now.Before(before) || now.After(after) {
		t.Errorf("one shows %v to %v, the other %v", before, after, now)
	}
}

// finished waits for a goroutine's answer.
func finished(t *testing.T, answer <-chan error) error {
	t.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(patient):
		t.Fatal("it does not end")
		return nil
	}
}

func TestAVirtualClockThatWasNeverSetShowsTheRealTime(t *testing.T) {
	v := virtual(t, openLog(t))
	before := time.Now()
	if now := v.Now(); v.Setting() || now.Location() != time.UTC || now.Sub(before).Abs() > patient {
		t.Errorf("set %t, shows %v at %v", v.Setting(), now, before)
	}
}

func TestAVirtualClockRunsOnFromWhereItWasSet(t *testing.T) {
	v := virtual(t, openLog(t))
	started := time.Now()
	set(t, v, noon())
	first, second := v.Now(), v.Now()
	if first.Before(noon()) || second.Before(first) || second.Sub(noon()) > time.Since(started) || !v.Setting() {
		t.Errorf("set to %v it shows %v and %v", noon(), first, second)
	}
	if first.Location() != time.UTC {
		t.Errorf("shown in %v", first.Location())
	}
}

func TestTwoVirtualClocksOverOneLogAgree(t *testing.T) {
	log := openLog(t)
	one, two := virtual(t, log), virtual(t, log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- two.Run(ctx) }()
	for _, at := range []time.Time{noon(), noon().Add(48 * time.Hour), noon().AddDate(0, 0, 40)} {
		set(t, one, at)
		tick := time.NewTicker(time.Millisecond)
		for late := time.Now().Add(patient); !two.Setting() || two.Now().Before(at) || two.Now().After(at.AddDate(0, 0, 30)); <-tick.C {
			if time.Now().After(late) {
				t.Fatal("the other clock does not hear of the setting")
			}
		}
		tick.Stop()
		agree(t, one, two)
	}
	cancel()
	if err := finished(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the follower ended with %v", err)
	}
}

func TestAVirtualClockSurvivesARestart(t *testing.T) {
	log := openLog(t)
	one := virtual(t, log)
	set(t, one, noon())
	set(t, one, noon().Add(time.Hour))
	again := virtual(t, log)
	agree(t, one, again)
	if !again.Setting() {
		t.Error("the setting is forgotten")
	}
}

func TestAVirtualClockIsNeverTurnedBack(t *testing.T) {
	log := openLog(t)
	stale := virtual(t, log) // hears of nothing by itself
	v := virtual(t, log)
	set(t, v, noon())
	for _, c := range []*clock.Virtual{v, stale} {
		if err := c.Set(t.Context(), noon().Add(-time.Nanosecond)); !errors.Is(err, clock.ErrBackwards) {
			t.Errorf("got %v, want ErrBackwards", err)
		}
	}
	agree(t, v, stale)
	if v.Now().Before(noon()) {
		t.Error("it was turned back")
	}
}

func TestAVirtualClockIsNotTakenBackBySettingItToNow(t *testing.T) {
	v := virtual(t, openLog(t))
	set(t, v, noon())
	done := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(time.Millisecond) // on one core, who never rests lets nobody set the clock
		defer tick.Stop()
		for last := v.Now(); ; {
			for range 5000 {
				now := v.Now()
				if now.Before(last) {
					t.Errorf("it showed %v and then %v", last, now)
					return
				}
				last = now
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	for range 100 {
		if err := v.Set(t.Context(), v.Now()); err != nil && !errors.Is(err, clock.ErrBackwards) {
			t.Fatal(err)
		}
	}
	// A moment just ahead is passed while the setting is on its way to the log.
	for range 100 {
		if err := v.Set(t.Context(), v.Now().Add(200*time.Microsecond)); err != nil && !errors.Is(err, clock.ErrBackwards) {
			t.Fatal(err)
		}
	}
	close(done)
	looking.Wait()
}

func TestOfTwoSettingsAtOnceTheLaterStands(t *testing.T) {
	log := openLog(t)
	clocks := []*clock.Virtual{virtual(t, log), virtual(t, log), virtual(t, log), virtual(t, log)}
	set(t, clocks[0], noon())
	start := make(chan struct{})
	var all sync.WaitGroup
	for n, v := range clocks {
		all.Go(func() {
			<-start
			if err := v.Set(t.Context(), noon().Add(time.Duration(n+1)*time.Hour)); err != nil && !errors.Is(err, clock.ErrBackwards) {
				t.Errorf("setting %d: %v", n, err)
			}
		})
	}
	close(start)
	all.Wait()
	if now := virtual(t, log).Now(); now.Before(noon().Add(4 * time.Hour)) {
		t.Errorf("it shows %v", now)
	}
}

func TestWhoWaitsIsWokenByAJump(t *testing.T) {
	v := virtual(t, openLog(t))
	set(t, v, noon())
	woken := make(chan error, 1)
	go func() { woken <- v.Wait(t.Context(), noon().Add(48*time.Hour)) }()
	set(t, v, noon().Add(24*time.Hour))
	select {
	case err := <-woken:
		t.Fatalf("woken a day early: %v", err)
	default:
	}
	set(t, v, noon().Add(48*time.Hour))
	if err := finished(t, woken); err != nil {
		t.Error(err)
	}
}

func TestWaiting(t *testing.T) {
	v := virtual(t, openLog(t))
	set(t, v, noon())
	for name, c := range map[string]clock.Clock{"virtual": v, "system": clock.System{}} {
		t.Run(name, func(t *testing.T) {
			if err := c.Wait(t.Context(), c.Now().Add(-time.Hour)); err != nil {
				t.Errorf("for what is past: %v", err)
			}
			soon := c.Now().Add(time.Millisecond)
			if err := c.Wait(t.Context(), soon); err != nil || c.Now().Before(soon) {
				t.Errorf("woken at %v instead of %v: %v", c.Now(), soon, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			waiting := make(chan error, 1)
			go func() { waiting <- c.Wait(ctx, c.Now().Add(time.Hour)) }()
			cancel()
			if err := finished(t, waiting); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
			if c.Now().Location() != time.UTC {
				t.Error("not in UTC")
			}
		})
	}
}

func TestASettingThatCannotBeReadIsAnError(t *testing.T) {
	log := openLog(t)
	event := eventlog.Event{ID: uuid.New(), Type: "clock-set.v1", Data: []byte(`{"at":7}`), Meta: []byte(`{}`)}
	if _, err := log.Append(t.Context(), "clock-demo", eventlog.Any, event); err != nil {
		t.Fatal(err)
	}
	if _, err := clock.NewVirtual(t.Context(), log); err == nil {
		t.Error("the clock was opened")
	}
}
