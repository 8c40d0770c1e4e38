package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxAppend is what a node takes in one append unless it is told otherwise:
// data, metadata and twice the length of the type, in bytes.
const maxAppend = 1 << 20

// Append stores the events in the stream, all or none, if the stream is where
// the writer expects it to be, and returns when they are on disk.
//
// A passing failure is retried until the context ends (10 seconds if it has no
// deadline), always with the same event ids and the same expected revision, so
// that an append whose answer was lost is recognised and not stored twice.
// After ErrUnavailable the outcome is unknown; append again with the same ids.
func (l *Log) Append(ctx context.Context, stream string, expect Expect, events ...Event) (Appended, error) {
	if len(events) == 0 {
		return Appended{}, errors.New("nothing to append")
	}
	revision, err := expected(expect)
	if err != nil {
		return Appended{}, err
	}
	options := esdb.AppendToStreamOptions{ExpectedRevision: revision}
	proposed, size := proposals(events)
	written, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		written, err := client.AppendToStream(ctx, stream, options, proposed...)
		if size > maxAppend && (errors.Is(err, io.EOF) || status.Code(err) == codes.InvalidArgument) {
			err = ErrTooLarge // EOF: the node hung up in mid-sending, and its reason is lost
		}
		return written, err
	})
	if err != nil {
		return Appended{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	return Appended{Revision: written.NextExpectedVersion, Position: Position(written.CommitPosition)}, nil
}

// expected puts an expectation into the client's words.
func expected(expect Expect) (esdb.ExpectedRevision, error) {
	switch {
	case expect >= 0:
		return esdb.Revision(uint64(expect)), nil
	case expect == NoStream:
		return esdb.NoStream{}, nil
	case expect == Any:
		return esdb.Any{}, nil
	case expect == Exists:
		return esdb.StreamExists{}, nil
	}
	return nil, fmt.Errorf("no such expectation: %d", expect)
}

// proposals puts events into the client's words and adds up what the node will
// count. Every event has its id before the first attempt: the client would
// draw a new one for each.
func proposals(events []Event) ([]esdb.EventData, int) {
	proposed := make([]esdb.EventData, len(events))
	size := 0
	for i, e := range events {
		if e.ID == uuid.Nil {
			e.ID = uuid.New()
		}
		content := esdb.ContentTypeBinary
		if json.Valid(e.Data) {
			content = esdb.ContentTypeJson
		}
		proposed[i] = esdb.EventData{
			EventID: e.ID, EventType: e.Type, ContentType: content, Data: e.Data, Metadata: e.Meta,
		}
		size += len(e.Data) + len(e.Meta) + 2*len(e.Type)
	}
	return proposed, size
}

// SetMaxCount has the stream keep its last n events only. It replaces all
// other metadata of the stream.
func (l *Log) SetMaxCount(ctx context.Context, stream string, n uint64) error {
	var metadata esdb.StreamMetadata
	metadata.SetMaxCount(n)
	_, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (*esdb.WriteResult, error) {
		return client.SetStreamMetadata(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, metadata)
	})
	if err != nil {
		return fmt.Errorf("set the metadata of %s: %w", stream, err)
	}
	return nil
}

// Delete hides what is in the stream. The stream can be written again and goes
// on with its next revision; followers of the log still see the old events.
// ErrNotFound says that there has never been such a stream.
func (l *Log) Delete(ctx context.Context, stream string) error {
	_, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (*esdb.DeleteResult, error) {
		return client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	})
	if err != nil && status.Code(err) == codes.FailedPrecondition && !errors.Is(err, ErrDeleted) {
		err = ErrNotFound // the only version a delete with any version can miss
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", stream, err)
	}
	return nil
}
