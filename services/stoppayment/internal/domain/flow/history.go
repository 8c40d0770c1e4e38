package flow

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// measure is a measure with what only the fold needs.
type measure struct {
	Measure
	kase      identity.CaseID
	limit     money.Fen // of a freeze; 0: the whole account
	remaining money.Fen // of a freeze
	returned  money.Fen
	court     money.Fen
}

// history is what an account's events say, of all that the picture shows.
type history struct {
	ref         event.Account
	measures    []measure
	attribution event.FundsAttributed
	outflows    []event.Outflow // of the attribution, all its parts
	events      []event.AccountEvent
	statements  []event.StatementReceived
	credits     map[identity.TransferID]event.Row // that show movements
	debits      map[identity.TransferID]event.Row
	brought     map[line]identity.OrderID // by whose answer a row came last
	balance     money.Fen
	told        bool
	prior       []Prior
	odd         int
}

// fold reads the history of one account. What is not named here moves no money
// and restrains nothing.
func fold(events []event.AccountEvent) *history {
	h := &history{events: events, brought: map[line]identity.OrderID{}}
	for _, e := range events {
		h.requested(e)
		h.stopped(e)
		h.frozen(e)
		h.hears(e)
	}
	return h
}

// requested takes in what asks for a measure, and its way to the bank.
func (h *history) requested(e event.AccountEvent) {
	switch e := any(e).(type) {
	case event.StopRequested:
		h.ref = e.Account
		h.measures = append(h.measures, measure{kase: e.Case, Measure: Measure{
			Order: e.Order, Kind: Stop, State: Waiting, Ordinal: e.Ordinal, RequestAt: e.At,
		}})
	case event.FreezeRequested:
		h.ref = e.Account
		h.measures = append(h.measures, measure{kase: e.Case, limit: e.Limit, Measure: Measure{
			Order: e.Order, Kind: Freeze, State: Approved, RequestAt: e.At,
		}})
	case event.StopApproved:
		h.move(e.Order, Approved, "")
	case event.StopRejected:
		h.move(e.Order, Rejected, e.Reason)
	case event.OrderSent:
		h.move(e.Order, Sent, "")
	}
}

// stopped takes in what becomes of a stop.
func (h *history) stopped(e event.AccountEvent) {
	switch e := any(e).(type) {
	case event.StopExecuted:
		h.change(e.Order, func(m *measure) {
			m.State, m.ExecutedAt, m.Until, m.Balance, m.Held = Executed, e.ExecutedAt, e.ExpiresAt, e.BalanceBefore, e.Held
		})
		h.balance, h.told = e.BalanceBefore, true
	case event.StopAnswerCorrected:
		h.change(e.Order, func(m *measure) {
			m.ExecutedAt, m.Until, m.Balance, m.Held, m.Denied = e.ExecutedAt, e.ExpiresAt, e.BalanceBefore, e.Held, false
		})
		h.balance = e.BalanceBefore
	case event.StopRaised:
		h.change(e.Order, func(m *measure) { m.Held = e.Held })
	case event.StopNarrowed:
		h.change(e.Order, func(m *measure) { m.Held = e.Held })
	case event.StopFailed:
		h.move(e.Order, Failed, e.Cause)
	case event.StopLapsed:
		h.move(e.Order, Lapsed, "")
	case event.StopLifted:
		h.change(e.Order, func(m *measure) {
			if m.State != Lapsed && m.State != Failed { // of those it says that the bank has let go of them too
				m.State, m.Cause = Lifted, e.Cause
			}
		})
	}
}

// frozen takes in what becomes of a freeze.
func (h *history) frozen(e event.AccountEvent) {
	switch e := any(e).(type) {
	case event.FreezeExecuted:
		h.change(e.Order, func(m *measure) {
			m.State, m.ExecutedAt, m.Until, m.Balance, m.remaining, m.Former = Executed, e.ExecutedAt, e.ExpiresAt, e.Balance, e.Frozen, ""
		})
		h.balance, h.told = e.Balance, true
	case event.FreezeQueued:
		h.change(e.Order, func(m *measure) { m.State, m.Former, m.Until = Queued, e.Former, e.FormerExpires })
	case event.FreezePromoted:
		h.change(e.Order, func(m *measure) { m.State, m.Former, m.Until = Approved, "", time.Time{} })
	case event.FreezeFailed:
		h.move(e.Order, Failed, e.Cause)
	case event.FreezeRenewed:
		h.change(e.Order, func(m *measure) { m.Until = e.ExpiresAt })
	case event.FreezeLapsed:
		h.move(e.Order, Lapsed, "")
	case event.FreezeLifted:
		h.move(e.Order, Lifted, e.Cause)
	case event.FreezePartiallyReleased:
		h.change(e.Order, func(m *measure) { m.remaining = e.Remaining })
	case event.FrozenFundsReturned:
		h.change(e.Order, func(m *measure) { m.remaining, m.returned = e.Remaining, m.returned+e.Amount })
	case event.FrozenFundsTransferred:
		h.change(e.Order, func(m *measure) { m.remaining, m.court = e.Remaining, m.court+e.Amount })
	}
}

