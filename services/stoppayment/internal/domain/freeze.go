package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Kinds of assets (财产种类): they have different longest terms of a freeze.
const (
	Deposit    = "deposit"    // 存款、汇款
	Securities = "securities" // 证券交易结算资金、股票、债券等
	Equity     = "equity"     // 股权
)

// Longest terms of a freeze and of each renewal, in months.
const (
	MaxGraveMonths      = 12 // of a deposit, in a grave or complex case (程序规定 art. 243)
	MaxSecuritiesMonths = 24 // 程序规定 art. 244
	MaxEquityMonths     = 6  // 程序规定 art. 245
)

// freezeTerm checks a term against the law: who may give how long for what.
func freezeTerm(asset string, months int, grave bool, approver event.Officer) error {
	longest := MaxFreezeMonths
	switch asset {
	case "", Deposit:
		if months > MaxFreezeMonths {
			longest = MaxGraveMonths
		}
	case Securities:
		longest = MaxSecuritiesMonths
	case Equity:
		longest = MaxEquityMonths
	default:
		return ErrAsset.At("/asset")
	}
	switch {
	case !approver.Level.AtLeast(identity.County):
		return ErrFreezeLevel
	case months < 1 || months > longest:
		return ErrFreezeTerm.At("/termMonths")
	case longest == MaxGraveMonths && (!grave || !approver.Level.AtLeast(identity.City)):
		return ErrGraveLevel
	}
	return nil
}

// Freeze (冻结) is the freeze in force.
type Freeze struct {
	Order     identity.OrderID // "" when there is none
	Case      identity.CaseID
	Amount    money.Fen
	Remaining money.Fen // Amount less what was returned, released or taken by a court
	Expires   time.Time
	Asset     string
	Renewals  int
	Warned    int      // days before the end that were warned of last; 0: none
	Returned  []string // payments
	Taken     []string // documents of courts
}

// Clocks of a freeze.
const (
	freezeClock  = "freeze:"
	warnClock    = "freeze-warning:"
	queueClock   = "queue:"
	releaseClock = "release:"
)

// freezeWarnings are the days before the end of a freeze at which the officers
// are reminded to renew it.
func freezeWarnings() []int { return []int{30, 7, 1} }

// dueOnFreeze lists the clocks of an order of the freeze family: the term and
// its warnings, the end of a freeze that it waits behind, the term to release.
func (a Account) dueOnFreeze(o Order) []es.Alarm {
	id := string(o.ID)
	switch {
	case o.Kind == KindFreeze && o.State == Executed:
		due := []es.Alarm{{Name: freezeClock + id, At: o.ExpiresAt}}
		if days := a.nextWarning(o); days > 0 {
			due = append(due, es.Alarm{Name: warnClock + id, At: o.ExpiresAt.AddDate(0, 0, -days)})
		}
		return due
	case o.Kind == KindFreeze && o.State == Queued && a.Frozen.Order == "" && !o.ExpiresAt.IsZero():
		return []es.Alarm{{Name: queueClock + id, At: o.ExpiresAt}}
	case o.Kind == KindRelease && o.State.Open() && !o.ExpiresAt.IsZero() && !o.Overdue:
		return []es.Alarm{{Name: releaseClock + id, At: o.ExpiresAt}}
	}
	return nil
}

// nextWarning is the number of days before the end that comes next, 0 if none
// is left or a renewal is under way.
func (a Account) nextWarning(o Order) int {
	if a.followUpOpen(o.ID, KindRenewal) {
		return 0
	}
	for _, days := range freezeWarnings() {
		if o.ExpiresAt.AddDate(0, 0, -days).After(o.ExecutedAt) && (a.Frozen.Warned == 0 || days < a.Frozen.Warned) {
			return days
		}
	}
	return 0
}

// followUpOpen tells whether a renewal or a release of a freeze waits for the
// bank.
func (a Account) followUpOpen(target identity.OrderID, kind Kind) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool { return o.Kind == kind && o.Target == target && o.State.Open() })
}

// followUps counts the orders of a kind that were given about a measure.
func (a Account) followUps(target identity.OrderID, kind Kind) (n int) {
	for _, o := range a.Orders {
		if o.Kind == kind && o.Target == target {
			n++
		}
	}
	return n
}

// waiting is the order that has waited longest behind a freeze, "" if none.
func (a Account) longestQueued(except identity.OrderID) identity.OrderID {
	for _, o := range a.Orders {
		if o.Kind == KindFreeze && o.State == Queued && o.ID != except {
			return o.ID
		}
	}
	return ""
}

