package domain

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

const (
	// partBytes is what the outflows of one event may weigh, in bytes as they are
	// stored, so that a command's events fit the 1 MiB that the log takes at once.
	partBytes = 256 << 10
	// appendBytes is what further outflows may weigh in one append.
	appendBytes = 3 * partBytes
	// headBytes is the most that one event may weigh at all: owners without end are
	// no ledger any more.
	headBytes = 2 * partBytes
	// maxFollowed bounds how many outflows of one account are followed, those that
	// carry the most. What the others carry has left all the same.
	maxFollowed = 6_000
	// lotBytes and nameBytes are what a lot and the id of a transfer weigh.
	lotBytes, nameBytes = 200, 40
)

func traceInflow(a Account, cmd TraceInflow) ([]event.AccountEvent, error) {
	return reattribute(a, inflow(a, InflowOf(cmd)), cmd.Method, cmd.At)
}

// InflowOf is what a command says of an inflow.
func InflowOf(cmd TraceInflow) Inflow { return Inflow{cmd.Case, cmd.Source, cmd.Lots, cmd.Basis} }

// inflow is the event of an inflow that is news: not what is known already, and
// not what a later revision of the chase has overtaken.
func inflow(a Account, in Inflow) []event.AccountEvent {
	for _, known := range a.Inflows {
		if known.Case == in.Case && known.Source.ID == in.Source.ID && (known.Basis > in.Basis || sameLots(known.Lots, in.Lots)) {
			return nil
		}
	}
	return []event.AccountEvent{event.InflowTraced{Case: in.Case, Source: in.Source, Lots: in.Lots, Basis: in.Basis}}
}

// reattribute adds what the given events change in whose money is where. What
// was attributed by hand stands until the facts change.
func reattribute(a Account, events []event.AccountEvent, method event.Method, at time.Time) ([]event.AccountEvent, error) {
	if len(events) == 0 {
		return nil, nil
	}
	before := a
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	if !a.Stated {
		return events, nil
	}
	now, missing, err := Attribute(a, a.method(method))
	if err != nil {
		return nil, err
	}
	events = append(events, a.missing(missing, at)...)
	all := len(now.Outflows)
	now = arrange(now)
	if len(now.Outflows) < all {
		events = a.note(events, a.statedIn(), event.BankDiscrepancyFound{Kind: TooLarge, Found: "outflows"}, at)
	}
	if tooLarge(now) {
		return a.note(events, a.statedIn(), event.BankDiscrepancyFound{Kind: TooLarge, Found: "owners"}, at), nil
	}
	if before.Manual != nil {
		then, _, err := Attribute(before, before.Method)
		if err != nil {
			return nil, err
		}
		if sameAttribution(arrange(then), now) && a.applies(*before.Manual) {
			return events, nil
		}
		events = append(events, event.ManualAttributionRejected{Proposal: before.Manual.Proposal, Cause: causeOutdated, At: at})
	} else if a.Attribution.Revision > 0 && sameAttribution(a.Attribution, now) {
		return events, nil
	}
	return a.revise(events, now, at), nil
}

// revise adds a new revision of the attribution. What was proposed by hand on
// the one before is outdated.
func (a Account) revise(events []event.AccountEvent, now event.FundsAttributed, at time.Time) []event.AccountEvent {
	for _, p := range a.Proposals {
		if now.Manual == nil || p.Proposal != now.Manual.Proposal {
			events = append(events, event.ManualAttributionRejected{Proposal: p.Proposal, Cause: causeOutdated, At: at})
		}
	}
	now.Revision, now.FormerCases = a.Attribution.Revision+1, formerCases(a.Attribution, now)
	now.Outflows = now.Outflows[:firstPart(now)]
	return append(events, now)
}

// method is how the account's money is attributed: as chosen for it or, if
// nobody has, as the city does.
func (a Account) method(city event.Method) event.Method {
	if n := len(a.Chosen); n > 0 {
		return a.Chosen[n-1].Method
	}
	return cmp.Or(city, a.Method, event.DirectTimestamp)
}

// formerCases are those whose money had reached the account by the revision before
// and has not by this one, in order.
func formerCases(before, now event.FundsAttributed) (former []identity.CaseID) {
	still := map[identity.CaseID]bool{"": true}
	for _, l := range now.Reached {
		still[l.Case] = true
	}
	for _, l := range before.Reached {
		if !still[l.Case] {
			still[l.Case] = true
			former = append(former, l.Case)
		}
	}
	slices.Sort(former)
	return former
}

// statedIn is the order by whose answer the account's statement came.
func (a Account) statedIn() Order {
	o, _ := a.Find(a.Statement.Order)
	o.ID = a.Statement.Order
	return o
}

// arrange puts the outflows of a long attribution in the order of what they
// carry, and counts its parts. A short one stays as it is, in one piece.
func arrange(f event.FundsAttributed) event.FundsAttributed {
	if len(cut(f)) <= 1 {
		return f
	}
	f.Outflows = slices.SortedStableFunc(slices.Values(f.Outflows), func(a, b event.Outflow) int {
		return cmp.Compare(sum(b.Lots), sum(a.Lots))
	})
	f.Outflows = f.Outflows[:min(len(f.Outflows), maxFollowed)]
	f.Parts = len(cut(f))
	for _, out := range f.Outflows {
		f.Names = append(f.Names, out.Transfer.ID)
	}
	return f
}

