package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/mem"
)

// checkpoints counts the events that a filtered subscription has considered, so
// that it can say from time to time how far it is, even if it delivers nothing.
type checkpoints struct {
	interval uint64
	since    uint64 // events considered since the last checkpoint
	last     uint64 // position of the last checkpoint
}

// considered counts an event and says whether a checkpoint is due at its position.
func (c *checkpoints) considered(position uint64) bool {
	if c == nil {
		return false
	}
	c.since++
	if c.since < c.interval {
		return false
	}
	c.since, c.last = 0, position
	return true
}

func (r *reading) subscribe(options *streams.ReadReq_Options, f filter) error {
	switch option := options.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		if f.active {
			return invalid("only $all can be filtered")
		}
		return r.followStream(option.Stream)
	case *streams.ReadReq_Options_All:
		if f.active && f.interval == 0 {
			return invalid("the search window and the checkpoint interval of a filter are positive")
		}
		return r.followAll(option.All, f)
	default:
		return invalid("a stream or $all: one must be said")
	}
}

func (r *reading) confirm() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}})
}

func (r *reading) caughtUp() error {
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

// wait returns when there may be more to read, or with the reason to end.
func (r *reading) wait(moved <-chan struct{}) error {
	select {
	case <-moved:
		return nil
	case <-r.call.Context().Done():
		return r.call.Context().Err()
	case <-r.node.stopping:
		return unavailable("the event node is closing")
	case <-r.node.store.failure.done:
		return r.node.store.failure.err
	}
}

// followAll delivers the log from a position on, which is left out: it is that of
// the last event or checkpoint that the client has seen.
func (r *reading) followAll(options *streams.ReadReq_Options_AllOptions, f filter) error {
	next, err := r.firstOfAll(options)
	if err != nil {
		return err
	}
	var counter *checkpoints
	if f.active {
		counter = &checkpoints{interval: f.interval, last: next - 1}
	}
	if err := r.confirm(); err != nil {
		return err
	}
	for live := false; ; {
		bound, moved := r.node.store.tail.load()
		r.bound, r.now = bound, r.node.now() // links to what has become too old meanwhile lead nowhere
		for next <= bound {
			p, to, done, err := r.allPage(&f, next, math.MaxUint64, counter)
			if err != nil {
				return err
			}
			if err := r.send(p); err != nil {
				return err
			}
			next = to
			live = live && done // more than a page behind: say so when it is over
		}
		if !live {
			if err := r.endOfCatchUp(counter, next-1); err != nil {
				return err
			}
			live = true
		}
		if err := r.wait(moved); err != nil {
			return err
		}
	}
}

// firstOfAll is the position after the one that a subscription goes on from.
func (r *reading) firstOfAll(options *streams.ReadReq_Options_AllOptions) (uint64, error) {
	switch option := options.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		position, end, err := r.position(option.Position)
		if err != nil || !end {
			return position + 1, err
		}
		return r.bound + 1, nil
	case *streams.ReadReq_Options_AllOptions_End:
		return r.bound + 1, nil
	}
	return 1, nil
}

// endOfCatchUp tells the client that it has seen all up to a position. The
// checkpoint is the last position that was considered, never the end of the log
// as it may be by now.
func (r *reading) endOfCatchUp(counter *checkpoints, position uint64) error {
	if counter != nil && position > counter.last {
		counter.since, counter.last = 0, position
		if err := r.send(page{items: mem.BufferSlice{checkpoint(position)}}); err != nil {
			return err
		}
	}
	return r.caughtUp()
}

// followStream delivers a stream from a revision on, which is left out.
func (r *reading) followStream(options *streams.ReadReq_Options_StreamOptions) error {
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return err
	}
	next, err := r.firstOfStream(options, name)
	if err != nil {
		return err
	}
	if err := r.confirm(); err != nil {
		return err
	}
	watcher := r.node.store.tail.watch(name)
	defer watcher.leave()
	for live := false; ; {
		r.bound = r.node.store.tail.now()
		for done := false; !done; {
			if next, done, err = r.streamOn(name, next); err != nil {
				return err
			}
			live = live && done
		}
		if !live {
			if err := r.caughtUp(); err != nil {
				return err
			}
			live = true
		}
		if err := r.wait(watcher.moved); err != nil {
			return err
		}
	}
}

func (r *reading) firstOfStream(options *streams.ReadReq_Options_StreamOptions, name string) (uint64, error) {
	switch option := options.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		if option.Revision < tombstoneRevision {
			return option.Revision + 1, nil
		}
	case *streams.ReadReq_Options_StreamOptions_End:
	default:
		return 0, nil
	}
	v, err := r.view(name)
	if err != nil || v.id == 0 || v.tombstoned {
		return 0, err
	}
	return v.last + 1, nil
}

// streamOn sends one page of the stream and returns the revision to go on with.
func (r *reading) streamOn(name string, next uint64) (uint64, bool, error) {
	r.now = r.node.now()
	v, err := r.view(name)
	switch {
	case err != nil:
		return 0, false, err
	case v.tombstoned:
		return 0, false, r.endOfStream(name, v)
	case !v.found:
		return next, true, nil
	}
	if next = max(next, v.first); next > v.last {
		return next, true, nil
	}
	p, to, done, err := r.streamPage(v, next, math.MaxUint64)
	if err != nil {
		return 0, false, err
	}
	if done {
		to = v.last + 1
	}
	return to, done, r.send(p)
}

// endOfStream sends the tombstone, as the last event that there is, and ends.
func (r *reading) endOfStream(name string, v view) error {
	if v.lastAt != 0 {
		rec, err := recordAt(r.db, v.lastAt)
		if err != nil {
			return err
		}
		item, err := r.answer(&rec)
		if err != nil {
			return err
		}
		if err := r.send(page{items: mem.BufferSlice{item}}); err != nil {
			return err
		}
	}
	return streamDeleted(name)
}
