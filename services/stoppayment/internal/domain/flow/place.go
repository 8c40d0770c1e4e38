package flow

import (
	"github.com/yuanlu/yuanlu/libs/money"
)

// place says where the money is that has reached a node and not left it.
func (b *builder) place(n *Node) {
	switch n.Kind {
	case Cash:
		n.Shares = inOrder(map[Where]money.Fen{CashedOut: n.Here})
	case Unknown:
		n.Shares = inOrder(map[Where]money.Fen{Untraceable: n.Here})
	case Account:
		b.placeAccount(n)
	case Victim:
	}
}

// placeAccount gives the money on an account to what restrains it, the firmest
// first: what was returned has gone back, then the freeze, then the stop, then
// others' restraints. Stopped, attributable and frozen stay three different
// amounts: a stop holds money of others as well, and a freeze may hold less than
// the victims'.
func (b *builder) placeAccount(n *Node) {
	m := b.met[n.Ref.ID]
	n.Withheld = m.withheld
	h := b.histories[n.Ref.ID]
	if h == nil {
		h = &history{}
	}
	b.describe(n, h)
	rest, shares := n.Here, map[Where]money.Fen{}
	give := func(w Where, most money.Fen) {
		part := max(0, min(rest, most))
		shares[w] += part
		rest -= part
	}
	stop, stopped := n.InForce(Stop)
	_, frozen := n.InForce(Freeze)
	known := n.Here // what the bank confirms to be there
	switch {
	case n.Revision > 0:
		known = n.Held
	case stopped || frozen:
		known = min(n.Here, n.Balance)
	}
	if stopped || frozen || n.Revision > 0 {
		shares[Unverified] = n.Here - known
		rest = known
	}
	give(Returned, n.Returned)
	for _, o := range h.measures {
		if o.Kind == Freeze && o.kase == b.graph.Case {
			give(Transferred, o.court)
		}
	}
	if frozen {
		give(Frozen, n.Frozen)
	}
	if stopped {
		held := stop.Held
		if held == 0 {
			held = rest
		}
		give(Stopped, held)
	}
	give(Elsewhere, controlled(n.Prior, rest))
	give(b.loose(n, m), rest)
	shares[Unverified] += rest // below zero where the rows contradict the chase
	n.Shares = inOrder(shares)
}

// loose says what has become of money that nothing of the case restrains.
func (b *builder) loose(n *Node, m met) Where {
	var open, ended bool
	for _, o := range n.Measures {
		switch o.State {
		case Waiting, Approved, Sent, Queued:
			open = true
		case Executed, Failed, Rejected, Lapsed, Lifted:
			ended = true
		}
	}
	switch {
	case open:
		return Pending
	case ended:
		return Unstopped
	case m.withheld == "level-limit":
		return BeyondLevel
	case m.withheld == "amount-limit":
		return UnderMinimum
	case m.withheld != "":
		return Withheld
	}
	return Pending // found, the order is on its way to the account
}

// describe copies what the account's history says of the measures of the case
// and of its money.
func (b *builder) describe(n *Node, h *history) {
	for _, o := range h.measures {
		if o.kase != b.graph.Case {
			continue
		}
		n.Measures = append(n.Measures, o.Measure)
		if o.Kind == Freeze {
			n.Returned += o.returned
		}
		if !o.holds() {
			continue
		}
		if o.Kind == Freeze {
			n.Frozen += o.remaining
			continue
		}
		held := o.Held
		if held == 0 || held > o.Balance {
			held = o.Balance
		}
		n.Stopped = max(n.Stopped, held)
	}
	n.Prior = h.restrainedByOthers(b.graph.Case, b.graph.At)
	n.Balance, n.Told, n.Odd = h.balance, h.told, h.odd
	n.Method, n.Revision, n.Exact = h.attribution.Method, h.attribution.Revision, h.attribution.Exact
	_, n.Held = of(b.graph.Case, h.attribution.Held)
}
