package alarm

import (
	"context"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// folded is a stream's state up to and including a revision.
type folded[S any] struct {
	state    S
	revision uint64
}

// folder keeps the states of streams while they are being read. Until it has
// caught up it keeps all, so that each event is decoded once; afterwards only
// those with running clocks, and reads a forgotten stream again if it stirs.
type folder[S, C, E any] struct {
	es.Case[S, C, E]
	streams map[string]folded[S]
	live    bool
}

func (f *folder[S, C, E]) fold(ctx context.Context, id string, r eventlog.Recorded) (S, error) {
	known, ok := f.streams[id]
	if ok && r.Revision <= known.revision {
		return known.state, nil
	}
	if past, kept := f.Recall(id, r); kept {
		return f.keep(id, folded[S]{past.State, uint64(past.Revision)}), nil //nolint:gosec // it has the event
	}
	switch {
	case r.Revision > 0 && (!ok || r.Revision != known.revision+1): // forgotten, or stopped by an event in between
		past, err := f.Load(ctx, id)
		if err != nil {
			return known.state, err
		}
		return f.keep(id, folded[S]{past.State, uint64(past.Revision)}), nil //nolint:gosec // the stream exists
	case !ok:
		known.state = f.Initial
	}
	e, err := f.Codec.Decode(r.Type, r.Data)
	if err != nil {
		return known.state, err
	}
	return f.keep(id, folded[S]{f.Evolve(known.state, e), r.Revision}), nil
}

func (f *folder[S, C, E]) keep(id string, now folded[S]) S {
	if f.live && len(f.Due(now.state)) == 0 {
		delete(f.streams, id)
	} else {
		f.streams[id] = now
	}
	return now.state
}

// prune forgets the streams on which nothing is due.
func (f *folder[S, C, E]) prune() {
	f.live = true
	for id, known := range f.streams {
		if len(f.Due(known.state)) == 0 {
			delete(f.streams, id)
		}
	}
}