// promoted is the event that lets the next freeze go to the bank once the one
// before it has ended (轮候转正; 程序规定 art. 242), if any waits.
func (a Account) promoted(after identity.OrderID, at time.Time) []event.AccountEvent {
	next := a.longestQueued(after)
	if next == "" {
		return nil
	}
	return []event.AccountEvent{event.FreezePromoted{Order: next, After: after, At: at}}
}

// evolveFreeze folds the events of the freeze family.
func (a Account) evolveFreeze(e event.AccountEvent) Account {
	switch e := e.(type) {
	case event.FreezeRequested:
		return a.freezeRequested(e)
	case event.FreezeExecuted:
		return a.freezeExecuted(e)
	case event.FreezeQueued:
		return a.change(e.Order, func(o *Order) { o.State, o.ExpiresAt = Queued, e.FormerExpires })
	case event.FreezeFailed:
		return a.change(e.Order, func(o *Order) { o.State, o.Cause = Failed, e.Cause })
	case event.FreezePromoted:
		return a.change(e.Order, func(o *Order) { o.State, o.ExpiresAt = Approved, time.Time{} })
	case event.FreezeLapsed:
		return a.freezeEnded(e.Order, Lapsed)
	case event.FreezeLifted:
		return a.freezeEnded(e.Order, Lifted).done(e.By, e.At)
	case event.FreezeExpiryWarned:
		a.Frozen.Warned = e.Days
	case event.FrozenFundsReturned:
		a.Frozen.Remaining = e.Remaining
		a.Frozen.Returned = append(slices.Clip(a.Frozen.Returned), e.Payment)
	case event.FrozenFundsTransferred:
		a.Frozen.Remaining = e.Remaining
		a.Frozen.Taken = append(slices.Clip(a.Frozen.Taken), e.Document)
	case event.FreezeRenewalRequested:
		return a.with(Order{
			ID: e.Order, Case: e.Case, Kind: KindRenewal, Target: e.Target, Ordinal: e.Ordinal, State: Approved, Unit: e.Operator.Unit,
			Officers: [2]event.Officer{e.Operator, e.Investigator}, RequestAt: e.At, Term: e.TermMonths,
		})
	case event.FreezeReleaseRequested:
		return a.with(Order{
			ID: e.Order, Case: e.Case, Kind: KindRelease, Target: e.Target, State: Approved, Unit: e.Operator.Unit, Cause: e.Cause,
			Officers: [2]event.Officer{e.Operator, e.Investigator}, RequestAt: e.At, ExpiresAt: e.Due, Amount: e.Amount,
		})
	case event.FreezeRenewed:
		a.Frozen.Expires, a.Frozen.Renewals, a.Frozen.Warned = e.ExpiresAt, e.Ordinal, 0
		return a.change(e.Order, func(o *Order) { o.ExpiresAt = e.ExpiresAt }).done(e.By, e.At)
	case event.FreezePartiallyReleased:
		a.Frozen.Remaining = e.Remaining
		return a.done(e.By, e.At)
	case event.FreezeFollowUpFailed:
		return a.change(e.Order, func(o *Order) { o.State, o.Cause = Failed, e.Cause })
	}
	return a
}

func (a Account) freezeRequested(e event.FreezeRequested) Account {
	a.Ref = e.Account
	return a.with(Order{
		ID: e.Order, Case: e.Case, Kind: KindFreeze, State: Approved, Approver: e.Approver, Unit: e.Operator.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator},
		RequestAt: e.At, Request: e,
	})
}

func (a Account) freezeExecuted(e event.FreezeExecuted) Account {
	o, _ := a.Find(e.Order)
	a.Frozen = Freeze{Order: e.Order, Case: e.Case, Amount: e.Frozen, Remaining: e.Frozen, Expires: e.ExpiresAt, Asset: o.Request.Asset}
	return a.change(e.Order, func(o *Order) {
		o.State, o.ExecutedAt, o.ExpiresAt, o.Balance = Executed, e.ExecutedAt, e.ExpiresAt, e.Balance
	})
}

func (a Account) freezeEnded(id identity.OrderID, state OrderState) Account {
	if a.Frozen.Order == id {
		a.Frozen = Freeze{}
	}
	return a.change(id, func(o *Order) { o.State = state })
}

// done notes that the bank has carried out an order about another measure.
func (a Account) done(id identity.OrderID, at time.Time) Account {
	return a.change(id, func(o *Order) { o.State, o.ExecutedAt = Executed, at })
}
