package eventnode_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// TestEventsKeepTheirBytesWhileBuffersAreReused appends events of many sizes at
// once, some of which their writer gives up on, while others are being read: what
// is read of an event must be what was written, byte for byte.
func TestEventsKeepTheirBytesWhileBuffersAreReused(t *testing.T) {
	const writers, rounds = 24, 12
	c := stage(t)
	sizes := []int{1, 300, 1000, 1100, 4000, 17000, 40000, 150000, 900000}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			stream := fmt.Sprintf("case-%d", w)
			for range rounds {
				patience, hurried := patience, random.IntN(4) == 0
				if hurried {
					patience = time.Duration(random.IntN(2000)) * time.Microsecond
				}
				within, cancel := context.WithTimeout(t.Context(), patience)
				_, err := c.AppendToStream(within, stream, esdb.AppendToStreamOptions{}, patterned(sizes[random.IntN(len(sizes))]))
				if err != nil && !hurried {
					t.Error(err)
				}
				cancel()
				events, err := readErr(t, c, stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 2)
				if err != nil && code(err) != esdb.ErrorCodeResourceNotFound {
					t.Error(err)
				}
				for _, e := range events {
					wantPattern(t, e.Event)
				}
			}
		})
	}
	group.Wait()
	for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1<<20) {
		wantPattern(t, e.Event)
	}
}

// patterned is an event whose bytes follow from its id.
func patterned(size int) esdb.EventData {
	id := uuid.New()
	return esdb.EventData{
		EventID: id, EventType: "marked.v1", ContentType: esdb.ContentTypeBinary,
		Data: pattern(id, size), Metadata: pattern(id, 20),
	}
}

func pattern(id uuid.UUID, size int) []byte { return bytes.Repeat(id[:], size/16+1)[:size] }

func wantPattern(t *testing.T, e *esdb.RecordedEvent) {
	t.Helper()
	if !bytes.Equal(e.Data, pattern(e.EventID, len(e.Data))) || !bytes.Equal(e.UserMetadata, pattern(e.EventID, 20)) {
		t.Errorf("event %s of %d bytes is not what was written", e.EventID, len(e.Data))
	}
}

// TestAgedEventsStayHiddenWhereTheClockWasSetBack reads a stream whose times of
// creation do not rise, twice: the second read knows where the first one began.
func TestAgedEventsStayHiddenWhereTheClockWasSetBack(t *testing.T) {
	clock := newHands(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	c := dial(t, start(t, eventnode.Config{Now: clock.now}))
	for _, minutes := range []int{0, 0, 60, 0, 90} {
		clock.set(minutes)
		appendTo(t, c, "case-1", esdb.Any{}, note("x"))
	}
	meta := esdb.StreamMetadata{}
	meta.SetMaxAge(30 * time.Minute)
	if _, err := c.SetStreamMetadata(ctx(t), "case-1", esdb.AppendToStreamOptions{}, meta); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		minutes int
		want    string
	}{{80, "[2 4]"}, {80, "[2 4]"}, {95, "[4]"}, {95, "[4]"}, {130, "[]"}, {130, "[]"}, {80, "[2 4]"}} {
		clock.set(step.minutes)
		if got := fmt.Sprint(revisions(read(t, c, "case-1", esdb.ReadStreamOptions{}, 10))); got != step.want {
			t.Errorf("after %d minutes: %s, want %s", step.minutes, got, step.want)
		}
	}
}

// hands is a clock that is set by hand.
type hands struct {
	mu     sync.Mutex
	zero   time.Time
	offset time.Duration
}

func newHands(zero time.Time) *hands { return &hands{zero: zero} }

func (h *hands) set(minutes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offset = time.Duration(minutes) * time.Minute
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.zero.Add(h.offset)
}
