package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Ledger (资金台账) is what the banks have said of an account, and how it is told
// whose money is on it.
type Ledger struct {
	Statements    []event.StatementReceived // whole and adding up, one per order
	Partial       []event.StatementReceived // parts of statements that are not whole yet
	Came          []event.StatementReceived // the parts in which what counts has come
	Aside         []identity.OrderID        // of the statements, those that do not fit the one that counts
	Reported      []identity.OrderID        // of those that are not whole, the ones that were reported
	Replacing     identity.OrderID          // the order whose next statement takes the place of the one before (更正)
	Named         []event.CounterpartyFound // where debits went whose rows do not tell
	Method        event.Method              // by which the attribution was computed last
	Chosen        []event.AttributionMethodChosen
	Proposals     []event.ManualAttributionProposed // not signed yet
	Closed        []identity.ProposalID             // rejected or outdated
	Manual        *event.ManualAttributionProposed  // signed and in force; never changed
	Continued     int                               // parts of the attribution that are stored
	Missing       []identity.TransferID             // transfers whose rows are missing by what was reported, in order, at most maxMissing
	Discrepancies []event.BankDiscrepancyFound      // the latest, at most maxDiscrepancies
}

const (
	// statementPatience is how long a statement may lack parts before that is
	// reported.
	statementPatience = 10 * time.Minute
	// maxDiscrepancies bounds what an account remembers; the stream has them all.
	maxDiscrepancies = 300
)

// Clocks of the ledger.
const (
	statementClock = "statement:" // a statement lacks parts
	outflowsClock  = "outflows:"  // an attribution lacks parts
)

// dueOnLedger lists the clocks of the ledger. An attribution that lacks parts is
// due at once: its time tells only which part comes next, so that each wakes once.
func (a Account) dueOnLedger() []es.Alarm {
	var due []es.Alarm
	latest := map[identity.OrderID]time.Time{}
	for _, p := range a.Partial {
		if !slices.Contains(a.Reported, p.Order) && !p.At.Before(latest[p.Order]) {
			latest[p.Order] = p.At
		}
	}
	for _, o := range a.Orders {
		if at, lacks := latest[o.ID]; lacks {
			due = append(due, es.Alarm{Name: statementClock + string(o.ID), At: at.Add(statementPatience)})
		}
	}
	if a.Continued < a.Attribution.Parts {
		due = append(due, es.Alarm{Name: outflowsClock + string(a.Statement.Order), At: time.Unix(int64(a.Attribution.Revision), int64(a.Continued)).UTC()})
	}
	return due
}

// evolveLedger folds an event of the ledger into the state.
func (a Account) evolveLedger(e event.AccountEvent) Account {
	switch e := any(e).(type) {
	case event.StatementReceived:
		return a.stated(e)
	case event.StopAnswerCorrected:
		a.Replacing = e.Order
		return a.change(e.Order, func(o *Order) {
			if moved := !e.ExecutedAt.Equal(o.ExecutedAt) || !e.ExpiresAt.Equal(o.ExpiresAt); moved || !e.BankExpiresAt.IsZero() {
				o.Hold.End = latestOf(e.ExpiresAt, e.BankExpiresAt)
			}
			o.ExecutedAt, o.From, o.ExpiresAt, o.Balance, o.Hold.Held, o.Hold.Denied = e.ExecutedAt, e.From, e.ExpiresAt, e.BalanceBefore, e.Held, false
			if o.BankUntil.IsZero() || o.State == Executed || !e.BankExpiresAt.IsZero() {
				o.BankUntil = e.BankExpiresAt
			} else { // of what is over the bank says now that it holds until the end that it had
				o.BankUntil = earlier(o.BankUntil, e.ExpiresAt)
			}
			if o.Hold.Said = e.Held; o.Hold.Changed {
				o.Hold.Said = e.Said
			}
		})
	case event.FundsAttributed:
		return a.attributed(e)
	case event.OutflowsAttributed:
		if e.Revision == a.Attribution.Revision && e.Part == a.Continued+1 {
			a.Attribution.Outflows = append(slices.Clip(a.Attribution.Outflows), e.Outflows...)
			a.Continued = e.Part
		}
	case event.CounterpartyFound:
		a.Named = append(slices.Clip(a.Named), e)
	case event.AttributionMethodChosen:
		a.Chosen = append(slices.Clip(a.Chosen), e)
	case event.ManualAttributionProposed:
		a.Proposals = append(slices.Clip(a.Proposals), e)
	case event.ManualAttributionRejected:
		return a.close(e.Proposal)
	case event.AccountQueryRequested:
		if a.Ref.ID == "" {
			a.Ref = e.Account
		}
		return a.with(queryOrder(e))
	case event.AccountQueryAnswered:
		return a.queryAnswered(e)
	}
	return a
}