// tooLarge tells whether an attribution has more owners than the log has room for.
func tooLarge(f event.FundsAttributed) bool {
	return lotsSize(f)+nameBytes*len(f.Names) > headBytes ||
		slices.ContainsFunc(f.Outflows, func(out event.Outflow) bool { return outflowSize(out) > headBytes })
}

func lotsSize(f event.FundsAttributed) int {
	return lotBytes * (len(f.Reached) + len(f.Held) + len(f.Left))
}

// firstPart is how many outflows the first event of an attribution has.
func firstPart(f event.FundsAttributed) int {
	if f.Parts == 0 {
		return len(f.Outflows)
	}
	return cut(f)[0]
}

// cut tells how many outflows go into each part: all into one, if there is room
// beside the rest of it. The first of several names them all, so that it may have
// room for none.
func cut(f event.FundsAttributed) []int {
	bytes := lotsSize(f)
	for _, out := range f.Outflows {
		bytes += outflowSize(out)
	}
	if len(f.Outflows) == 0 || bytes <= partBytes {
		return []int{len(f.Outflows)}
	}
	sizes, n := []int(nil), 0
	bytes = lotsSize(f) + nameBytes*max(len(f.Names), min(len(f.Outflows), maxFollowed))
	for _, out := range f.Outflows {
		size := outflowSize(out)
		if bytes+size > partBytes && (n > 0 || sizes == nil) {
			sizes, bytes, n = append(sizes, n), 0, 0
		}
		bytes, n = bytes+size, n+1
	}
	return append(sizes, n)
}

// outflowSize is what an outflow weighs when it is stored, or a little more.
func outflowSize(out event.Outflow) int {
	return 200 + accountSize(out.Transfer.From) + accountSize(out.Transfer.To) + len(out.Transfer.Serial) + lotBytes*len(out.Lots)
}

func accountSize(a event.Account) int { return 480 + 2*len(a.Number.Cipher) + 2*len(a.Holder.Cipher) }

// RowSize is what a row of a statement weighs when it is stored, in bytes, or a
// little more.
func RowSize(r event.Row) int {
	size := 200 + len(r.Serial)
	if r.Counter != nil {
		size += accountSize(*r.Counter)
	}
	return size
}

// Brief is an attribution with no more outflows than one event has room for.
func Brief(f event.FundsAttributed) event.FundsAttributed {
	f.Outflows = f.Outflows[:min(len(f.Outflows), firstPart(f))]
	return f
}

// continueAttribution adds the outflows that the attribution still lacks, as
// many as one command may.
func continueAttribution(a Account, cmd ContinueAttribution) ([]event.AccountEvent, error) {
	if a.Continued >= a.Attribution.Parts {
		return nil, nil
	}
	now, err := a.computed(a.Method)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(now.Outflows, a.Attribution.Names, func(o event.Outflow, id identity.TransferID) bool { return o.Transfer.ID == id }) {
		return a.revise(nil, now, cmd.At), nil // it is computed in another way than when it was stored
	}
	var events []event.AccountEvent
	from, bytes := 0, 0
	for n, size := range cut(now) {
		some := now.Outflows[from : from+size]
		from += size
		part := n + 1
		if part == 1 || part <= a.Continued {
			continue
		}
		for _, out := range some {
			bytes += outflowSize(out)
		}
		if bytes > appendBytes && len(events) > 0 {
			break
		}
		events = append(events, event.OutflowsAttributed{Revision: a.Attribution.Revision, Part: part, Parts: a.Attribution.Parts, Outflows: some})
	}
	return events, nil
}

// computed is the attribution in force, computed anew.
func (a Account) computed(method event.Method) (event.FundsAttributed, error) {
	now, _, err := Attribute(a, method)
	if err == nil && a.Manual != nil {
		now, err = a.overlay(now, *a.Manual)
		now.Manual = a.Attribution.Manual
	}
	return arrange(now), err
}

// sameAttribution compares what is stored, as far as it is, with what is
// computed.
func sameAttribution(stored, now event.FundsAttributed) bool {
	there := len(stored.Outflows)
	return stored.Method == now.Method && stored.Exact == now.Exact && stored.Credits == now.Credits && stored.Balance == now.Balance &&
		sameLots(stored.Held, now.Held) && sameLots(stored.Left, now.Left) && sameLots(stored.Reached, now.Reached) &&
		slices.Equal(stored.Names, now.Names) && there <= len(now.Outflows) && (stored.Parts > 1 || there == len(now.Outflows)) &&
		slices.EqualFunc(stored.Outflows, now.Outflows[:there], func(x, y event.Outflow) bool {
			return x.Transfer.ID == y.Transfer.ID && sameLots(x.Lots, y.Lots)
		})
}
