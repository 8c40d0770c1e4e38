package alarm_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"pgregory.net/rapid"
)

func after(minutes int) time.Time { return noon().Add(time.Duration(minutes) * time.Minute) }

func TestAnEmptyAgendaHasNothingNext(t *testing.T) {
	var a alarm.Agenda
	if id, _, _, ok := a.Next(); ok {
		t.Errorf("%q is next", id)
	}
	a.Drop("1", es.Alarm{Name: "x"})
	a.Delay("1", es.Alarm{Name: "x"}, after(1))
	a.Set("1")
	if _, _, _, ok := a.Next(); ok {
		t.Error("something is next")
	}
}

func TestASameMomentInAnotherZoneIsTheSameClock(t *testing.T) {
	var a alarm.Agenda
	a.Set("1", es.Alarm{Name: "x", At: after(0)})
	a.Drop("1", es.Alarm{Name: "x", At: after(0).In(time.FixedZone("", 8*60*60))})
	if _, _, _, ok := a.Next(); ok {
		t.Error("the clock was not dropped")
	}
}

// entry is one clock as the model has it.
type entry struct {
	alarm es.Alarm
	at    time.Time
}

func TestTheAgendaIsAlwaysInDueOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a alarm.Agenda
		model := map[string][]entry{}
		ids := rapid.SampledFrom([]string{"1", "2", "3"})
		minutes := rapid.IntRange(0, 50)
		check := func() (id string, next es.Alarm, ok bool) {
			id, next, at, ok := a.Next()
			found := false
			for other, entries := range model {
				for _, e := range entries {
					if at.After(e.at) || !ok {
						t.Fatalf("%s is next at %v, before it comes %s at %v", id, at, other, e.at)
					}
					found = found || (other == id && e.alarm == next && e.at.Equal(at))
				}
			}
			if found != ok {
				t.Fatalf("%s %+v at %v is next and should not be there", id, next, at)
			}
			return id, next, ok
		}
		remove := func(id string, which es.Alarm) {
			for n, e := range model[id] {
				if e.alarm == which {
					model[id] = append(model[id][:n:n], model[id][n+1:]...)
					return
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { check() },
			"set": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				model[id] = nil
				var alarms []es.Alarm
				for n := range rapid.IntRange(0, 4).Draw(t, "clocks") {
					alarm := es.Alarm{Name: fmt.Sprint(n), At: after(minutes.Draw(t, "at"))}
					alarms = append(alarms, alarm)
					model[id] = append(model[id], entry{alarm, alarm.At})
				}
				a.Set(id, alarms...)
			},
			"drop": func(*rapid.T) {
				if id, next, ok := check(); ok {
					a.Drop(id, next)
					remove(id, next)
				}
			},
			"delay": func(t *rapid.T) {
				if id, next, ok := check(); ok {
					at := after(minutes.Draw(t, "to"))
					a.Delay(id, next, at)
					remove(id, next)
					model[id] = append(model[id], entry{next, at})
				}
			},
			"forget": func(t *rapid.T) { // one that is not there
				a.Drop(ids.Draw(t, "id"), es.Alarm{Name: "none"})
			},
		})
	})
}
