package domain

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

func requestStop(a Account, cmd RequestStop) ([]event.AccountEvent, error) {
	if _, known := a.Find(cmd.Order); known {
		return nil, nil // 200003: the same ApplicationID, the same result
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if err := chained(cmd); err != nil {
		return nil, err
	}
	if err := a.Stoppable(cmd.Case, cmd.Unit); err != nil {
		return nil, err
	}
	if err := a.Follows(cmd.Case, cmd.ApplicationType, cmd.Registration); err != nil {
		return nil, err
	}
	scope, amount, err := a.ScopeOf(cmd)
	if err != nil {
		return nil, err
	}
	requested := event.StopRequested{
		Order: cmd.Order, Case: cmd.Case, ApplicationType: cmp.Or(cmd.ApplicationType, FirstType), Ordinal: 1, Account: cmd.Account, Level: cmd.Level,
		ParentOrder: cmd.ParentOrder, Source: cmd.Source, Lots: cmd.Lots, Scope: scope, Amount: amount, Unit: cmd.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At, Warnings: cmd.Warnings, Registration: cmd.Registration,
	}
	events := append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...)
	events = append(events, a.priors(cmd.Order, cmd.Case, cmd.Unit, cmd.At)...)
	if len(cmd.Lots) > 0 {
		events = append(events, inflow(a, Inflow{cmd.Case, cmd.Source, cmd.Lots, cmd.Basis})...)
	}
	return reattribute(a, events, cmd.Method, cmd.At)
}

// Stoppable tells whether a case may stop the account for the first time: not
// while a stop of its own is under way, nor after one that was carried out; for
// that there is the second stop.
func (a Account) Stoppable(c identity.CaseID, unit identity.Unit) error {
	told := a.stops(c, unit)
	switch {
	case a.Frozen.Order != "" && a.Frozen.Case == c:
		return ErrFrozenAlready
	case told.all() >= MaxStops:
		return ErrThirdStop
	case told.open > 0 || told.executed > 0:
		return ErrStoppedAlready
	}
	return nil
}

// chained checks that a chain order rests on a transfer from its parent.
func chained(cmd RequestStop) error {
	switch {
	case cmd.Level <= 1:
		return nil
	case cmd.ParentOrder == "" || cmd.Source.ID == "":
		return ErrChainParent
	case cmd.Source.Amount <= 0:
		return ErrChainAmount
	case cmd.Source.At.Before(cmd.ParentSourceAt):
		return ErrChainTime
	}
	return nil
}

// tally counts stops: those carried out, those that a bank has carried out though
// they had failed or were withdrawn, and those under way. What a bank has done
// wrongly has held the money too.
type tally struct{ executed, wrongly, open int }

func (t tally) all() int { return t.executed + t.wrongly }

// stops counts the stops of a case and an agency on the account. The agency is
// the bureau with all of its units (银发〔2016〕86号 §2: twice, by whichever of them).
func (a Account) stops(c identity.CaseID, unit identity.Unit) (n tally) {
	for _, o := range a.Orders {
		if o.Kind != KindStop || o.Case != c || o.Unit.Bureau() != unit.Bureau() {
			continue
		}
		switch {
		case o.State.Open():
			n.open++
		case !o.ExecutedAt.IsZero(): // else it was withdrawn before a bank carried it out
			n.executed++
		case a.wrongly(o.ID):
			n.wrongly++
		}
	}
	return n
}

// wrongly tells whether a bank has carried a stop out that had failed or was
// withdrawn.
func (a Account) wrongly(stop identity.OrderID) bool {
	return slices.ContainsFunc(a.Discrepancies, func(d event.BankDiscrepancyFound) bool {
		return d.Order == stop && (d.Kind == ExecutedAfterFailure || d.Kind == ExecutedAfterLift)
	})
}

// approveUnder approves an order under the first standing approval that covers
// it, if there is one.
func approveUnder(standing []event.StandingApprovalGranted, r event.StopRequested, at time.Time) []event.AccountEvent {
	for _, s := range standing {
		if Covers(s, r, at) {
			return []event.AccountEvent{event.StopApproved{Order: r.Order, Approver: s.By, Standing: s.Approval, At: at}}
		}
	}
	return nil
}

// Covers tells whether a standing approval covers an order at a time. Its
// giver must be neither officer of the order, and an order without a transfer
// has no amount to be within limits.
func Covers(s event.StandingApprovalGranted, r event.StopRequested, at time.Time) bool {
	return s.Unit == r.Unit && r.Source.ID != "" && !at.Before(s.From) && at.Before(s.Until) &&
		r.Source.Amount <= s.MaxAmount && r.Level <= s.MaxLevel && s.By.PoliceNo != r.Operator.PoliceNo && s.By.PoliceNo != r.Investigator.PoliceNo
}

