package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// patience bounds the wait for one thing that a server promises to do.
const patience = 10 * time.Second

// manyEvents is more than any read of a check delivers.
const manyEvents = 1 << 20

// stage is what a check works with. Its methods end the check when the server
// does not do what was asked.
type stage struct {
	check  string
	client *esdb.Client
	config *esdb.Configuration
	names  *names
}

// ending is how a check ends before its last line. It travels as a panic, which
// no check recovers from.
type ending struct {
	class Class
	text  string
}

// asked runs a check to its end.
func asked(ctx context.Context, c check, s *stage) (e ending) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
			e = ending{class: Pass}
		case ending:
			e = cause
		default: // the client panics on answers that it does not expect
			e = ending{Fail, fmt.Sprintf("panic: %v", cause)}
		}
	}()
	c.ask(ctx, s)
	return e
}

func (s *stage) fail(format string, args ...any) {
	panic(ending{Fail, fmt.Sprintf(format, args...)})
}

func (s *stage) skip(format string, args ...any) {
	panic(ending{Skipped, fmt.Sprintf(format, args...)})
}

// differs ends a check that saw what [Differences] says of a real server.
func (s *stage) differs(format string, args ...any) {
	if !slices.ContainsFunc(Differences(), func(d Difference) bool { return d.ID == s.check }) {
		s.fail(format, args...)
	}
	panic(ending{Differs, fmt.Sprintf(format, args...)})
}

// must ends the check unless err is nil. What the user of the connection may not
// do is no fault of the server.
func (s *stage) must(err error, what string) {
	if err == nil {
		return
	}
	if c := codeOf(err); c == esdb.ErrorCodeAccessDenied || c == esdb.ErrorCodeUnauthenticated {
		s.skip("not permitted: %s", what)
	}
	s.fail("%s: %v", what, err)
}

// want ends the check unless err has a code.
func (s *stage) want(err error, code esdb.ErrorCode, what string) {
	if err == nil {
		s.fail("%s was accepted", what)
	}
	if got := codeOf(err); got != code {
		if got == esdb.ErrorCodeAccessDenied || got == esdb.ErrorCodeUnauthenticated {
			s.skip("not permitted: %s", what)
		}
		s.fail("%s was answered with code %d: %v", what, got, err)
	}
}

// refused ends the check unless err is an answer that says no.
func (s *stage) refused(ctx context.Context, err error, what string) {
	if err == nil {
		s.fail("%s was accepted", what)
	}
	switch code := codeOf(err); {
	case code == esdb.ErrorCodeAccessDenied || code == esdb.ErrorCodeUnauthenticated:
		s.skip("not permitted: %s", what)
	case ctx.Err() != nil || code == esdb.ErrorUnavailable || code == esdb.ErrorCodeDeadlineExceeded:
		s.fail("%s was not answered: %v", what, err)
	}
}

func codeOf(err error) esdb.ErrorCode {
	if e, ok := errors.AsType[*esdb.Error](err); ok {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}

// stream is a name for a stream of this check, to be removed at the end.
func (s *stage) stream(name string) string { return s.names.stream(s.check + "-" + name) }

// note is an event that nobody else has written.
func note(text string) esdb.EventData {
	return esdb.EventData{
		EventID: uuid.New(), EventType: "noted", ContentType: esdb.ContentTypeJson,
		Data: fmt.Appendf(nil, `{"text":%q}`, text),
	}
}

// notes are n events.
func notes(n int) []esdb.EventData {
	out := make([]esdb.EventData, n)
	for i := range out {
		out[i] = note(strconv.Itoa(i))
	}
	return out
}

func (s *stage) tryAppend(ctx context.Context, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) (*esdb.WriteResult, error) {
	return s.client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
}

func (s *stage) append(ctx context.Context, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) *esdb.WriteResult {
	w, err := s.tryAppend(ctx, stream, expected, events...)
	s.must(err, fmt.Sprintf("append of %d events that expects %s", len(events), said(expected)))
	return w
}

// said is an expectation in words.
func said(e esdb.ExpectedRevision) string {
	switch e := e.(type) {
	case esdb.Any:
		return "anything"
	case esdb.NoStream:
		return "no stream"
	case esdb.StreamExists:
		return "a stream"
	case esdb.StreamRevision:
		return "revision " + strconv.FormatUint(e.Value, 10)
	}
	return "nothing"
}

func (s *stage) tryRead(ctx context.Context, stream string, o esdb.ReadStreamOptions, count uint64) ([]*esdb.ResolvedEvent, error) {
	r, err := s.client.ReadStream(ctx, stream, o, count)
	return drained(r, err)
}

func (s *stage) read(ctx context.Context, stream string, o esdb.ReadStreamOptions, count uint64) []*esdb.ResolvedEvent {
	out, err := s.tryRead(ctx, stream, o, count)
	s.must(err, "read of a stream")
	return out
}

// forwards is the whole stream.
func (s *stage) forwards(ctx context.Context, stream string) []*esdb.ResolvedEvent {
	return s.read(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}}, manyEvents)
}

func (s *stage) tryReadAll(ctx context.Context, o esdb.ReadAllOptions, count uint64) ([]*esdb.ResolvedEvent, error) {
	r, err := s.client.ReadAll(ctx, o, count)
	return drained(r, err)
}

// readAll reads a bounded piece of $all.
func (s *stage) readAll(ctx context.Context, o esdb.ReadAllOptions) []*esdb.ResolvedEvent {
	out, err := s.tryReadAll(ctx, o, readOf)
	s.must(err, "read of $all")
	return out
}

func drained(r *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []*esdb.ResolvedEvent
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

// revisions ends the check unless events have these revisions, in this order.
func (s *stage) revisions(events []*esdb.ResolvedEvent, what string, want ...uint64) {
	got := make([]uint64, len(events))
	for i, e := range events {
		got[i] = e.OriginalEvent().EventNumber
	}
	if !slices.Equal(got, want) {
		s.fail("%s has revisions %v, not %v", what, short(got), short(want))
	}
}

// short is a list that can be printed.
func short(list []uint64) string {
	const most = 20
	if len(list) <= most {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("%s … (%d)", strings.TrimSuffix(fmt.Sprint(list[:most]), "]"), len(list))
}

// upTo are the revisions from one up to, without, another.
func upTo(from, to uint64) []uint64 {
	var out []uint64
	for ; from < to; from++ {
		out = append(out, from)
	}
	return out
}

// numbered ends the check unless a write ended at a revision.
func (s *stage) numbered(w *esdb.WriteResult, last uint64) {
	if w.NextExpectedVersion != last {
		s.fail("the last event got revision %d, not %d", w.NextExpectedVersion, last)
	}
}

// until asks again until it is so, for as long as patience lasts: another
// process can only be looked at.
func (s *stage) until(ctx context.Context, what string, so func() bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.fail("within %v it did not come about that %s", patience, what)
		}
	}
}

// rest waits while nothing is to happen.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
