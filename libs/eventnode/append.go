package eventnode

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// MaxAppendBytes is the most that the events of one append may weigh together, in
// bytes: data, metadata and twice the type of each.
const MaxAppendBytes = 1 << 20

const (
	maxStreamName = 4096 // bytes
	maxEvents     = 16384
)

// streamsServer answers the Streams service. BatchAppend is not implemented; the
// official client never calls it.
type streamsServer struct {
	streams.UnimplementedStreamsServer
	node *Node
}

// Append writes events to the end of a stream.
func (s *streamsServer) Append(call streams.Streams_AppendServer) error {
	o, err := collect(call)
	if err != nil {
		return err
	}
	a, err := s.node.write(call.Context(), o)
	if err != nil {
		return err
	}
	switch a.verdict {
	case verdictDeleted:
		return streamDeleted(o.stream)
	case verdictWrong:
		return call.SendAndClose(&streams.AppendResp{Result: wrongResult(o.expected, a.current)})
	case verdictAppend, verdictRepeated: // told twice, done once
	}
	return call.SendAndClose(&streams.AppendResp{Result: successResult(a)})
}

// collect receives a whole append. It reads to the end even if the append is to be
// refused: a client that is cut off while sending sees an end of file in place of
// the reason.
func collect(call streams.Streams_AppendServer) (*write, error) {
	var (
		o       *write
		refusal error
		size    int
	)
	for {
		req, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch {
		case refusal != nil:
		case o == nil:
			o, refusal = appendOptions(req.GetOptions())
		default:
			var rec record
			rec, refusal = proposal(req.GetProposedMessage())
			size += len(rec.data) + len(rec.meta) + 2*len(rec.kind)
			if refusal == nil && (size > MaxAppendBytes || len(o.events) == maxEvents) {
				refusal = appendTooLarge()
			}
			o.events = append(o.events, rec)
		}
		if refusal != nil && o != nil {
			o.events = nil
		}
	}
	if o == nil && refusal == nil {
		refusal = invalid("an append begins with its options")
	}
	return o, refusal
}

func appendOptions(options *streams.AppendReq_Options) (*write, error) {
	if options == nil {
		return nil, invalid("an append begins with its options")
	}
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	o := &write{action: actionAppend, stream: name, answer: make(chan answer, 1)}
	switch e := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		o.expected = expected{expectRevision, e.Revision}
	case *streams.AppendReq_Options_NoStream:
		o.expected.what = expectNoStream
	case *streams.AppendReq_Options_StreamExists:
		o.expected.what = expectExists
	case *streams.AppendReq_Options_Any:
		o.expected.what = expectAny
	default:
		return nil, invalid("the expected revision is missing")
	}
	return o, nil
}

func proposal(message *streams.AppendReq_ProposedMessage) (record, error) {
	if message == nil {
		return record{}, invalid("the options of an append come once")
	}
	kind, hasKind := message.GetMetadata()["type"]
	contentType, hasContent := message.GetMetadata()["content-type"]
	if !hasKind || !hasContent {
		return record{}, missingMetadata()
	}
	id, err := idOfProto(message.GetId())
	switch {
	case err != nil || id == eventID{}:
		return record{}, invalid("the event id is empty or not a UUID")
	case kind == "":
		return record{}, invalid("the event type is empty")
	}
	return record{
		id: id, json: contentType == contentJSON,
		kind: []byte(kind), meta: message.GetCustomMetadata(), data: message.GetData(),
	}, nil
}

// streamName is the name of a stream that can be written and read.
func streamName(id *shared.StreamIdentifier) (string, error) {
	name := string(id.GetStreamName())
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
	select {
	case n.writer.queue <- o:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-n.store.failure.done:
		return answer{}, n.store.failure.err
	}
	select {
	case a := <-o.answer:
		return a, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-n.store.failure.done:
		return answer{}, n.store.failure.err
	}
}

func successResult(a answer) *streams.AppendResp_Success_ {
	success := &streams.AppendResp_Success{}
	if a.current < 0 {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	} else {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(a.current)}
	}
	if a.position == 0 {
		success.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
	} else {
		success.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: a.position, PreparePosition: a.position,
		}}
	}
	return &streams.AppendResp_Success_{Success: success}
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
