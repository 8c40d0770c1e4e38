package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Hold (止付范围) is how much of the account a stop holds.
type Hold struct {
	Scope string    // ALL | AMOUNT, as it was asked
	Asked money.Fen // what its orders so far ask for; 0 = all
	Held  money.Fen // what the bank holds; 0 = all
	Basis money.Fen // what of the case's money was traced when Asked was decided
	At    time.Time // of the bank's last word on Held
	Said  money.Fen // what its answer to the stop itself names; 0: nothing
	// Changed tells that an order about the amount was carried out since.
	Changed bool
	// Warned is the last warning that was given, in hours before the end; 0: none.
	Warned int
	// Late tells that the bank said, after the stop was withdrawn, that it had
	// carried it out.
	Late bool
	// End is the end that the bank has named last, or that follows from when it began.
	End time.Time
	// Denied tells that the bank has taken back that it ever held: nothing counts as
	// stopped until it says otherwise.
	Denied bool
}

// Clocks of the stop family. The name of an alarm is the clock and the order, or
// the registration.
const (
	stopWarnClock = "stop-warning:"
	liftClock     = "lift:"
	paperClock    = "paper:"
)

// dueOnStop lists the clocks of an order of the stop family: the 48 hours and
// the next warning before they end, the term to lift.
func (a Account) dueOnStop(o Order) []es.Alarm {
	id := string(o.ID)
	switch {
	case o.Kind == KindStop && o.State == Executed:
		due := []es.Alarm{{Name: stopClock + id, At: o.ExpiresAt}}
		if hours := a.nextStopWarning(o); hours > 0 {
			due = append(due, es.Alarm{Name: stopWarnClock + id, At: o.ExpiresAt.Add(-time.Duration(hours) * time.Hour)})
		}
		return due
	case o.Kind == KindLift && a.liftAwaits(o) != "":
		return []es.Alarm{{Name: liftClock + id, At: o.ExpiresAt}}
	}
	return nil
}

// dueOnPapers lists the clocks of what was asked on paper or by telephone.
func (a Account) dueOnPapers() []es.Alarm {
	var due []es.Alarm
	for _, p := range a.Papers {
		if p.Open() || a.lingers(p) {
			due = append(due, es.Alarm{Name: paperClock + string(p.ID), At: p.Due})
		}
	}
	return due
}

// CaseOf names the case that a clock of the account runs for.
func (a Account) CaseOf(clock es.Alarm) identity.CaseID {
	order := OrderOf(clock)
	if o, ok := a.Find(order); ok {
		return o.Case
	}
	if o, ok := a.Remedy.Objection(identity.ObjectionID(order)); ok {
		return o.Case
	}
	p, _ := a.paper(identity.RegistrationID(order))
	return p.Case
}

// wakeStop makes the command for a clock of the stop family; nil for another.
func wakeStop(clock string, order identity.OrderID, at time.Time) AccountCommand {
	switch clock {
	case stopWarnClock:
		return WarnStop{Order: order, At: at}
	case liftClock:
		return LiftLate{Order: order, At: at}
	case paperClock:
		return ExpirePaper{Registration: identity.RegistrationID(order), At: at}
	}
	return nil
}

