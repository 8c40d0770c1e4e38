package eventnode

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Delete hides the events of a stream. The stream can be written again and its
// revisions go on.
func (s *streamsServer) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	options := req.GetOptions()
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	o := &write{action: actionDelete, stream: name, answer: make(chan answer, 1)}
	switch e := options.GetExpectedStreamRevision().(type) {
	case *streams.DeleteReq_Options_Revision:
		o.expected = expected{expectRevision, e.Revision}
	case *streams.DeleteReq_Options_NoStream:
		o.expected.what = expectNoStream
	case *streams.DeleteReq_Options_StreamExists:
		o.expected.what = expectExists
	}
	position, err := s.remove(ctx, o)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{
		Position: &streams.DeleteResp_Position{CommitPosition: position, PreparePosition: position},
	}}, nil
}

// Tombstone burns the name of a stream: it can never be read or written again.
func (s *streamsServer) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	options := req.GetOptions()
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	o := &write{action: actionTombstone, stream: name, answer: make(chan answer, 1)}
	switch e := options.GetExpectedStreamRevision().(type) {
	case *streams.TombstoneReq_Options_Revision:
		o.expected = expected{expectRevision, e.Revision}
	case *streams.TombstoneReq_Options_NoStream:
		o.expected.what = expectNoStream
	case *streams.TombstoneReq_Options_StreamExists:
		o.expected.what = expectExists
	}
	position, err := s.remove(ctx, o)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{
		Position: &streams.TombstoneResp_Position{CommitPosition: position, PreparePosition: position},
	}}, nil
}

// remove carries a delete or tombstone. Unlike an append, a wrong expectation is
// an error here.
func (s *streamsServer) remove(ctx context.Context, o *write) (uint64, error) {
	if isMetastream(o.stream) {
		return 0, invalid("a metastream cannot be deleted")
	}
	a, err := s.node.write(ctx, o)
	switch {
	case err != nil:
		return 0, err
	case a.verdict == verdictDeleted:
		return 0, streamDeleted(o.stream)
	case a.verdict == verdictWrong:
		return 0, wrongVersion(o.stream, o.expected, a.current)
	}
	return a.position, nil
}
