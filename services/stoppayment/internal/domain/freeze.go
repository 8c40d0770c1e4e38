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
		return []es.Alarm{{Name: queueClock + id, At: o.turn()}}
	case o.Kind == KindRelease && a.pending(o) && !o.ExpiresAt.IsZero() && !o.Overdue:
		return []es.Alarm{{Name: releaseClock + id, At: o.ExpiresAt}}
	}
	return nil
}

// turn is when the bank is asked again for a freeze that waits behind another
// agency's: when that one ends or, if the bank was asked then and goes on saying so,
// later and later.
func (o Order) turn() time.Time {
	if o.Promotions == 0 {
		return o.ExpiresAt
	}
	again := o.FailedAt.Add(LongestRepeat * time.Duration(o.Promotions))
	if o.ExpiresAt.After(again) {
		return o.ExpiresAt
	}
	return again
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
// before it has ended, or has come to nothing (轮候转正; 程序规定 art. 242), if any
// waits. While one is in force, or has its turn already, the others go on waiting.
func (a Account) promoted(after identity.OrderID, at time.Time) []event.AccountEvent {
	next := a.longestQueued(after)
	busy := slices.ContainsFunc(a.Orders, func(o Order) bool { return o.Promotions > 0 && o.ID != after && o.State.Open() })
	if next == "" || busy || (a.Frozen.Order != "" && a.Frozen.Order != after) {
		return nil
	}
	return []event.AccountEvent{event.FreezePromoted{Order: next, After: after, At: at}}
}

// evolveFreeze folds the events of the freeze family.
func (a Account) evolveFreeze(e event.AccountEvent) Account {
	switch e := e.(type) { //nolint:gochecksumtype // EvolveAccount has the rest
	case event.FreezeRequested:
		return a.freezeRequested(e)
	case event.FreezeExecuted:
		return a.freezeExecuted(e)
	case event.FreezeQueued:
		return a.change(e.Order, func(o *Order) { o.State, o.ExpiresAt, o.FailedAt = Queued, e.FormerExpires, e.At })
	case event.FreezeFailed:
		return a.change(e.Order, func(o *Order) { o.Cause = e.Cause }).freezeEnded(e.Order, Failed)
	case event.FreezePromoted:
		return a.change(e.Order, func(o *Order) { o.State, o.ExpiresAt, o.Promotions = Approved, time.Time{}, o.Promotions+1 })
	case event.FreezeLapsed:
		return a.freezeEnded(e.Order, Lapsed)
	case event.FreezeLifted:
		return a.freezeLifted(e)
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
			Officers: [2]event.Officer{e.Operator, e.Investigator}, Approver: e.Approver, RequestAt: e.At, Term: e.TermMonths,
		})
	case event.FreezeReleaseRequested:
		return a.with(Order{
			ID: e.Order, Case: e.Case, Kind: KindRelease, Target: e.Target, State: Approved, Unit: e.Operator.Unit, Cause: e.Cause,
			Officers: [2]event.Officer{e.Operator, e.Investigator}, Approver: e.Approver, RequestAt: e.At, ExpiresAt: e.Due, Amount: e.Amount,
			Objection: e.Objection, Repeats: e.Repeats, Overdue: a.overdueBefore(e.Repeats),
		})
	case event.FreezeRenewed:
		a.Frozen.Expires, a.Frozen.Renewals, a.Frozen.Warned = e.ExpiresAt, e.Ordinal, 0
		return a.change(e.Order, func(o *Order) { o.ExpiresAt = e.ExpiresAt }).done(e.By, e.At)
	case event.FreezePartiallyReleased:
		a.Frozen.Remaining = e.Remaining
		return a.done(e.By, e.At)
	case event.FreezeFollowUpFailed:
		return a.change(e.Order, func(o *Order) { o.State, o.Refused, o.FailedAt = Failed, e.Cause, e.At })
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
		o.State, o.ExecutedAt, o.ExpiresAt, o.Balance, o.Frozen = Executed, e.ExecutedAt, e.ExpiresAt, e.Balance, e.Frozen
	})
}

// freezeEnded is a freeze that is over. What still waits to change it has lost its
// object: a bank that answers all the same does no harm.
func (a Account) freezeEnded(id identity.OrderID, state OrderState) Account {
	if a.Frozen.Order == id {
		a.Frozen = Freeze{}
	}
	a = a.change(id, func(o *Order) { o.State = state })
	for _, o := range a.Orders {
		if o.Target == id && (o.Kind == KindRenewal || o.Kind == KindRelease) && o.State.Open() {
			a = a.change(o.ID, func(o *Order) { o.State = Lapsed })
		}
	}
	return a
}

// freezeLifted is a freeze that the bank has let go. One that was over before stays
// as it ended.
func (a Account) freezeLifted(e event.FreezeLifted) Account {
	state := Lifted
	if o, _ := a.Find(e.Order); !o.State.Open() && o.State != Queued && o.State != Executed {
		state = o.State
	}
	return a.freezeEnded(e.Order, state).letGo(e.Order).done(e.By, e.At)
}

// done notes that the bank has carried out an order about another measure.
func (a Account) done(id identity.OrderID, at time.Time) Account {
	return a.change(id, func(o *Order) { o.State, o.ExecutedAt = Executed, at })
}