// evolveStop folds an event of the stop family.
func (a Account) evolveStop(e event.AccountEvent) Account {
	switch e := e.(type) { //nolint:gochecksumtype // the rest is of lifts, papers and restraints
	case event.StopRequested:
		return a.stopRequested(e)
	case event.StopApproved:
		return a.change(e.Order, func(o *Order) { o.State, o.Approver, o.Standing = Approved, e.Approver, e.Standing })
	case event.StopRejected:
		return a.undone(e.Order, Rejected)
	case event.OrderSent:
		return a.change(e.Order, func(o *Order) { o.State = Sent })
	case event.StopExecuted:
		return a.change(e.Order, func(o *Order) {
			o.State, o.ExecutedAt, o.From, o.ExpiresAt, o.Balance = Executed, e.ExecutedAt, e.From, e.ExpiresAt, e.BalanceBefore
			o.Hold.Held, o.Hold.Said, o.Hold.At, o.BankUntil = e.Held, e.Held, e.ExecutedAt, e.BankExpiresAt
			o.Hold.End = latestOf(e.ExpiresAt, e.BankExpiresAt)
		})
	case event.StopFailed:
		return a.change(e.Order, func(o *Order) { o.Cause = e.Cause }).undone(e.Order, Failed)
	case event.StopLapsed:
		return a.ended(e.Order, Lapsed)
	case event.StopLifted:
		return a.stopLifted(e)
	case event.StopExpiryWarned:
		return a.change(e.Order, func(o *Order) { o.Hold.Warned = e.Hours })
	}
	return a.evolveLift(e)
}

// evolveLift folds an event that changes what a stop holds, or tells of papers
// and of others' restraints.
func (a Account) evolveLift(e event.AccountEvent) Account {
	switch e := e.(type) { //nolint:gochecksumtype // only these reach it
	case event.LiftRequested:
		return a.with(Order{
			ID: e.Order, Case: e.Case, Kind: KindLift, Target: e.Target, State: Approved, Unit: e.Operator.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator},
			Approver: e.Approver, RequestAt: e.At, ExpiresAt: e.Due, Amount: e.Keep, Cause: e.Cause,
			Repeats: e.Repeats, Objection: e.Objection, Overdue: a.overdueBefore(e.Repeats),
		})
	case event.StopNarrowed:
		a = a.change(e.By, func(o *Order) { o.State, o.ExecutedAt = Executed, e.At })
		stop, _ := a.Find(e.Order)
		return a.outOfDate(stop.ID).change(e.Order, func(o *Order) {
			o.Hold.Scope, o.Hold.Asked, o.Hold.Held, o.Hold.At, o.Hold.Basis = ScopeAmount, e.Held, e.Held, e.At, a.tracedOf(stop.Case)
			o.Hold.Changed, o.Counted = true, a.counts(stop.Case, event.Transfer{}, nil)
		})
	case event.StopRaiseRequested:
		return a.raiseRequested(e)
	case event.StopRaised:
		return a.change(e.By, func(o *Order) { o.State, o.ExecutedAt = Executed, e.At }).change(e.Order, func(o *Order) {
			if !e.At.Before(o.Hold.At) {
				o.Hold.Held, o.Hold.At, o.Hold.Changed = e.Held, e.At, true
			}
		})
	case event.LiftFailed:
		return a.change(e.Order, func(o *Order) { o.State, o.FailedAt, o.Refused = Failed, e.At, e.Cause })
	case event.PaperOrderRegistered:
		if a.Ref.ID == "" {
			a.Ref = e.Account
		}
		a.Papers = append(slices.Clip(a.Papers), Paper{ID: e.Registration, Case: e.Case, AskedAt: e.AskedAt, Due: e.Due, Officers: [2]event.Officer{e.Operator, e.Investigator}, Instead: e.Order})
	case event.PaperOrderReconciled:
		return a.changePaper(e.Registration, func(p *Paper) { p.Document = e.Document })
	case event.PaperOrderExpired:
		return a.changePaper(e.Registration, func(p *Paper) { p.Expired = true })
	case event.PriorRestraintFound:
		a.Priors = append(slices.Clip(a.Priors), e)
	}
	return a
}

