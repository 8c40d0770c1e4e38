package banknet

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// maxMeasures bounds the stops, the freezes and the queue of one account, so
// that what a payment has to look at has a bound too.
const maxMeasures = 64

// stop (止付) lets money in and holds what is there: all of it, or an amount.
type stop struct {
	ids   []string // of the order, and of those that prolonged it
	by    string
	whole bool
	limit money.Fen
	from  time.Time
	until time.Time
}

// last keeps the later end.
func (s *stop) last(until time.Time) {
	if until.After(s.until) {
		s.until = until
	}
}

func (s *stop) stands(at time.Time) bool { return at.Before(s.until) }

// StopOrder (止付指令) asks to stop an account. ID is the order's; By the agency
// that gives it. Limit 0 is the whole account, else the amount in fen that is to
// stay (金额止付). Prolongs names an earlier stop that this one goes on with
// (止付延期), or takes up again; the two are then one stop under two IDs, and the
// scope is that of the earlier one as long as it stands, or a larger amount.
type StopOrder struct {
	ID, By    string
	Limit     money.Fen
	At, Until time.Time
	Prolongs  string
}

// Stop (止付) holds money from now until then, and gives the account as it was at
// that moment. Stops of several agencies run side by side, each to its own end.
// The same ID once more changes nothing but a later end.
func (n *Network) Stop(key Key, o StopOrder) (Statement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Statement{}, ErrNotFound
	}
	if o.Limit < 0 || o.Limit > money.Max {
		return Statement{}, ErrAmount
	}
	if s := a.stop(o.ID); s != nil {
		s.last(o.Until)
		return a.statement(), nil
	}
	if s := a.stop(o.Prolongs); o.Prolongs != "" && s != nil && len(s.ids) < maxMeasures {
		s.ids = append(s.ids, o.ID)
		switch {
		case !s.stands(o.At):
			s.whole, s.limit, s.from = o.Limit == 0, o.Limit, o.At
		case !s.whole && o.Limit > s.limit:
			s.limit = o.Limit // 提高: more of the money has come since
		}
		s.last(o.Until)
		return a.statement(), nil
	}
	if len(a.stops) >= maxMeasures {
		a.stops = slices.DeleteFunc(a.stops, func(s stop) bool { return !s.stands(o.At) })
	}
	if len(a.stops) >= maxMeasures {
		return Statement{}, ErrTooMany
	}
	a.stops = append(a.stops, stop{ids: []string{o.ID}, by: o.By, whole: o.Limit == 0, limit: o.Limit, from: o.At, until: o.Until})
	return a.statement(), nil
}

// stop finds a stop by any of its IDs, also one that has ended.
func (a *account) stop(id string) *stop {
	for i := range a.stops {
		if slices.Contains(a.stops[i].ids, id) {
			return &a.stops[i]
		}
	}
	return nil
}

// NarrowStop (缩小止付范围) makes a stop that stands hold less: an amount instead
// of the whole account, or a smaller amount. Wider gives [ErrWider]; what has
// ended by itself [ErrLate].
func (n *Network) NarrowStop(key Key, id string, limit money.Fen, at time.Time) (Statement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Statement{}, ErrNotFound
	}
	s := a.stop(id)
	switch {
	case s == nil:
		return Statement{}, ErrNoMeasure
	case !s.stands(at):
		return Statement{}, ErrLate
	case limit <= 0:
		return Statement{}, ErrAmount
	case !s.whole && limit > s.limit:
		return Statement{}, ErrWider
	}
	s.whole, s.limit = false, limit
	return a.statement(), nil
}

// Lift (止付解除) ends one stop; others on the account go on. Lifting what has
// ended already changes nothing.
func (n *Network) Lift(key Key, id string, at time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return ErrNotFound
	}
	s := a.stop(id)
	if s == nil {
		return ErrNoMeasure
	}
	if s.stands(at) {
		s.until = at
	}
	return nil
}
