package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const pagesOfEvents = 2500

func readChecks() []check {
	return []check{
		{Check: Check{"read-01", "Forwards from the start gives all events in order; from a revision, that one first."}, ask: readForwards},
		{Check: Check{"read-02", "Backwards from the end gives the last event first; from a revision, that one first."}, ask: readBackwards},
		{Check: Check{"read-03", "A count bounds the events of a read."}, ask: readCount},
		{Check: Check{"read-04", "A read that begins beyond the end gives nothing, and is no error."}, ask: readBeyond},
		{Check: Check{"read-05", "A stream that was never written is not found."}, ask: readMissing},
		{Check: Check{"read-06", "A stream of 2,500 events is read completely, both ways."}, ask: readPages},
	}
}

func readForwards(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.revisions(s.forwards(ctx, stream), "forwards from the start", 0, 1, 2, 3, 4)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(3)}, manyEvents), "forwards from 3", 3, 4)
}

func readBackwards(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, manyEvents), "backwards from the end", 4, 3, 2, 1, 0)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(2), Direction: esdb.Backwards}, manyEvents), "backwards from 2", 2, 1, 0)
}

func readCount(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}}, 2), "two from the start", 0, 1)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1), "one from the end", 4)
}

func readBeyond(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(2)...)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(2)}, manyEvents), "forwards from 2")
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(1 << 40)}, manyEvents), "forwards from far beyond")
}

func readMissing(ctx context.Context, s *stage) {
	for _, o := range []esdb.ReadStreamOptions{{From: esdb.Start{}}, {From: esdb.End{}, Direction: esdb.Backwards}} {
		_, err := s.tryRead(ctx, s.stream("missing"), o, 1)
		s.want(err, esdb.ErrorCodeResourceNotFound, "the read of a stream that was never written")
	}
}

func readPages(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(pagesOfEvents)...)
	want := upTo(0, pagesOfEvents)
	s.revisions(s.forwards(ctx, stream), "forwards", want...)
	slices.Reverse(want)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, manyEvents), "backwards", want...)
}

func allChecks() []check {
	return []check{
		{Check: Check{"all-01", "$all has the events of several streams in the order in which they were appended."}, ask: allInOrder},
		{Check: Check{"all-02", "Positions in $all rise strictly, and prepare is never above commit."}, ask: allRises},
		{Check: Check{"all-03", "A read of $all from an event's position begins with that event."}, ask: allResumes},
		{Check: Check{"all-04", "Backwards from an event's position come the events before it."}, ask: allBackwards},
		{Check: Check{"all-05", "Backwards from the end positions fall strictly, and what was just written is there."}, ask: allFromEnd},
		{Check: Check{"all-06", "A position beyond the end of the log is refused."}, ask: allBeyond},
	}
}

// readOf bounds how much of $all is read to find one's own events among others'.
const readOf = 4096

func at(e *esdb.ResolvedEvent) esdb.Position { return e.OriginalEvent().Position }

// own are the events of these streams.
func own(events []*esdb.ResolvedEvent, streams ...string) []*esdb.ResolvedEvent {
	return slices.DeleteFunc(slices.Clone(events), func(e *esdb.ResolvedEvent) bool {
		return !slices.Contains(streams, e.OriginalEvent().StreamID)
	})
}

// interleaved writes six events to two streams in turn, and returns what
// $all has since then.
func interleaved(ctx context.Context, s *stage) (all []*esdb.ResolvedEvent, streams []string) {
	streams = []string{s.stream("a"), s.stream("b")}
	for i := range 6 {
		s.append(ctx, streams[i%2], esdb.Any{}, note(fmt.Sprint(i)))
	}
	first := s.forwards(ctx, streams[0])[0]
	return s.readAll(ctx, esdb.ReadAllOptions{From: at(first)}), streams
}

func allInOrder(ctx context.Context, s *stage) {
	all, streams := interleaved(ctx, s)
	mine := own(all, streams...)
	s.revisions(mine, "the part of $all", 0, 0, 1, 1, 2, 2)
	for i, e := range mine {
		if want := streams[i%2]; e.OriginalEvent().StreamID != want {
			s.fail("the event in place %d is of another stream", i)
		}
	}
}

func allRises(ctx context.Context, s *stage) {
	all, _ := interleaved(ctx, s)
	for i, e := range all {
		p := at(e)
		if p.Prepare > p.Commit {
			s.fail("prepare %d is above commit %d", p.Prepare, p.Commit)
		}
		if i > 0 && p.Commit <= at(all[i-1]).Commit {
			s.fail("after commit position %d comes %d", at(all[i-1]).Commit, p.Commit)
		}
	}
}

func allResumes(ctx context.Context, s *stage) {
	all, streams := interleaved(ctx, s)
	third := own(all, streams...)[2]
	again := s.readAll(ctx, esdb.ReadAllOptions{From: at(third)})
	if len(again) == 0 || again[0].OriginalEvent().EventID != third.OriginalEvent().EventID {
		s.fail("it begins with another event")
	}
	s.revisions(own(again, streams...), "the rest of $all", 1, 1, 2, 2)
}

func allBackwards(ctx context.Context, s *stage) {
	all, streams := interleaved(ctx, s)
	fourth := own(all, streams...)[3]
	before := s.readAll(ctx, esdb.ReadAllOptions{From: at(fourth), Direction: esdb.Backwards})
	s.revisions(own(before, streams...), "backwards from the fourth event", 1, 0, 0)
}

func allFromEnd(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("last"))
	end := s.readAll(ctx, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards})
	for i, e := range end {
		if i > 0 && at(e).Commit >= at(end[i-1]).Commit {
			s.fail("after commit position %d comes %d", at(end[i-1]).Commit, at(e).Commit)
		}
	}
	s.revisions(own(end, stream), "the end of $all", 0)
}

func allBeyond(ctx context.Context, s *stage) {
	const far = 1 << 60
	read, err := s.tryReadAll(ctx, esdb.ReadAllOptions{From: esdb.Position{Commit: far, Prepare: far}}, 1)
	if err == nil {
		s.differs("%d events were read", len(read))
	}
	s.refused(ctx, err, "a read from a position beyond the end")
}
