package conformance

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func deleteChecks() []check {
	return []check{
		{Check: Check{"delete-01", "A deleted stream is not found."}, ask: deletedIsMissing},
		{Check: Check{"delete-02", "A deleted stream can be written again; its revisions go on and the old events stay hidden."}, ask: revisionsGoOn},
		{Check: Check{"delete-03", "A deletion that expects another revision is refused, and the stream stays."}, ask: deleteRefused},
		{Check: Check{"delete-04", "A tombstoned stream can neither be read nor written."}, ask: tombstoned},
		{Check: Check{"delete-05", "A tombstone that expects another revision is refused, and the stream stays."}, ask: tombstoneRefused},
		{Check: Check{"delete-06", "To expect a stream that is deleted is answered with \"stream deleted\"."}, ask: existsAfterDelete},
		{Check: Check{"delete-07", "Events of a deleted stream stay in $all."}, ask: deletedInAll},
		{Check: Check{"delete-08", "A deleted stream can be deleted again after it was written again."}, ask: deleteTwice},
	}
}

func (s *stage) remove(ctx context.Context, stream string, expected esdb.ExpectedRevision) esdb.Position {
	d, err := s.client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: expected})
	s.must(err, "the deletion of a stream")
	return d.Position
}

func deletedIsMissing(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	if p := s.remove(ctx, stream, esdb.Revision(2)); p.Commit == 0 {
		s.fail("the deletion has no position")
	}
	for _, o := range []esdb.ReadStreamOptions{{From: esdb.Start{}}, {From: esdb.End{}, Direction: esdb.Backwards}} {
		_, err := s.tryRead(ctx, stream, o, 1)
		s.want(err, esdb.ErrorCodeResourceNotFound, "the read of a deleted stream")
	}
}

func revisionsGoOn(ctx context.Context, s *stage) {
	for _, c := range []struct {
		name     string
		expected esdb.ExpectedRevision
	}{{"any", esdb.Any{}}, {"none", esdb.NoStream{}}, {"revision", esdb.Revision(2)}} {
		stream := s.stream(c.name)
		s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
		s.remove(ctx, stream, esdb.Any{})
		s.numbered(s.append(ctx, stream, c.expected, notes(2)...), 4)
		s.revisions(s.forwards(ctx, stream), "written again with an append that expects "+said(c.expected)+", the stream", 3, 4)
	}
}

func deleteRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	_, err := s.client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)})
	s.refused(ctx, err, "a deletion that expects another revision")
	s.revisions(s.forwards(ctx, stream), "the stream", 0, 1, 2)
}

func tombstoned(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(2)...)
	d, err := s.client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(1)})
	s.must(err, "a tombstone")
	if d.Position.Commit == 0 {
		s.fail("the tombstone has no position")
	}
	_, err = s.tryRead(ctx, stream, esdb.ReadStreamOptions{}, 1)
	s.want(err, esdb.ErrorCodeStreamDeleted, "the read of a tombstoned stream")
	for _, expected := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}, esdb.StreamExists{}} {
		_, err = s.tryAppend(ctx, stream, expected, note("late"))
		s.want(err, esdb.ErrorCodeStreamDeleted, "an append to a tombstoned stream that expects "+said(expected))
	}
}

func tombstoneRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	_, err := s.client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(0)})
	s.refused(ctx, err, "a tombstone that expects another revision")
	s.revisions(s.forwards(ctx, stream), "the stream", 0, 1, 2)
}

func existsAfterDelete(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(2)...)
	s.remove(ctx, stream, esdb.Any{})
	_, err := s.tryAppend(ctx, stream, esdb.StreamExists{}, note("late"))
	s.want(err, esdb.ErrorCodeStreamDeleted, "an append that expects a stream, to a deleted one")
}

func deletedInAll(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(2)...)
	first := s.forwards(ctx, stream)[0]
	s.remove(ctx, stream, esdb.Any{})
	s.revisions(own(s.readAll(ctx, esdb.ReadAllOptions{From: at(first)}), stream), "the part of $all", 0, 1)
}

func deleteTwice(ctx context.Context, s *stage) {
	stream := s.stream("a")
	for last := uint64(1); last < 6; last += 2 {
		s.numbered(s.append(ctx, stream, esdb.Any{}, notes(2)...), last)
		s.revisions(s.forwards(ctx, stream), "the stream", last-1, last)
		s.remove(ctx, stream, esdb.Revision(last))
		_, err := s.tryRead(ctx, stream, esdb.ReadStreamOptions{}, 1)
		s.want(err, esdb.ErrorCodeResourceNotFound, "the read of a deleted stream")
	}
}