func (a Account) discrepancy(e event.BankDiscrepancyFound) Account {
	if e.Kind == StatementIncomplete && slices.ContainsFunc(a.Partial, func(p event.StatementReceived) bool { return p.Order == e.Order }) {
		a.Reported = append(slices.Clip(a.Reported), e.Order)
	}
	if e.Kind == InflowMissing {
		if len(a.Missing) >= maxRowNotes {
			return a.lacks(e)
		}
		a = a.lacks(e)
	}
	a.Discrepancies = append(slices.Clip(a.Discrepancies), e)
	a.Discrepancies = a.Discrepancies[max(0, len(a.Discrepancies)-maxDiscrepancies):]
	return a
}

func (a Account) attributed(e event.FundsAttributed) Account {
	a.Attribution, a.Continued, a.Manual = e, min(e.Parts, 1), nil
	if e.Manual == nil {
		a.Method = e.Method
		return a
	}
	for _, p := range a.Proposals {
		if p.Proposal == e.Manual.Proposal {
			a.Manual = &p
		}
	}
	a.Proposals = slices.DeleteFunc(slices.Clone(a.Proposals), func(p event.ManualAttributionProposed) bool { return p.Proposal == e.Manual.Proposal })
	return a
}

func (a Account) close(id identity.ProposalID) Account {
	a.Proposals = slices.DeleteFunc(slices.Clone(a.Proposals), func(p event.ManualAttributionProposed) bool { return p.Proposal == id })
	a.Closed = append(slices.Clip(a.Closed), id)
	if a.Manual != nil && a.Manual.Proposal == id {
		a.Manual = nil
	}
	return a
}

// stated takes a statement into the ledger once it is whole, if it adds up. Any
// other stays in the history and changes nothing.
func (a Account) stated(e event.StatementReceived) Account {
	a, parts, complete := a.correcting(e).assemble(e)
	if !complete {
		return a
	}
	whole := together(parts)
	read := a.read(whole)
	if read.fault.Kind != "" {
		return a
	}
	came := apart(whole, parts)
	whole.Rows, whole.Part, whole.Parts, whole.At, whole.Corrects = read.rows, 0, 0, time.Time{}, false
	n := slices.IndexFunc(a.Statements, ofOrder(whole.Order))
	switch {
	case n < 0:
		a.Statements = append(slices.Clip(a.Statements), whole)
	case a.Replacing == whole.Order || covers(whole, a.Statements[n]):
		a.Statements = slices.Clone(a.Statements)
		a.Statements[n] = whole
	default:
		return a
	}
	if a.Replacing == whole.Order {
		a.Replacing = ""
	}
	a.Came = append(slices.DeleteFunc(slices.Clone(a.Came), ofOrder(whole.Order)), came...)
	stretches := make([]stretch, len(a.Statements))
	for i, s := range a.Statements {
		stretches[i] = a.stretchOf(s)
	}
	a.Statement, a.Aside = union(stretches)
	a.Stated, a.Balance = true, closing(a.Statement)
	return a
}

// lacking tells how many parts of an order's statement are there, of how many.
func (a Account) lacking(order identity.OrderID) (there, of int) {
	for _, p := range a.Partial {
		if p.Order == order {
			there, of = there+1, p.Parts
		}
	}
	return there, of
}

// StoppedAmount (止付金额) is what banks hold under the stops in force: the most
// that one of them holds.
func (a Account) StoppedAmount() (most money.Fen) {
	for _, o := range a.Orders {
		if o.Kind == KindStop && o.State == Executed {
			most = max(most, o.Stopped())
		}
	}
	return most
}
