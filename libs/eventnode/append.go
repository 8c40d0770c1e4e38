package eventnode

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
)

// MaxAppendBytes is the most that the events of one append may weigh together, in
// bytes: data, metadata and twice the type of each.
const MaxAppendBytes = 1 << 20

const (
	maxStreamName = 4096 // bytes
	maxEvents     = 16384
	smallAppend   = 64 << 10 // bytes; larger ones wait for a place
	largeAppends  = 32       // places
)

// streamsServer answers the Streams service. BatchAppend is not implemented; the
// official client never calls it.
type streamsServer struct {
	streams.UnimplementedStreamsServer
	node *Node
}

// Append writes events to the end of a stream.
func (s *streamsServer) Append(call streams.Streams_AppendServer) error {
	var in incoming
	defer in.leave()
	o, err := in.collect(s.node, call)
	if err != nil {
		return err
	}
	a, err := s.node.write(call.Context(), o)
	if err != nil {
		in.abandon() // the writer may still read the events
		return err
	}
	switch a.verdict {
	case verdictDeleted:
		return streamDeleted(o.stream)
	case verdictWrong:
		return call.SendAndClose(&streams.AppendResp{Result: wrongResult(o.expected, a.current)})
	case verdictAppend, verdictRepeated: // told twice, done once
	}
	return call.SendMsg(&frame{appended: true, data: mem.BufferSlice{mem.SliceBuffer(successFrame(a))}})
}

// incoming is an append that is being received. The events are not copied: they
// lie in the buffers that they came in until the writer has answered.
type incoming struct {
	write   *write
	refusal error
	size    int
	held    []mem.Buffer
	first   [2]mem.Buffer // held, if there is one event
	large   chan struct{} // where a large append has a place
}

// collect receives a whole append. It reads to the end even if the append is to be
// refused: a client that is cut off while sending sees an end of file in place of
// the reason.
func (in *incoming) collect(n *Node, call streams.Streams_AppendServer) (*write, error) {
	in.held = in.first[:0]
	var m appendMessage
	for {
		err := call.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if in.take(&m) {
			in.held = append(in.held, m.buffer)
		} else {
			m.buffer.Free()
		}
		if in.size > smallAppend && in.large == nil {
			if err := in.enter(call.Context(), n.large); err != nil {
				return nil, err
			}
		}
	}
	if in.write == nil && in.refusal == nil {
		in.refusal = invalid("an append begins with its options")
	}
	return in.write, in.refusal
}

// take adds a message to the write and says whether it is still needed.
func (in *incoming) take(m *appendMessage) bool {
	switch {
	case in.refusal != nil:
	case in.write == nil:
		in.write, in.refusal = appendOptions(m)
		return false
	default:
		e := &m.event
		in.refusal = m.refusal()
		in.size += len(e.data) + len(e.meta) + 2*len(e.kind)
		if in.refusal == nil && (in.size > MaxAppendBytes || len(in.write.events) == maxEvents) {
			in.refusal = appendTooLarge()
		}
		if in.refusal == nil {
			in.write.events = append(in.write.events, *e)
			return true
		}
	}
	if in.write != nil {
		in.write.events = nil
	}
	mem.BufferSlice(in.held).Free()
	in.held = in.held[:0]
	return false
}