func linkChecks() []check {
	return []check{
		{Check: Check{"link-01", "A resolved link gives the event it points to, and the link beside it."}, ask: linkResolved},
		{Check: Check{"link-02", "A link that is not to be resolved is an event like others."}, ask: linkUnresolved},
		{Check: Check{"link-03", "A link to an event that was never written is delivered without it."}, ask: linkToNothing},
		{Check: Check{"link-04", "A link to a deleted stream is delivered without the event."}, ask: linkToDeleted},
		{Check: Check{"link-05", "Links are resolved by subscriptions too."}, ask: linkFollowed},
	}
}

// link is an event that points to another.
func link(to string) esdb.EventData {
	e := note("")
	e.EventType, e.ContentType, e.Data = "$>", esdb.ContentTypeBinary, []byte(to)
	return e
}

func linkResolved(ctx context.Context, s *stage) {
	source, index := s.stream("source"), s.stream("index")
	s.append(ctx, source, esdb.NoStream{}, notes(3)...)
	s.append(ctx, index, esdb.NoStream{}, link("2@"+source), link("0@"+source))
	for _, o := range []esdb.ReadStreamOptions{{From: esdb.Start{}, ResolveLinkTos: true}, {From: esdb.End{}, Direction: esdb.Backwards, ResolveLinkTos: true}} {
		read := s.read(ctx, index, o, manyEvents)
		if len(read) != 2 {
			s.fail("%d events were read", len(read))
		}
		for _, e := range read {
			want := uint64(2)
			if e.OriginalEvent().EventNumber == 1 {
				want = 0
			}
			s.pointsTo(e, index, source, want)
		}
	}
}

// pointsTo ends the check unless an event is a link of one stream to an event of
// another.
func (s *stage) pointsTo(e *esdb.ResolvedEvent, index, source string, revision uint64) {
	switch {
	case e.Link == nil || e.Link.StreamID != index || e.Link.EventType != "$>":
		s.fail("the link itself is missing")
	case e.Event == nil:
		s.fail("the event is missing")
	case e.Event.StreamID != source || e.Event.EventNumber != revision:
		s.fail("it points to revision %d of %q", e.Event.EventNumber, e.Event.StreamID)
	}
}

func linkUnresolved(ctx context.Context, s *stage) {
	source, index := s.stream("source"), s.stream("index")
	s.append(ctx, source, esdb.NoStream{}, note("x"))
	s.append(ctx, index, esdb.NoStream{}, link("0@"+source))
	read := s.forwards(ctx, index)
	s.revisions(read, "the stream of links", 0)
	if e := read[0]; e.Link != nil || e.Event == nil || e.Event.EventType != "$>" || string(e.Event.Data) != "0@"+source {
		s.fail("the link is not read as an event")
	}
}

func (s *stage) pointsNowhere(ctx context.Context, index string) {
	read := s.read(ctx, index, esdb.ReadStreamOptions{From: esdb.Start{}, ResolveLinkTos: true}, manyEvents)
	if len(read) != 1 {
		s.fail("%d events were read", len(read))
	}
	if read[0].Link == nil || read[0].Event != nil {
		s.fail("link there: %t, event there: %t", read[0].Link != nil, read[0].Event != nil)
	}
}

func linkToNothing(ctx context.Context, s *stage) {
	index := s.stream("index")
	s.append(ctx, index, esdb.NoStream{}, link("7@"+s.stream("missing")))
	s.pointsNowhere(ctx, index)
}

func linkToDeleted(ctx context.Context, s *stage) {
	source, index := s.stream("source"), s.stream("index")
	s.append(ctx, source, esdb.NoStream{}, note("x"))
	s.append(ctx, index, esdb.NoStream{}, link("0@"+source))
	s.remove(ctx, source, esdb.Any{})
	s.pointsNowhere(ctx, index)
}

func linkFollowed(ctx context.Context, s *stage) {
	source, index := s.stream("source"), s.stream("index")
	s.append(ctx, source, esdb.NoStream{}, notes(2)...)
	f := s.follow(ctx, index, esdb.SubscribeToStreamOptions{From: esdb.Start{}, ResolveLinkTos: true})
	defer f.close()
	s.append(ctx, index, esdb.NoStream{}, link("1@"+source))
	s.pointsTo(f.event(ctx, s), index, source, 1)
}
