package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func repetitionChecks() []check {
	return []check{
		{Check: Check{"append-07", "A repetition at the same revision has no second effect and gets the revision of the first time."}, ask: repeatAtRevision},
		{Check: Check{"append-08", "A repetition that expects no stream has no second effect and gets the revision of the first time."}, ask: repeatAtNoStream},
		{Check: Check{"append-09", "A repetition that expects anything, soon after, has no second effect."}, ask: repeatAtAny},
		{Check: Check{"append-10", "A repetition that expects a stream, soon after, has no second effect."}, ask: repeatAtExists},
		{Check: Check{"append-17", "A repetition after others have written has no second effect."}, ask: repeatLate},
		{Check: Check{"append-18", "An append of a known and an unknown event is refused, and leaves nothing."}, ask: repeatPartly},
		{Check: Check{"append-19", "A known event at the stream's present end is stored again: the revision counts, not the id."}, ask: knownAtEnd},
		{Check: Check{"append-20", "The same event id in two streams is two events."}, ask: sameIDElsewhere},
	}
}

// repeat appends twice and demands that the second time changes nothing.
func (s *stage) repeat(ctx context.Context, stream string, expected esdb.ExpectedRevision, last uint64, events ...esdb.EventData) {
	first := s.append(ctx, stream, expected, events...)
	s.numbered(first, last)
	again, err := s.tryAppend(ctx, stream, expected, events...)
	s.must(err, "the repetition of an append that expects "+said(expected))
	s.revisions(s.forwards(ctx, stream), "after the repetition the stream", upTo(0, last+1)...)
	s.numbered(again, last)
	// No position is an answer too; another one is not.
	if again.CommitPosition != 0 && again.CommitPosition != first.CommitPosition {
		s.fail("the repetition was answered with position %d, the first time with %d", again.CommitPosition, first.CommitPosition)
	}
}

func repeatAtRevision(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	s.repeat(ctx, stream, esdb.Revision(0), 3, notes(3)...)
}

func repeatAtNoStream(ctx context.Context, s *stage) {
	s.repeat(ctx, s.stream("a"), esdb.NoStream{}, 2, notes(3)...)
}

func repeatAtAny(ctx context.Context, s *stage) {
	s.repeat(ctx, s.stream("a"), esdb.Any{}, 1, notes(2)...)
}

func repeatAtExists(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	s.repeat(ctx, stream, esdb.StreamExists{}, 2, notes(2)...)
}

func repeatLate(ctx context.Context, s *stage) {
	stream := s.stream("a")
	events := notes(2)
	s.append(ctx, stream, esdb.NoStream{}, events...)
	s.append(ctx, stream, esdb.Revision(1), notes(5)...)
	w, err := s.tryAppend(ctx, stream, esdb.NoStream{}, events...)
	s.must(err, "the repetition of the first append")
	s.numbered(w, 1)
	s.revisions(s.forwards(ctx, stream), "the stream", upTo(0, 7)...)
}

func repeatPartly(ctx context.Context, s *stage) {
	stream := s.stream("a")
	known := note("known")
	s.append(ctx, stream, esdb.NoStream{}, known)
	for _, expected := range []esdb.ExpectedRevision{esdb.NoStream{}, esdb.Any{}} {
		_, err := s.tryAppend(ctx, stream, expected, known, note("unknown"))
		s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append of a known and an unknown event that expects "+said(expected))
	}
	s.revisions(s.forwards(ctx, stream), "the stream", 0)
}

func knownAtEnd(ctx context.Context, s *stage) {
	stream := s.stream("a")
	known := note("known")
	s.append(ctx, stream, esdb.NoStream{}, known)
	s.numbered(s.append(ctx, stream, esdb.Revision(0), known), 1)
	s.revisions(s.forwards(ctx, stream), "the stream", 0, 1)
}

func sameIDElsewhere(ctx context.Context, s *stage) {
	event := note("one")
	for i := range 3 {
		stream := s.stream(fmt.Sprint(i))
		s.numbered(s.append(ctx, stream, esdb.NoStream{}, event), 0)
		s.revisions(s.forwards(ctx, stream), "the stream", 0)
	}
}

const (
	concurrentWriters = 8
	rounds            = 10
)

func writerChecks() []check {
	return []check{
		{Check: Check{"writers-01", "Of many writers at the same revision exactly one is heard, at every revision."}, ask: oneWinner},
		{Check: Check{"writers-02", "Many writers that expect anything leave no gap, and each one's events stay in its order."}, ask: noGap},
	}
}

// each runs writers at the same time and returns what each came to.
func each(f func(writer int) error) []error {
	out := make([]error, concurrentWriters)
	var running sync.WaitGroup
	for i := range concurrentWriters {
		running.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					out[i] = fmt.Errorf("panic: %v", cause)
				}
			}()
			out[i] = f(i)
		})
	}
	running.Wait()
	return out
}

func oneWinner(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	for round := range uint64(rounds) {
		won := 0
		for _, err := range each(func(w int) error {
			_, err := s.tryAppend(ctx, stream, esdb.Revision(round), note(fmt.Sprint(w)))
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append after another had won")
		}
		if won != 1 {
			s.fail("at revision %d %d of %d writers were heard", round, won, concurrentWriters)
		}
	}
	s.revisions(s.forwards(ctx, stream), "the stream", upTo(0, rounds+1)...)
}

func noGap(ctx context.Context, s *stage) {
	stream := s.stream("a")
	for _, err := range each(func(w int) error {
		for i := range rounds {
			e := note("x")
			e.EventType, e.Metadata = fmt.Sprintf("writer-%d", w), []byte{byte(i)}
			if _, err := s.tryAppend(ctx, stream, esdb.Any{}, e); err != nil {
				return err
			}
		}
		return nil
	}) {
		s.must(err, "an append that expects anything")
	}
	read := s.forwards(ctx, stream)
	s.revisions(read, "the stream", upTo(0, concurrentWriters*rounds)...)
	next := map[string]byte{}
	for _, e := range read {
		kind := e.Event.EventType
		if len(e.Event.UserMetadata) != 1 || e.Event.UserMetadata[0] != next[kind] {
			s.fail("the events of %s are not in its order", kind)
		}
		next[kind]++
	}
}