// secondStop asks for the second 48 hours: while or after the first, and
// before any freeze.
func secondStop(a Account, cmd SecondStop) ([]event.AccountEvent, error) {
	first, ok := a.Find(cmd.First)
	if !ok || first.Kind != KindStop {
		return nil, ErrNoOrder
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if err := a.secondMay(first, cmd.Operator); err != nil {
		return nil, err
	}
	scope, amount, err := a.kept(first)
	if err != nil {
		return nil, err
	}
	requested := event.StopRequested{
		Order: a.secondOrder(first, cmd.Order), Case: first.Case, ApplicationType: "00", Ordinal: 2, Account: a.Ref, Level: first.Level,
		ParentOrder: first.ID, Source: first.Source, Lots: first.Lots, Scope: scope, Amount: amount, Unit: first.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}
	if cmd.At.Before(first.ExpiresAt) {
		requested.From = first.ExpiresAt
	}
	return append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...), nil
}

// secondMay tells whether a second stop can follow a first, by an officer of its
// unit or of one superior to it.
func (a Account) secondMay(first Order, operator event.Officer) error {
	told := a.stops(first.Case, first.Unit)
	switch {
	case !operator.Unit.Oversees(first.Unit):
		return ErrForeignUnit
	case told.all() >= MaxStops:
		return ErrThirdStop
	case told.open > 0:
		return ErrStoppedAlready
	case a.wasFrozen(first.Case):
		return ErrFrozenAlready
	case a.takenBack(first.Case):
		return ErrTakenBack
	case first.Ordinal >= MaxStops || first.ExecutedAt.IsZero() || (first.State != Executed && first.State != Lapsed):
		return ErrNoFirstStop
	}
	return nil
}

// takenBack tells whether a person has ordered the end of a stop of the case: what
// is known to have nothing to do with it, or was wrong, is not stopped a second
// time, even if the 48 hours were over before the bank had done it. A stop
// that no bank had carried out yet and that was withdrawn for an error of its own
// is no obstacle to the corrected one.
func (a Account) takenBack(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		if o.Kind != KindLift || o.Amount > 0 || o.Case != c {
			return false
		}
		stop, _ := a.Find(o.Target)
		switch o.Cause {
		case LiftUnrelated, LiftObjection:
			return stop.Kind == KindStop
		case LiftError, LiftDisproportionate, LiftUnpapered:
			return stop.Kind == KindStop && !stop.ExecutedAt.IsZero()
		}
		return false
	})
}

// secondOrder names the second stop. One that failed or was rejected has used the
// name up: the next one has another.
func (a Account) secondOrder(first Order, wanted identity.OrderID) identity.OrderID {
	if _, known := a.Find(wanted); !known {
		return wanted
	}
	tried := 0
	for _, o := range a.Orders {
		if o.Kind == KindStop && o.Ordinal == MaxStops && o.Case == first.Case {
			tried++
		}
	}
	return followUpOrder("second-stop", first.ID, tried+1)
}

// wasFrozen tells whether a freeze of the case was ever carried out.
func (a Account) wasFrozen(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindFreeze && o.Case == c && (o.State == Executed || o.State == Lapsed || o.State == Lifted)
	})
}

// frozenFor tells whether a freeze of the case has come before a stop: while one is
// in force there is no stop, and no second one after any.
func (a Account) frozenFor(stop Order) bool {
	return stop.Kind == KindStop && (a.Frozen.Order != "" && a.Frozen.Case == stop.Case || stop.Ordinal == MaxStops && a.wasFrozen(stop.Case))
}

func approveStop(a Account, cmd ApproveStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || (o.Kind != KindStop && o.Kind != KindRaise):
		return nil, ErrNoOrder
	case o.State != Waiting:
		return nil, ErrDecided
	case cmd.Approver.Zero() || o.signedBy(cmd.Approver):
		return nil, ErrSelfApproval
	case !cmd.Approver.Unit.Oversees(o.Unit):
		return nil, ErrNotSuperior
	case a.frozenFor(o):
		return nil, ErrFrozenAlready
	}
	if _, narrowing := a.lifting(o.Target); narrowing {
		return nil, ErrLiftOpen
	}
	return []event.AccountEvent{event.StopApproved{Order: cmd.Order, Approver: cmd.Approver, At: cmd.At}}, nil
}

func rejectStop(a Account, cmd RejectStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || (o.Kind != KindStop && o.Kind != KindRaise):
		return nil, ErrNoOrder
	case o.State == Rejected:
		return nil, nil
	case o.State != Waiting:
		return nil, ErrDecided
	case !cmd.Approver.Unit.Oversees(o.Unit):
		return nil, ErrNotSuperior
	}
	return []event.AccountEvent{event.StopRejected{Order: cmd.Order, Approver: cmd.Approver, Reason: cmd.Reason, At: cmd.At}}, nil
}

// expireStop frees the holder when nobody has acted in time (到期自动失效). A bank
// that has named a later end is asked to let go, else he would be free in the books
// alone.
func expireStop(a Account, cmd ExpireStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindStop || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return a.lapsed(o, cmd.At), nil
}
