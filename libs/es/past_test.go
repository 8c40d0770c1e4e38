package es_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestI62_ThePastIsWhatWasRecordedByThen(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	c.Cache = es.NewCache[counter, counted](1 << 20)
	now := noon()
	c.Now = func() time.Time { return now }
	for n, key := range []string{"a", "b", "c"} {
		now = noon().Add(time.Duration(n) * time.Hour)
		mustHandle(t, c, "1", cause(key, "in"), count{By: 1 << n, Times: 1, At: noon()})
	}
	for name, want := range map[string]struct {
		at       time.Time
		total    int
		revision int64
	}{
		"before the first":            {noon().Add(-time.Nanosecond), 0, -1},
		"at the very instant":         {noon(), 1, 0},
		"between two":                 {noon().Add(90 * time.Minute), 3, 1},
		"after the last":              {noon().Add(24 * time.Hour), 7, 2},
		"a moment before the last":    {noon().Add(2*time.Hour - time.Nanosecond), 3, 1},
		"the last, in another's zone": {noon().Add(2 * time.Hour).In(time.FixedZone("", 8*3600)), 7, 2},
	} {
		t.Run(name, func(t *testing.T) {
			past, err := c.LoadAt(t.Context(), "1", want.at)
			if err != nil || past.State.Total != want.total || past.Revision != want.revision || len(past.Events) != int(want.revision)+1 {
				t.Errorf("%+v at %d with %d events, %v", past.State, past.Revision, len(past.Events), err)
			}
			again, err := c.LoadAt(t.Context(), "1", want.at)
			if diff := cmp.Diff(past.Metas, again.Metas); err != nil || diff != "" {
				t.Errorf("asked again: %v %s", err, diff)
			}
		})
	}
	if past, err := c.LoadAt(t.Context(), "nobody", now); err != nil || past.Revision != -1 {
		t.Errorf("a stream that is not there: %d, %v", past.Revision, err)
	}
}

func TestAnEventThatCameLaterDoesNotHinderALookAtThePast(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	mustHandle(t, c, "1", cause("a", "in"), count{By: 1, Times: 1, At: noon()})
	later := eventlog.Event{ID: es.EventID("x", es.Cause{}, 0, nil), Type: "of-a-newer-build.v1", Data: []byte(`{}`), Meta: []byte(`{"recordedAt":"2999-01-01T00:00:00Z"}`)}
	if _, err := log.Append(t.Context(), c.Stream("1"), eventlog.Expect(0), later); err != nil {
		t.Fatal(err)
	}
	if past, err := c.LoadAt(t.Context(), "1", noon()); err != nil || past.State.Total != 1 {
		t.Errorf("%+v, %v", past.State, err)
	}
	if _, err := c.LoadAt(t.Context(), "1", noon().AddDate(1000, 0, 0)); err == nil {
		t.Error("an unknown event is skipped")
	}
}
