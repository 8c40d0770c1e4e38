package conformance

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

const (
	kilobyte     = 1 << 10
	bigEvent     = 900 * kilobyte
	tooBigAppend = 1200 * kilobyte
	longestSkew  = 24 * time.Hour
)

func appendChecks() []check {
	return []check{
		{Check: Check{"append-01", "The first events of a stream are numbered from 0, and the answer names the last one's revision and a position."}, ask: firstAppend},
		{Check: Check{"append-02", "Several events of one append are stored together, in order, with id, type, data, metadata and content type."}, ask: contentKept},
		{Check: Check{"append-03", "Whoever expects no stream is refused when there is one."}, ask: noStreamRefused},
		{Check: Check{"append-04", "Whoever expects a revision is refused when the stream ends at a lower or a higher one."}, ask: revisionRefused},
		{Check: Check{"append-05", "Whoever expects a stream is refused when there is none, and heard when there is one."}, ask: streamExists},
		{Check: Check{"append-06", "A refused append of several events leaves none of them."}, ask: refusedLeavesNothing},
		{Check: Check{"append-11", "An event without data and metadata is stored and read as such."}, ask: emptyEvent},
		{Check: Check{"append-12", "An event of 900 KiB is stored and read unchanged."}, ask: bigEventKept},
		{Check: Check{"append-13", "An append of more than 1 MiB is refused as a whole."}, ask: tooBigRefused},
		{Check: Check{"append-14", "Names of streams may hold spaces, slashes, percent signs, quotes, colons, Chinese and other signs, and 500 letters."}, ask: unusualNames},
		{Check: Check{"append-15", "The server's time of an event is now, give or take a day."}, ask: createdNow},
		{Check: Check{"append-16", "Positions of later appends are higher."}, ask: positionsRise},
	}
}

func firstAppend(ctx context.Context, s *stage) {
	stream := s.stream("a")
	w := s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	s.numbered(w, 2)
	if w.CommitPosition == 0 || w.PreparePosition > w.CommitPosition {
		s.fail("the position is commit %d, prepare %d", w.CommitPosition, w.PreparePosition)
	}
	s.numbered(s.append(ctx, stream, esdb.Revision(2), note("next")), 3)
	s.revisions(s.forwards(ctx, stream), "the stream", 0, 1, 2, 3)
}

func contentKept(ctx context.Context, s *stage) {
	stream := s.stream("a")
	events := []esdb.EventData{
		{EventID: uuid.New(), EventType: "noted", ContentType: esdb.ContentTypeJson, Data: []byte(`{"a":"原路"}`), Metadata: []byte(`{"b":1}`)},
		{EventID: uuid.New(), EventType: "类型 with/signs%20", ContentType: esdb.ContentTypeBinary, Data: []byte{0, 1, 0xff}, Metadata: []byte{0xfe, 0}},
		{EventID: uuid.New(), EventType: "noted", ContentType: esdb.ContentTypeJson, Data: []byte(`[]`)},
	}
	s.append(ctx, stream, esdb.NoStream{}, events...)
	read := s.forwards(ctx, stream)
	s.revisions(read, "the stream", 0, 1, 2)
	for i, want := range events {
		got := read[i].Event
		contentType := map[esdb.ContentType]string{esdb.ContentTypeJson: "application/json", esdb.ContentTypeBinary: "application/octet-stream"}[want.ContentType]
		switch {
		case got.EventID != want.EventID:
			s.fail("event %d has another id", i)
		case got.EventType != want.EventType:
			s.fail("event %d has type %q", i, got.EventType)
		case !bytes.Equal(got.Data, want.Data):
			s.fail("event %d has other data: %d bytes for %d", i, len(got.Data), len(want.Data))
		case !bytes.Equal(got.UserMetadata, want.Metadata):
			s.fail("event %d has other metadata", i)
		case got.ContentType != contentType:
			s.fail("event %d has content type %q", i, got.ContentType)
		case got.StreamID != stream:
			s.fail("event %d is of stream %q", i, got.StreamID)
		}
	}
}

func noStreamRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	_, err := s.tryAppend(ctx, stream, esdb.NoStream{}, note("other"))
	s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append that expects no stream")
	s.revisions(s.forwards(ctx, stream), "the stream", 0)
}

func revisionRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	for _, revision := range []uint64{0, 1, 3, 1 << 40} {
		_, err := s.tryAppend(ctx, stream, esdb.Revision(revision), note("other"))
		s.want(err, esdb.ErrorCodeWrongExpectedVersion, fmt.Sprintf("an append to revision 2 that expects %d", revision))
	}
	_, err := s.tryAppend(ctx, s.stream("missing"), esdb.Revision(0), note("other"))
	s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append to no stream that expects revision 0")
	s.revisions(s.forwards(ctx, stream), "the stream", 0, 1, 2)
}

func streamExists(ctx context.Context, s *stage) {
	stream := s.stream("a")
	_, err := s.tryAppend(ctx, stream, esdb.StreamExists{}, note("first"))
	s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append to no stream that expects one")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	s.numbered(s.append(ctx, stream, esdb.StreamExists{}, note("second")), 1)
}

func refusedLeavesNothing(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("first"))
	_, err := s.tryAppend(ctx, stream, esdb.Revision(7), notes(20)...)
	s.want(err, esdb.ErrorCodeWrongExpectedVersion, "an append of 20 events with a wrong revision")
	s.revisions(s.forwards(ctx, stream), "the stream", 0)
	s.numbered(s.append(ctx, stream, esdb.Revision(0), note("second")), 1)
}

func emptyEvent(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, esdb.EventData{EventID: uuid.New(), EventType: "empty", ContentType: esdb.ContentTypeBinary})
	read := s.forwards(ctx, stream)
	s.revisions(read, "the stream", 0)
	if e := read[0].Event; len(e.Data) != 0 || len(e.UserMetadata) != 0 {
		s.fail("it has %d bytes of data and %d of metadata", len(e.Data), len(e.UserMetadata))
	}
}

func bigEventKept(ctx context.Context, s *stage) {
	stream := s.stream("a")
	data := bytes.Repeat([]byte("0123456789abcdef"), bigEvent/16)
	s.append(ctx, stream, esdb.NoStream{}, esdb.EventData{EventID: uuid.New(), EventType: "big", ContentType: esdb.ContentTypeBinary, Data: data})
	read := s.forwards(ctx, stream)
	s.revisions(read, "the stream", 0)
	if !bytes.Equal(read[0].Event.Data, data) {
		s.fail("it was read with other data, %d bytes for %d", len(read[0].Event.Data), len(data))
	}
}

func tooBigRefused(ctx context.Context, s *stage) {
	stream := s.stream("a")
	half := bytes.Repeat([]byte{7}, tooBigAppend/2)
	events := []esdb.EventData{
		{EventID: uuid.New(), EventType: "half", ContentType: esdb.ContentTypeBinary, Data: half},
		{EventID: uuid.New(), EventType: "half", ContentType: esdb.ContentTypeBinary, Data: half},
	}
	_, err := s.tryAppend(ctx, stream, esdb.NoStream{}, events...)
	if err == nil {
		s.differs("an append of %d KiB was accepted", tooBigAppend/kilobyte)
	}
	s.refused(ctx, err, "an append of more than 1 MiB")
	_, err = s.tryRead(ctx, stream, esdb.ReadStreamOptions{}, 1)
	s.want(err, esdb.ErrorCodeResourceNotFound, "the read of a stream whose only append was too large")
}

func unusualNames(ctx context.Context, s *stage) {
	for _, name := range []string{
		"with space", "a/b/c", "100%25%2F", `quote"and'`, "a::b", "原路退还-案件", "émoji🙂", "a@b", "?x=1&y#z", `back\slash`, strings.Repeat("long", 100),
	} {
		stream := s.stream(name)
		s.append(ctx, stream, esdb.NoStream{}, note(name))
		read := s.forwards(ctx, stream)
		s.revisions(read, fmt.Sprintf("the stream %q", stream), 0)
		if got := read[0].Event.StreamID; got != stream {
			s.fail("an event of %q says that it is of %q", stream, got)
		}
	}
}

func createdNow(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("now"))
	at := s.forwards(ctx, stream)[0].Event.CreatedDate
	if skew := time.Since(at).Abs(); skew > longestSkew {
		s.fail("it was created at %s", at.UTC().Format(time.RFC3339))
	}
}

func positionsRise(ctx context.Context, s *stage) {
	var before uint64
	for i := range 10 {
		w := s.append(ctx, s.stream(fmt.Sprint(i%3)), esdb.Any{}, notes(2)...)
		if w.CommitPosition <= before {
			s.fail("after position %d came %d", before, w.CommitPosition)
		}
		before = w.CommitPosition
	}
}