// hears takes in what a bank tells of the account, and whose money it is.
func (h *history) hears(e event.AccountEvent) {
	switch e := any(e).(type) {
	case event.InflowTraced:
		if h.ref.ID == "" {
			h.ref = e.Source.To
		}
	case event.StatementReceived:
		h.statements = append(h.statements, e)
	case event.FundsAttributed:
		h.attribution, h.outflows = e, slices.Clone(e.Outflows)
		h.balance, h.told = e.Balance, true
	case event.OutflowsAttributed:
		if e.Revision == h.attribution.Revision {
			h.outflows = append(h.outflows, e.Outflows...)
		}
	case event.AccountQueryAnswered:
		if e.Balance != nil {
			h.balance, h.told = *e.Balance, true
		}
	case event.PriorRestraintFound:
		h.restrained(e)
	case event.BankDiscrepancyFound:
		h.odd++
		if e.Kind == "answer-withdrawn" {
			h.change(e.Order, func(m *measure) { m.Denied = true })
		}
	}
}

// restrained keeps the last word on each measure of another agency. The city's own
// are not taken from here: their own events tell how long they hold.
func (h *history) restrained(e event.PriorRestraintFound) {
	if e.Case != "" {
		return
	}
	if e.Ended {
		h.prior = slices.DeleteFunc(h.prior, func(p Prior) bool { return p.Kind == e.Kind && p.By == e.By })
		return
	}
	word := Prior{Kind: e.Kind, By: e.By, Amount: e.Amount, Until: e.Until}
	n := slices.IndexFunc(h.prior, func(p Prior) bool { return p.Kind == e.Kind && p.By == e.By })
	if n < 0 {
		h.prior = append(h.prior, word)
		return
	}
	h.prior[n] = word
}

func (h *history) change(id identity.OrderID, edit func(*measure)) {
	for i := range h.measures {
		if h.measures[i].Order == id {
			edit(&h.measures[i])
		}
	}
}

func (h *history) move(id identity.OrderID, to State, cause string) {
	h.change(id, func(m *measure) { m.State, m.Cause = to, cause })
}

// show finds the lines of the account's own statements that show movements: those
// that the attribution takes for them, and for what an officer has named besides.
func (h *history) show(by Rows, named []event.Transfer) {
	out := make([]event.Transfer, len(h.outflows))
	for n := range h.outflows {
		out[n] = h.outflows[n].Transfer
	}
	h.credits, h.debits = by.Shown(h.events, named, out)
	for _, s := range h.statements {
		for _, r := range s.Rows {
			h.brought[lineOf(r)] = s.Order
		}
	}
}

// evidence is the line that shows a movement into the account, or out of it, with the
// order whose answer brought it last.
func (h *history) evidence(id identity.TransferID, credit bool) *Evidence {
	lines := h.debits
	if credit {
		lines = h.credits
	}
	row, shown := lines[id]
	if !shown {
		return nil
	}
	return &Evidence{Account: h.ref.ID, Order: h.brought[lineOf(row)], Row: row}
}

// line is all by which a bank tells one row of its account from another.
type line struct {
	serial          string
	at              int64
	credit          bool
	amount, balance money.Fen
}

func lineOf(r event.Row) line { return line{r.Serial, r.At.UnixNano(), r.Credit, r.Amount, r.Balance} }

// restrainedByOthers lists the restraints of other cases and agencies in force.
func (h *history) restrainedByOthers(c identity.CaseID, at time.Time) []Prior {
	var others []Prior
	for _, p := range h.prior {
		if p.Until.IsZero() || p.Until.After(at) {
			others = append(others, p)
		}
	}
	for _, m := range h.measures {
		switch {
		case m.kase != c && m.holds():
			if p, holds := m.restraint(); holds {
				others = append(others, p)
			}
		case m.kase == c && m.State == Queued && (m.Until.IsZero() || m.Until.After(at)):
			if !slices.ContainsFunc(others, func(p Prior) bool { return p.By == m.Former }) { // else the bank has told how much it is
				others = append(others, Prior{Kind: "0002", By: m.Former, Until: m.Until})
			}
		}
	}
	slices.SortStableFunc(others, func(a, b Prior) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.By, b.By), a.Until.Compare(b.Until), cmp.Compare(a.Amount, b.Amount))
	})
	return slices.CompactFunc(others, func(a, b Prior) bool {
		return a.Kind == b.Kind && a.By == b.By && a.Until.Equal(b.Until) && a.Amount == b.Amount
	})
}

// restraint is what a measure in force of another case of the city holds, if a freeze
// of an amount still holds anything.
func (m measure) restraint() (p Prior, holds bool) {
	p = Prior{Kind: "0001", By: string(m.kase), Amount: m.Held, Until: m.Until}
	if m.Kind != Freeze {
		return p, true
	}
	if p.Kind, p.Amount = "0002", 0; m.limit > 0 {
		p.Amount = m.remaining
	}
	return p, m.limit == 0 || m.remaining > 0
}

// controlled is how much of an amount others hold: all of it, or the most that one of
// them does, for they may hold the same money.
func controlled(by []Prior, all money.Fen) (most money.Fen) {
	for _, p := range by {
		if p.Amount == 0 {
			return all
		}
		most = max(most, p.Amount)
	}
	return most
}

// of adds up the lots of a case.
func of(c identity.CaseID, lots []event.Lot) (own []event.Lot, sum money.Fen) {
	for _, l := range lots {
		if l.Case == c {
			own = append(own, l)
			sum += l.Amount // amounts are bounded where they come in
		}
	}
	return own, sum
}
