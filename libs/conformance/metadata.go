package conformance

import (
	"context"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func metadataChecks() []check {
	return []check{
		{Check: Check{"metadata-01", "Metadata of a stream is read as it was set, custom properties included."}, ask: metadataKept},
		{Check: Check{"metadata-02", "A stream without metadata has none to be found."}, ask: metadataMissing},
		{Check: Check{"metadata-03", "$maxCount hides all but the last events, without renumbering them."}, ask: maxCount},
		{Check: Check{"metadata-04", "$tb hides the events before a revision."}, ask: truncateBefore},
		{Check: Check{"metadata-05", "$maxAge hides what is older; a stream whose events are all too old is empty, not missing."}, ask: maxAge},
		{Check: Check{"metadata-06", "Metadata with a wrong expected revision is refused."}, ask: metadataRefused},
		{Check: Check{"metadata-07", "A metastream shows its last event only, with that one's revision."}, ask: lastWord},
		{Check: Check{"metadata-08", "Metadata may be set before the stream has an event."}, ask: metadataFirst},
	}
}

func (s *stage) setMetadata(ctx context.Context, stream string, expected esdb.ExpectedRevision, m esdb.StreamMetadata) *esdb.WriteResult {
	w, err := s.client.SetStreamMetadata(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, m)
	s.must(err, "setting of metadata")
	return w
}

func metadataKept(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("x"))
	var m esdb.StreamMetadata
	m.SetMaxCount(17)
	m.SetMaxAge(time.Hour)
	m.SetTruncateBefore(0)
	m.SetCacheControl(time.Minute)
	m.AddCustomProperty("owner", "原路")
	s.numbered(s.setMetadata(ctx, stream, esdb.NoStream{}, m), 0)
	got, err := s.client.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}})
	s.must(err, "the read of metadata")
	switch {
	case got.MaxCount() == nil || *got.MaxCount() != 17:
		s.fail("$maxCount is another")
	case got.MaxAge() == nil || *got.MaxAge() != time.Hour:
		s.fail("$maxAge is another")
	case got.TruncateBefore() == nil || *got.TruncateBefore() != 0:
		s.fail("$tb is another")
	case got.CacheControl() == nil || *got.CacheControl() != time.Minute:
		s.fail("$cacheControl is another")
	case got.CustomProperty("owner") != "原路":
		s.fail("the custom property is %v", got.CustomProperty("owner"))
	}
}

func metadataMissing(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("x"))
	_, err := s.client.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}})
	s.want(err, esdb.ErrorCodeResourceNotFound, "the read of metadata that was never set")
}

func maxCount(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(6)...)
	var m esdb.StreamMetadata
	m.SetMaxCount(2)
	s.setMetadata(ctx, stream, esdb.Any{}, m)
	s.revisions(s.forwards(ctx, stream), "forwards from the start", 4, 5)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, manyEvents), "backwards from the end", 5, 4)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}}, 1), "one from the start", 4)
	s.append(ctx, stream, esdb.Revision(5), note("next"))
	s.revisions(s.forwards(ctx, stream), "after one more, the stream", 5, 6)
}

func truncateBefore(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(6)...)
	var m esdb.StreamMetadata
	m.SetTruncateBefore(4)
	s.setMetadata(ctx, stream, esdb.Any{}, m)
	s.revisions(s.forwards(ctx, stream), "forwards from the start", 4, 5)
	s.revisions(s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, manyEvents), "backwards from the end", 5, 4)
}

func maxAge(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	var m esdb.StreamMetadata
	m.SetMaxAge(time.Second)
	s.setMetadata(ctx, stream, esdb.Any{}, m)
	rest(ctx, 2100*time.Millisecond)
	s.revisions(s.forwards(ctx, stream), "a stream whose events are all too old")
	s.append(ctx, stream, esdb.Revision(2), note("young"))
	s.revisions(s.forwards(ctx, stream), "with a young event, the stream", 3)
}

func metadataRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.setMetadata(ctx, stream, esdb.NoStream{}, esdb.StreamMetadata{})
	var m esdb.StreamMetadata
	m.SetMaxCount(3)
	_, err := s.client.SetStreamMetadata(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(5)}, m)
	s.want(err, esdb.ErrorCodeWrongExpectedVersion, "metadata with a wrong expected revision")
	s.numbered(s.setMetadata(ctx, stream, esdb.Revision(0), m), 1)
}

func lastWord(ctx context.Context, s *stage) {
	stream := s.stream("a")
	for i := range uint64(3) {
		var m esdb.StreamMetadata
		m.SetMaxCount(i + 1)
		s.setMetadata(ctx, stream, esdb.Any{}, m)
	}
	s.revisions(s.forwards(ctx, "$$"+stream), "the metastream", 2)
}

func metadataFirst(ctx context.Context, s *stage) {
	stream := s.stream("a")
	var m esdb.StreamMetadata
	m.SetMaxCount(1)
	s.setMetadata(ctx, stream, esdb.NoStream{}, m)
	_, err := s.tryRead(ctx, stream, esdb.ReadStreamOptions{}, 1)
	s.want(err, esdb.ErrorCodeResourceNotFound, "the read of a stream that has only metadata")
	s.numbered(s.append(ctx, stream, esdb.NoStream{}, notes(3)...), 2)
	s.revisions(s.forwards(ctx, stream), "the stream", 2)
}