func (a Account) stopRequested(e event.StopRequested) Account {
	a.Ref = e.Account
	hold, counted := Hold{Scope: e.Scope}, []Counted(nil)
	if e.Scope == ScopeAmount {
		hold.Asked, counted = e.Amount, a.counts(e.Case, e.Source, e.Lots)
		hold.Basis = a.tracedWith(e.Case, e.Source, e.Lots)
	}
	asked := time.Time{}
	if p, ok := a.paper(e.Registration); ok {
		asked = p.AskedAt
		a = a.changePaper(p.ID, func(p *Paper) { p.Order = e.Order })
	}
	first := identity.OrderID("")
	if e.Ordinal == MaxStops {
		first = e.ParentOrder
	}
	return a.with(Order{
		ID: e.Order, Case: e.Case, Kind: KindStop, Ordinal: e.Ordinal, Prolongs: first, Level: e.Level, State: Waiting, Unit: e.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator},
		Source: e.Source, Lots: e.Lots, RequestAt: e.At, Amount: e.Amount, Hold: hold, Counted: counted, Registration: e.Registration, AskedAt: asked,
	})
}

// raiseRequested notes what the stop is to hold. The order keeps what was traced
// before, for the case that nothing comes of it.
func (a Account) raiseRequested(e event.StopRaiseRequested) Account {
	stop, _ := a.Find(e.Target)
	a = a.with(Order{
		ID: e.Order, Case: e.Case, Kind: KindRaise, Target: e.Target, Level: e.Level, State: Waiting, Unit: e.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator},
		Source: e.Source, RequestAt: e.At, Amount: e.Amount, Hold: Hold{Asked: stop.Hold.Asked, Basis: stop.Hold.Basis},
		Counted: stop.Counted, Sources: e.Sources,
	})
	return a.change(e.Target, func(o *Order) {
		o.Hold.Asked, o.Hold.Basis, o.Counted = e.Amount, a.tracedOf(e.Case), a.counts(e.Case, event.Transfer{}, nil)
	})
}

// stopLifted frees the holder. A stop that was over stays as it ended.
func (a Account) stopLifted(e event.StopLifted) Account {
	a = a.done(e.By, e.At)
	state := Lifted
	if stop, _ := a.Find(e.Order); !stop.State.Open() && stop.State != Executed {
		state = stop.State
	}
	return a.ended(e.Order, state).letGo(e.Order).changePaper(identity.RegistrationID(e.Order), func(p *Paper) { p.Freed = true })
}

// undone is an order that came to nothing. What a raise had promised is open
// again, except where a person has said that it is not to be held. The papers of a
// telephone order can be followed by another one.
func (a Account) undone(id identity.OrderID, state OrderState) Account {
	o, _ := a.Find(id)
	if o.Kind == KindRaise {
		a = a.without(o, state == Rejected)
	}
	if o.Registration != "" {
		a = a.changePaper(o.Registration, func(p *Paper) {
			if p.Order == id {
				p.Order = ""
			}
		})
	}
	return a.ended(id, state)
}

// without takes back what a raise was to change. What a person has decided on is
// not asked for once more.
func (a Account) without(raise Order, decided bool) Account {
	return a.change(raise.Target, func(o *Order) {
		if o.Hold.Asked = raise.Hold.Asked; !decided {
			o.Hold.Basis, o.Counted = raise.Hold.Basis, raise.Counted
		}
	})
}

// outOfDate ends the raises of a stop that are under way: a later order is to hold
// less.
func (a Account) outOfDate(stop identity.OrderID) Account {
	for _, o := range a.Orders {
		if o.Kind == KindRaise && o.Target == stop && o.State.Open() {
			a = a.change(o.ID, func(o *Order) { o.State = Lapsed })
		}
	}
	return a
}

// ended is an order that is over. What still waits to change it has lost its
// object: a bank that answers all the same does no harm.
func (a Account) ended(id identity.OrderID, state OrderState) Account {
	a = a.change(id, func(o *Order) { o.State = state })
	for _, o := range a.Orders {
		if o.Target != id || (o.Kind != KindLift && o.Kind != KindRaise) || !o.State.Open() {
			continue
		}
		if o.Kind == KindRaise {
			a = a.without(o, false)
		}
		a = a.change(o.ID, func(o *Order) { o.State = Lapsed })
	}
	return a
}
