package group_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
	"pgregory.net/rapid"
)

// letter is a message of the model: where it is from, and which event it is about.
type letter struct {
	number uint64 // in its lane
	parked bool   // from the replay lane
	event  uint64 // number in the live lane
	id     group.ID
}

// world is what surrounds a group: the events, the disk, the consumers. It knows
// what really happened to each event and holds the group to it.
type world struct {
	settings  group.Settings
	group     *group.Group[letter]
	now       time.Time
	events    uint64 // in the live lane; every seventh is filtered out
	ids       uint64 // events share so many ids
	start     uint64
	stored    uint64 // checkpoint on disk
	truncated uint64 // of the parked stream
	parked    []uint64
	processed map[uint64]bool // an event that was acknowledged, skipped or is parked
	replayed  map[uint64]bool // the same for a parked message
	consumers map[group.Consumer][]letter
	windows   map[group.Consumer]int
}

func newWorld(t *rapid.T) *world {
	w := &world{
		settings: group.Settings{
			Strategy:        group.Strategy(rapid.IntRange(0, 2).Draw(t, "strategy")),
			MaxRetries:      rapid.IntRange(0, 3).Draw(t, "retries"),
			Timeout:         time.Duration(rapid.IntRange(0, 5).Draw(t, "timeout")) * time.Second,
			MinCheckpoint:   rapid.IntRange(0, 4).Draw(t, "min"),
			MaxCheckpoint:   rapid.IntRange(4, 9).Draw(t, "max"),
			CheckpointAfter: time.Second,
			Buffer:          rapid.IntRange(2, 9).Draw(t, "buffer"),
			ReadBatch:       rapid.IntRange(1, 8).Draw(t, "batch"),
			Bytes:           rapid.SampledFrom([]int{0, 40}).Draw(t, "bytes"),
		},
		now:       time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		ids:       rapid.SampledFrom([]uint64{3, 1 << 40}).Draw(t, "ids"),
		start:     rapid.Uint64Range(0, 3).Draw(t, "start"),
		processed: make(map[uint64]bool), replayed: make(map[uint64]bool),
	}
	w.stored, w.events = w.start, rapid.Uint64Range(0, 20).Draw(t, "events")
	w.restart()
	return w
}

func (w *world) restart() {
	w.group = group.New[letter](w.settings, w.stored, w.now)
	w.consumers = make(map[group.Consumer][]letter)
	w.windows = make(map[group.Consumer]int)
}

func filtered(number uint64) bool { return number%7 == 6 }

func idOf(parked bool, number, ids uint64) (id group.ID) {
	if parked {
		id[0] = 1
		ids = 1 << 40 // links have ids of their own
	}
	binary.BigEndian.PutUint64(id[8:], number%ids)
	return id
}

func (w *world) letter(parked bool, number uint64) group.Event[letter] {
	l := letter{number: number, parked: parked, event: number, id: idOf(parked, number, w.ids)}
	if parked {
		l.event = w.parked[number]
	}
	return group.Event[letter]{Number: number, ID: l.id, Pin: uint32(l.event * 2654435761), Size: 10, Body: l}
}

// read answers the group's wish for a page, which may be short.
func (w *world) read(most int) bool {
	if from, end, limit, ok := w.group.WantReplay(); ok {
		var page []group.Event[letter]
		next := from
		for ; next < end && len(page) < min(limit, most); next++ {
			page = append(page, w.letter(true, next))
		}
		w.group.LoadedReplay(w.now, from, page, next)
		return next > from
	}
	from, limit, ok := w.group.WantLive()
	if !ok {
		return false
	}
	var page []group.Event[letter]
	next := from
	for ; next < w.events && len(page) < min(limit, most); next++ {
		if !filtered(next) {
			page = append(page, w.letter(false, next))
		}
	}
	w.group.LoadedLive(w.now, from, page, next)
	return next > from
}

// take hands a consumer what it is sent. Of two messages with one id it can only
// answer the later: the group gave it that because the first was taken from it.
func (w *world) take(id group.Consumer) {
	for _, d := range w.group.Take(id) {
		kept := w.consumers[id][:0]
		for _, l := range w.consumers[id] {
			if l.id != d.Body.id {
				kept = append(kept, l)
			}
		}
		w.consumers[id] = append(kept, d.Body)
	}
}

func (w *world) finish(l letter) {
	if l.parked {
		w.replayed[l.number] = true
		return
	}
	w.processed[l.event] = true
}

func (w *world) ack(id group.Consumer, i int) {
	l := w.consumers[id][i]
	w.consumers[id] = append(w.consumers[id][:i:i], w.consumers[id][i+1:]...)
	w.finish(l)
	w.group.Ack(w.now, id, l.id)
}

func (w *world) nack(id group.Consumer, i int, action group.Action) {
	l := w.consumers[id][i]
	w.consumers[id] = append(w.consumers[id][:i:i], w.consumers[id][i+1:]...)
	if action == group.Skip {
		w.finish(l)
	}
	w.group.Nack(w.now, id, action, "", l.id)
}

// write does what the group wants written, or does not.
func (w *world) write(ok bool) bool {
	parkings := w.group.Parkings(w.now, 3)
	if len(parkings) > 0 {
		if ok {
			for _, p := range parkings {
				w.parked = append(w.parked, p.Body.event)
				w.finish(p.Body)
			}
		}
		w.group.Parked(w.now, ok)
	}
	low, checkpoint := w.group.Checkpoint(w.now)
	if checkpoint {
		if ok {
			w.stored = low
		}
		w.group.Checkpointed(w.now, ok)
	}
	gone, truncation := w.group.Truncation(w.now)
	if truncation {
		if ok {
			w.truncated = gone
		}
		w.group.Truncated(w.now, ok)
	}
	return len(parkings) > 0 || checkpoint || truncation
}

