package eventnode

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
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
	slackPerEvent = 256      // bytes that an event may weigh on the wire beyond what counts of it
	waitForPlace  = 15 * time.Second
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
	o, err := in.collect(call, s.node.large)
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
	weight  int // bytes of the buffers, whatever is in them
	held    []mem.Buffer
	first   [2]mem.Buffer // held, if there is one event
	large   chan struct{} // where a large append has a place
	rest    *hurried      // receives what a large append still sends
}

// collect receives a whole append. It reads to the end even if the append is to be
// refused: a client that is cut off while sending sees an end of file in place of
// the reason.
func (in *incoming) collect(call streams.Streams_AppendServer, large chan struct{}) (*write, error) {
	in.held = in.first[:0]
	var m appendMessage
	for {
		err := in.receive(call, &m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if in.refusal != nil {
				err = in.refusal
			}
			return nil, err
		}
		if in.take(&m) {
			in.held = append(in.held, m.buffer)
		} else {
			m.buffer.Free()
		}
		if in.weight > smallAppend && in.rest == nil {
			if err := in.enter(call.Context(), large); err != nil {
				return nil, err
			}
			in.rest = newHurried(call)
		}
	}
	if in.write == nil && in.refusal == nil {
		in.refusal = invalid("an append begins with its options")
	}
	return in.write, in.refusal
}

func (in *incoming) receive(call streams.Streams_AppendServer, m *appendMessage) error {
	if in.rest != nil {
		return in.rest.next(m)
	}
	return call.RecvMsg(m)
}

// take adds a message to the write and says whether it is still needed.
func (in *incoming) take(m *appendMessage) bool {
	if in.refusal != nil {
		return false
	}
	if in.write == nil {
		in.write, in.refusal = appendOptions(m)
		return false
	}
	e := &m.event
	if err := m.refusal(); err != nil {
		in.refuse(err)
		return false
	}
	in.size += len(e.data) + len(e.meta) + 2*len(e.kind)
	in.weight += m.buffer.Len()
	count := len(in.write.events)
	if in.size > MaxAppendBytes || in.weight > MaxAppendBytes+(count+1)*slackPerEvent || count == maxEvents {
		in.refuse(appendTooLarge())
		return false
	}
	in.write.events = append(in.write.events, *e)
	return true
}

// refuse lets go of what has been received. What still comes is read and dropped.
func (in *incoming) refuse(reason error) {
	in.refusal = reason
	in.write.events = nil
	mem.BufferSlice(in.held).Free()
	in.held = in.held[:0]
	in.exit()
}

// enter waits for a place among the large appends, of which only so many are in
// memory at once. One that finds none in good time is refused: it waits with its
// events in hand.
func (in *incoming) enter(ctx context.Context, large chan struct{}) error {
	if in.refusal != nil {
		return nil
	}
	timer := time.NewTimer(waitForPlace)
	defer timer.Stop()
	select {
	case large <- struct{}{}:
		in.large = large
	case <-timer.C:
		in.refuse(&fault{code: codes.ResourceExhausted, text: "too many large appends are being received"})
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (in *incoming) exit() {
	if in.large != nil {
		<-in.large
		in.large = nil
	}
}

// abandon leaves the buffers to the garbage collector.
func (in *incoming) abandon() { in.held = nil }

func (in *incoming) leave() {
	mem.BufferSlice(in.held).Free()
	in.exit()
	if in.rest != nil {
		in.rest.end()
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
	full := n.store.space.full()
	if err := n.store.space.refusal(); err != nil && o.action != actionPurge { // a purge makes room
		return answer{}, err
	}
	select {
	case n.writer.queue <- o:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-full:
		return answer{}, diskFull("")
	case <-n.writer.done:
		return n.late(o)
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
	case <-n.writer.done:
		return n.late(o)
	case <-n.store.failure.done:
		return answer{}, n.store.failure.err
	}
}

// late is what became of a write once the writer has ended.
func (n *Node) late(o *write) (answer, error) {
	select {
	case a := <-o.answer:
		return a, nil
	default:
	}
	if err := n.store.failure.cause(); err != nil {
		return answer{}, err
	}
	return answer{}, unavailable("the event node is closing")
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
