package alarm_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
)

func TestAStreamThatStirsAgainIsNotReadWhereItsPastIsKnown(t *testing.T) {
	h := newHouse(t)
	l := h.loop()
	l.Case.Cache = es.NewCache[timer, happened](1 << 20)
	writer, read := l.Case, &torn{Log: h.log}
	l.Case.Log = read
	h.run(l)
	do := func(id, what, name string, at time.Time) {
		t.Helper()
		if _, err := writer.Handle(t.Context(), id, es.Cause{Command: uuid.New(), At: h.clock.Now()}, es.AnyRevision, command{happened{what, name, at}}); err != nil {
			t.Fatal(err)
		}
	}
	do("s", "set", "sentinel", noon()) // the loop has caught up when it rings
	if got := h.ring(); got != "sentinel" {
		t.Fatalf("%s rang", got)
	}
	read.mu.Lock()
	read.reads = 0
	read.mu.Unlock()
	for range 3 { // with no clock running the loop forgets the stream each time
		do("1", "set", "lapse", after(60))
		do("1", "cleared", "lapse", after(60))
	}
	do("1", "set", "last", after(30))
	h.clock.advance(time.Hour)
	if got := h.ring(); got != "last" {
		t.Errorf("%s rang", got)
	}
	read.mu.Lock()
	defer read.mu.Unlock()
	if read.reads != 0 {
		t.Errorf("the log was read %d times", -read.reads)
	}
}