func (w *world) check(t *rapid.T) {
	info := w.group.Info()
	for _, low := range []uint64{w.stored, info.Low} {
		for n := w.start; n < low; n++ {
			if !filtered(n) && !w.processed[n] {
				t.Fatalf("all below %d is said to be done, but %d is not", low, n)
			}
		}
	}
	for n := range w.truncated {
		if !w.replayed[n] {
			t.Fatalf("the parked messages below %d are removed, but %d was not done", w.truncated, n)
		}
	}
	if info.Checkpoint != w.stored {
		t.Fatalf("the group believes in a checkpoint at %d, it is at %d", info.Checkpoint, w.stored)
	}
	room := 0
	for _, c := range info.Consumers {
		if c.Held > w.windows[c.ID] {
			t.Fatalf("a consumer with room for %d has %d", w.windows[c.ID], c.Held)
		}
		room += c.Window - c.Held
	}
	if w.ids > 3 && w.settings.Strategy != group.Pinned && room > 0 && info.Fresh+info.Retries > 0 {
		t.Fatalf("%d messages wait while consumers have room for %d", info.Fresh+info.Retries, room)
	}
	if extra := info.Fresh + info.Retries - w.settings.Buffer - len(w.processed) - int(w.events); extra > 0 {
		t.Fatalf("%d too many messages wait", extra)
	}
}

// drain lets one patient consumer finish everything. The group may owe it nothing
// afterwards.
func (w *world) drain(t *rapid.T) {
	id, err := w.group.Join(w.now, 4)
	if err != nil {
		t.Fatal(err)
	}
	w.windows[id] = 4
	parked := uint64(len(w.parked))
	w.group.Replay(w.now, w.truncated, parked)
	for range 20000 {
		progress := w.read(100)
		for _, c := range w.group.Info().Consumers {
			w.take(c.ID)
			for len(w.consumers[c.ID]) > 0 {
				w.ack(c.ID, 0)
				progress = true
			}
		}
		progress = w.write(true) || progress
		w.check(t)
		if !progress {
			at, more := w.group.NextTick()
			if !more {
				break
			}
			if at.After(w.now) {
				w.now = at
			}
			w.group.Tick(w.now)
		}
	}
	for n := w.start; n < w.events; n++ {
		if !filtered(n) && !w.processed[n] {
			t.Fatalf("event %d of %d was lost; the group: %+v", n, w.events, w.group.Info())
		}
	}
	if w.truncated < parked {
		t.Fatalf("%d messages were parked, those from %d on were not replayed", parked, w.truncated)
	}
	info := w.group.Info()
	if info.InFlight+info.Parking+info.Fresh+info.Retries != 0 || info.Low != max(w.events, w.start) {
		t.Fatalf("the group still has something: %+v", info)
	}
}

// TestNoMessageIsLost lets anything happen to a group in any order: consumers that
// come, go, answer late or not at all, writes that do not succeed, and crashes that
// leave only what was written. A checkpoint never runs ahead of what was done, and
// in the end every event was acknowledged, skipped or parked.
func TestNoMessageIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		anyone := func(t *rapid.T) group.Consumer {
			info := w.group.Info()
			if len(info.Consumers) == 0 {
				t.Skip("nobody is there")
			}
			return rapid.SampledFrom(info.Consumers).Draw(t, "consumer").ID
		}
		holder := func(t *rapid.T) (group.Consumer, int) {
			id := anyone(t)
			if len(w.consumers[id]) == 0 {
				t.Skip("it has nothing")
			}
			return id, rapid.IntRange(0, len(w.consumers[id])-1).Draw(t, "which")
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) { w.events += rapid.Uint64Range(1, 6).Draw(t, "events") },
			"join": func(t *rapid.T) {
				window := rapid.IntRange(1, 4).Draw(t, "window")
				if len(w.windows) < 6 {
					id, err := w.group.Join(w.now, window)
					if err != nil {
						t.Fatal(err)
					}
					w.windows[id] = window
				}
			},
			"leave": func(t *rapid.T) {
				id := anyone(t)
				delete(w.consumers, id)
				delete(w.windows, id)
				w.group.Leave(w.now, id)
			},
			"read": func(t *rapid.T) { w.read(rapid.IntRange(1, 5).Draw(t, "page")) },
			"take": func(t *rapid.T) { w.take(anyone(t)) },
			"work": func(*rapid.T) {
				for w.read(100) {
				}
				for _, c := range w.group.Info().Consumers {
					w.take(c.ID)
				}
			},
			"ack": func(t *rapid.T) {
				id, i := holder(t)
				w.ack(id, i)
			},
			"nack": func(t *rapid.T) {
				id, i := holder(t)
				w.nack(id, i, group.Action(rapid.IntRange(0, 2).Draw(t, "action")))
			},
			"wait": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
				w.group.Tick(w.now)
			},
			"write": func(t *rapid.T) { w.write(rapid.Bool().Draw(t, "ok")) },
			"replay": func(t *rapid.T) {
				end := rapid.IntRange(0, len(w.parked)).Draw(t, "end")
				w.group.Replay(w.now, w.truncated, uint64(end))
			},
			"crash": func(*rapid.T) { w.restart() },
			"":      w.check,
		})
		w.drain(t)
	})
}
