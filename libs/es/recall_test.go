package es_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestAPastIsRecalledOnlyForAnEventThatItHas(t *testing.T) {
	log, _ := openLog(t)
	p := newCached(log, 0)
	mustHandle(t, p.Case, "1", cause("a", ""), count{By: 1, Times: 2})
	mustHandle(t, p.Case, "1", cause("b", ""), count{By: 2, Times: 1})
	has := stored(t, log, "counter-1")
	for _, row := range []struct {
		rule  string
		event func(r eventlog.Recorded) eventlog.Recorded
		id    string
		old   bool
		found bool
	}{
		{"one that it has", func(r eventlog.Recorded) eventlog.Recorded { return r }, "1", false, true},
		{"another event at that place", func(r eventlog.Recorded) eventlog.Recorded { r.ID = uuid.New(); return r }, "1", false, false},
		{"the event after another history", func(r eventlog.Recorded) eventlog.Recorded {
			r.Meta = bytes.Replace(r.Meta, []byte(`"hash":"`), []byte(`"hash":"00`), 1)
			return r
		}, "1", false, false},
		{"one without a seal", func(r eventlog.Recorded) eventlog.Recorded { r.Meta = []byte(`{}`); return r }, "1", false, false},
		{"one behind its end", func(r eventlog.Recorded) eventlog.Recorded { r.Revision += 3; return r }, "1", false, false},
		{"one of a stream that is not known", func(r eventlog.Recorded) eventlog.Recorded { return r }, "2", false, false},
		{"one of a past that the log has not confirmed of late", func(r eventlog.Recorded) eventlog.Recorded { return r }, "1", true, false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			before := p.now
			defer func() { p.now = before }()
			if row.old {
				p.now = p.now.Add(es.Trust + 1)
			}
			for n, r := range has {
				past, found := p.Recall(row.id, row.event(r))
				if found != row.found {
					t.Fatalf("event %d: found %t", n, found)
				}
				if found && (past.Revision != 2 || past.State.Total != 4) {
					t.Errorf("event %d: recalled %+v", n, past.State)
				}
			}
		})
	}
	q := newCached(log, 0) // another process goes on
	mustHandle(t, q.Case, "1", cause("c", ""), count{By: 3, Times: 2})
	has = stored(t, log, "counter-1")
	if past, found := p.Recall("1", has[3]); !found || past.Revision != 3 || past.State.Total != 7 {
		t.Errorf("the next event: found %t, %+v", found, past.State)
	}
	if _, found := p.Recall("1", has[4]); found {
		t.Error("an event is found although one before it is missing")
	}
	other := has[4] // follows another event than the last that is known
	other.Revision = 3
	if _, found := p.Recall("1", other); found {
		t.Error("an event of another history is added")
	}
	if again, _ := p.Recall("1", has[2]); again.Revision != 2 {
		t.Error("what was heard is kept as if the log had confirmed it")
	}
	if _, found := bounded(log).Recall("1", has[0]); found {
		t.Error("found without a cache")
	}
}
