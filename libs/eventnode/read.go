package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// reading is what all reads and subscriptions have in common.
type reading struct {
	reader
	node *Node
	call streams.Streams_ReadServer
}

// Read reads a stream or $all, once or, as a subscription, for ever.
func (s *streamsServer) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	options := req.GetOptions()
	r := reading{node: s.node, call: call}
	r.db = s.node.store.engine()
	r.now = s.node.now()
	r.floors = s.node.floors
	r.resolve = options.GetResolveLinks()
	r.mayFollow = s.node.linkRights(call.Context())
	r.backwards = options.GetReadDirection() == streams.ReadReq_Options_Backwards
	_, r.textID = options.GetUuidOption().GetContent().(*streams.ReadReq_Options_UUIDOption_String_)
	r.bound, _ = s.node.store.tail.load()

	var f filter
	switch option := options.GetFilterOption().(type) {
	case *streams.ReadReq_Options_Filter:
		var err error
		if f, err = newFilter(option.Filter); err != nil {
			return err
		}
	case *streams.ReadReq_Options_NoFilter:
	default:
		return invalid("filter or no filter: one must be said")
	}
	switch count := options.GetCountOption().(type) {
	case *streams.ReadReq_Options_Subscription:
		if r.backwards {
			return invalid("a subscription goes forwards")
		}
		return r.subscribe(options, f)
	case *streams.ReadReq_Options_Count:
		return r.once(options, f, count.Count)
	default:
		return invalid("count or subscription: one must be said")
	}
}

func (r *reading) once(options *streams.ReadReq_Options, f filter, count uint64) error {
	switch option := options.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		if f.active {
			return invalid("only $all can be filtered")
		}
		return r.stream(option.Stream, count)
	case *streams.ReadReq_Options_All:
		return r.all(option.All, f, count)
	default:
		return invalid("a stream or $all: one must be said")
	}
}

// stream reads a stream once.
func (r *reading) stream(options *streams.ReadReq_Options_StreamOptions, count uint64) error {
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return err
	}
	v, err := r.view(name)
	switch {
	case err != nil:
		return err
	case v.tombstoned:
		return streamDeleted(name)
	case !v.found:
		return r.call.Send(notFound(name))
	}
	from := uint64(0)
	switch option := options.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		from = option.Revision
	case *streams.ReadReq_Options_StreamOptions_End:
		from = math.MaxUint64
	}
	if r.backwards {
		from = min(from, v.last)
	} else {
		from = max(from, v.first)
	}
	for done := from > v.last; !done && count > 0; {
		var p page
		if p, from, done, err = r.streamPage(v, from, count); err != nil {
			return err
		}
		count -= uint64(len(p.items))
		if err := r.send(p); err != nil {
			return err
		}
	}
	return nil
}

// all reads the log once.
func (r *reading) all(options *streams.ReadReq_Options_AllOptions, f filter, count uint64) error {
	from, end := uint64(0), false
	switch option := options.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		var err error
		if from, end, err = r.position(option.Position); err != nil {
			return err
		}
	case *streams.ReadReq_Options_AllOptions_End:
		end = true
	}
	if end {
		from = r.bound + 1
	}
	for done := false; !done && count > 0; {
		var (
			p   page
			err error
		)
		if p, from, done, err = r.allPage(&f, from, count, nil); err != nil {
			return err
		}
		count -= uint64(len(p.items))
		if err := r.send(p); err != nil {
			return err
		}
	}
	return nil
}

// position checks a position that the client brings. One beyond the end belongs to
// another log: to wait there would be to lose events in silence.
func (r *reading) position(p *streams.ReadReq_Options_Position) (position uint64, end bool, err error) {
	position = p.GetCommitPosition()
	switch {
	case position == math.MaxUint64:
		return 0, true, nil
	case position > r.bound:
		return 0, false, invalid("the position is beyond the end of the log")
	}
	return position, false, nil
}

// send sends a page. What is sent is freed by being sent.
func (r *reading) send(p page) error {
	var f frame
	for i := range p.items {
		f.data = p.items[i : i+1 : i+1]
		f.event = p.items[i].ReadOnlyData()[0] == tagRespEvent
		if err := r.call.SendMsg(&f); err != nil {
			p.items[i+1:].Free()
			return err
		}
	}
	return nil
}