// enter waits for a place among the large appends, of which only so many are in
// memory at once.
func (in *incoming) enter(ctx context.Context, large chan struct{}) error {
	select {
	case large <- struct{}{}:
		in.large = large
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abandon leaves the buffers to the garbage collector.
func (in *incoming) abandon() { in.held = nil }

func (in *incoming) leave() {
	mem.BufferSlice(in.held).Free()
	if in.large != nil {
		<-in.large
	}
}

func appendOptions(m *appendMessage) (*write, error) {
	if !m.isOptions {
		return nil, invalid("an append begins with its options")
	}
	name, err := writable(m.stream)
	if err != nil {
		return nil, err
	}
	if !m.hasExpected {
		return nil, invalid("the expected revision is missing")
	}
	o := &write{action: actionAppend, stream: name, expected: m.expected, answer: make(chan answer, 1)}
	o.events = o.one[:0]
	return o, nil
}

// refusal is what is wrong with an event, or nil.
func (m *appendMessage) refusal() error {
	switch {
	case !m.isEvent:
		return invalid("the options of an append come once")
	case !m.hasKind || !m.hasContent:
		return missingMetadata()
	case m.badID || m.event.id == eventID{}:
		return invalid("the event id is empty or not a UUID")
	case len(m.event.kind) == 0:
		return invalid("the event type is empty")
	}
	return nil
}

// streamName is the name of a stream that can be written and read.
func streamName(id *shared.StreamIdentifier) (string, error) { return writable(id.GetStreamName()) }

func writable(bytes []byte) (string, error) {
	name := string(bytes)
	switch {
	case name == "" || name == metastreamPrefix || name == "$all":
		return "", invalid("this is not the name of a stream")
	case len(name) > maxStreamName:
		return "", invalid("the name of the stream is too long")
	}
	return name, nil
}

// write hands a write to the writer and waits until it is on disk. If the context
// ends first the outcome is unknown, and the write may still happen.
func (n *Node) write(ctx context.Context, o *write) (answer, error) {
	full := n.store.space.blocked()
	if err := n.store.space.refusal(); err != nil && o.action != actionPurge { // a purge makes room
		return answer{}, err
	}
	select {
	case n.writer.queue <- o:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-full:
		return answer{}, diskFull("")
	case <-n.store.failure.done:
		return answer{}, n.store.failure.err
	}
	select {
	case a := <-o.answer:
		return a, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-full:
		return answer{}, diskFull("; whether this has been written is not known yet")
	case <-n.store.failure.done:
		return answer{}, n.store.failure.err
	}
}

// successFrame is the message AppendResp of an append that has happened.
func successFrame(a answer) []byte {
	const (
		tagSuccess    = 1<<3 | 2 // AppendResp.success
		tagCurrent    = 1 << 3   // Success.current_revision
		tagNoStream   = 2<<3 | 2 // Success.no_stream
		tagPosition   = 3<<3 | 2 // Success.position
		tagNoPosition = 4<<3 | 2 // Success.no_position
		tagCommitAt   = 1 << 3   // Position.commit_position
		tagPrepareAt  = 2 << 3   // Position.prepare_position
	)
	inner := 2
	if a.current >= 0 {
		inner = 1 + varintSize(uint64(a.current))
	}
	position := 2 + 2*varintSize(a.position)
	if a.position == 0 {
		position = 0
	}
	inner += fieldSize(position)
	dst := appendLength(make([]byte, 0, fieldSize(inner)), tagSuccess, inner)
	if a.current < 0 {
		dst = appendLength(dst, tagNoStream, 0)
	} else {
		dst = appendNumber(dst, tagCurrent, uint64(a.current))
	}
	if a.position == 0 {
		return appendLength(dst, tagNoPosition, 0)
	}
	dst = appendLength(dst, tagPosition, position)
	return appendNumber(appendNumber(dst, tagCommitAt, a.position), tagPrepareAt, a.position)
}

// wrongResult is the answer to a wrong expectation: a normal response, not an
// error. Each field has an older twin that is filled as well.
func wrongResult(e expected, current int64) *streams.AppendResp_WrongExpectedVersion_ {
	type wrong = streams.AppendResp_WrongExpectedVersion
	w := &wrong{}
	if current < 0 {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(current)}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(current)}
	}
	switch e.what {
	case expectAny:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case expectExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: &shared.Empty{}}
	case expectNoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: math.MaxUint64}
	case expectRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: e.revision}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: e.revision}
	}
	return &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}
}
