package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
)

const (
	fillWriters = 16
	fillAppend  = 64 // events, 64 KiB
)

// fillStream appends so many events to one stream.
func fillStream(ctx context.Context, client *esdb.Client, events []payload.Event, stream string, count int) error {
	for done := 0; done < count; {
		n := min(fillAppend*4, count-done)
		proposed := make([]esdb.EventData, n)
		for i := range proposed {
			proposed[i] = proposal(events[(done+i)%len(events)])
		}
		expected := esdb.ExpectedRevision(esdb.NoStream{})
		if done > 0 {
			expected = esdb.Revision(uint64(done - 1)) //nolint:gosec // positive
		}
		if _, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, proposed...); err != nil {
			return fmt.Errorf("fill %s: %w", stream, err)
		}
		done += n
	}
	return nil
}

// filledStream is the name of one of the streams that fillStore fills with
// fillAppend events each.
func filledStream(n int) string { return fmt.Sprintf("stop-%08d", n) }

// fillStore appends at least so many events, in many streams, as fast as the node
// takes them. It tells each event that is on disk to done.
func fillStore(ctx context.Context, client *esdb.Client, events []payload.Event, count int, done *atomic.Int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	streams := (count + fillAppend - 1) / fillAppend
	var next atomic.Int64
	var group sync.WaitGroup
	for range fillWriters {
		group.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1) - 1)
				if n >= streams {
					return
				}
				if err := fillStream(ctx, client, events, filledStream(n), fillAppend); err != nil {
					cancel(err)
					return
				}
				done.Add(fillAppend)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// readAllOf reads to the end and returns how many events there were.
func readAllOf(read *esdb.ReadStream, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	defer read.Close()
	for n := 0; ; n++ {
		if _, err := read.Recv(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}
