package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Causes of a lift (解除原因). A stop that a freeze takes over from has another,
// that nobody can order.
const (
	LiftUnrelated        = "unrelated"        // 查明无关 (程序规定 art. 247)
	LiftError            = "error"            // 止付有误
	LiftObjection        = "objection"        // 异议成立
	LiftUnpapered        = "unpapered"        // 后补逾期
	LiftDisproportionate = "disproportionate" // 超范围
)

// RequestLift (解除止付) asks for the early end of a stop, or for its reduction to
// an amount. It is approved when it is stored: the approver is the one who
// decides, the two officers carry it out.
type RequestLift struct {
	Order        identity.OrderID // "": the next one of the stop
	Target       identity.OrderID
	Cause        string
	Keep         money.Fen // 0: nothing is held any more
	Objection    identity.ObjectionID
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// AnswerStopChange (解除、缩减、提高反馈) is the bank's answer to an order that
// ends a stop early or changes what it holds.
type AnswerStopChange struct {
	Order      identity.OrderID
	Done       bool
	ResultCode string
	Cause      string    // when not done
	ExecutedAt time.Time // zero: when the answer came
	Held       money.Fen // what the stop holds now; 0 if the bank does not say
	At         time.Time
	// Findings are what the edge found that does not fit in the answer.
	Findings []event.BankDiscrepancyFound
}

// LiftLate wakes a lift whose term has passed.
type LiftLate struct {
	Order identity.OrderID
	At    time.Time
}

func (RequestLift) isAccountCommand()      {}
func (AnswerStopChange) isAccountCommand() {}
func (LiftLate) isAccountCommand()         {}

func knownLift(cause string) bool {
	return slices.Contains([]string{LiftUnrelated, LiftError, LiftObjection, LiftUnpapered, LiftDisproportionate}, cause)
}

// requestLift ends a stop, be it by telephone or on paper, or has the bank hold less. Nothing happens where there
// is nothing to end: a stop that has lapsed, was lifted, has failed or was
// rejected, and one whose lift is under way already.
func requestLift(a Account, cmd RequestLift) ([]event.AccountEvent, error) {
	stop, ok := a.OrderNamed(cmd.Target)
	if !ok || stop.Kind != KindStop {
		return nil, ErrNoOrder
	}
	if _, known := a.Find(cmd.Order); known {
		return nil, nil
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	switch {
	case !knownLift(cmd.Cause):
		return nil, ErrLiftCause.At("/cause")
	case cmd.Approver.Zero() || cmd.Approver.PoliceNo == cmd.Operator.PoliceNo || cmd.Approver.PoliceNo == cmd.Investigator.PoliceNo:
		return nil, ErrSelfApproval
	case !cmd.Approver.Unit.Oversees(stop.Unit):
		return nil, ErrNotSuperior
	case cmd.Keep < 0:
		return nil, ErrNegative.At("/keepFen")
	}
	if p, byHand := a.paper(identity.RegistrationID(cmd.Target)); byHand {
		return a.endByHand(p, cmd)
	}
	return a.endStop(stop, cmd)
}

// endStop is what a lift that somebody may order leads to: it is withdrawn where
// nobody has approved it yet, and asked of the bank where the bank may have seen
// it.
func (a Account) endStop(stop Order, cmd RequestLift) ([]event.AccountEvent, error) {
	lifting, narrowing := a.lifting(stop.ID)
	switch {
	case stop.State != Executed && !stop.State.Open() && !stop.BankHolds(cmd.At):
		return nil, nil
	case lifting:
		return nil, nil
	case cmd.Keep > 0 && stop.State != Executed:
		return nil, ErrNotInForce
	case cmd.Keep > 0 && narrowing:
		return nil, ErrLiftOpen
	case cmd.Keep > 0 && (cmd.Keep > a.ceiling(stop) || (stop.Hold.Held > 0 && cmd.Keep >= stop.Hold.Held)):
		return nil, ErrKeep.At("/keepFen")
	case stop.State == Waiting:
		return []event.AccountEvent{event.StopRejected{Order: stop.ID, Approver: cmd.Approver, Reason: cmd.Cause, At: cmd.At}}, nil
	}
	if cmd.Order == "" {
		cmd.Order = followUpOrder("lift", stop.ID, a.followUps(stop.ID, KindLift)+1)
	}
	return []event.AccountEvent{event.LiftRequested{
		Order: cmd.Order, Target: stop.ID, Case: stop.Case, Account: a.Ref, Cause: cmd.Cause, Keep: cmd.Keep, Objection: cmd.Objection,
		Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, Due: cmd.At.Add(LiftTerm), At: cmd.At,
	}}, nil
}

// lifting tells whether a stop is about to end, or to shrink.
func (a Account) lifting(stop identity.OrderID) (lifting, narrowing bool) {
	for _, o := range a.Orders {
		if o.Kind == KindLift && o.Target == stop && o.State.Open() {
			lifting, narrowing = lifting || o.Amount == 0, narrowing || o.Amount > 0
		}
	}
	return lifting, narrowing
}

// answerStopChange takes the bank's word. Where the stop has ended meanwhile the
// answer changes nothing and is no error.
func answerStopChange(a Account, cmd AnswerStopChange) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if cmd.ExecutedAt.IsZero() {
		cmd.ExecutedAt = cmd.At
	}
	switch {
	case !ok || (o.Kind != KindLift && o.Kind != KindRaise):
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State == Lapsed && !(cmd.Done && a.overstays(o.Target)):
		return a.raisedTooLate(o, cmd), nil
	case o.State == Executed && !cmd.Done:
		return nil, ErrAnswered
	case o.State == Executed:
		return nil, nil
	case o.State == Failed && (!cmd.Done || o.Kind == KindRaise):
		return nil, nil
	case !cmd.Done && !KnownCause(cmd.Cause) && cmd.Cause != bank.UnknownOrder:
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done && a.nothingLeft(o, cmd.Cause):
		return a.andLetGo(a.endedThere(o, cmd), cmd.At), nil
	case !cmd.Done:
		return a.changeFailed(o, cmd), nil
	case cmd.Held < 0:
		return nil, ErrNegative.At("/stoppedAmount")
	case implausible(cmd.ExecutedAt, o.RequestAt, cmd.At):
		return nil, ErrExecutedWhen.At("/startTime")
	}
	return a.andLetGo(a.raisedFurther(a.changed(o, cmd), cmd.At), cmd.At), nil
}

// overstays tells whether the bank holds on, by what it has said, under a stop
// that is over.
func (a Account) overstays(stop identity.OrderID) bool {
	o, _ := a.Find(stop)
	return o.State != Executed && !o.State.Open() && !o.BankUntil.IsZero()
}

// nothingLeft tells whether a bank that cannot lift a stop says by it that nothing
// stands any more. One that does not know a stop which is in force, or on its way,
// says nothing of the kind.
func (a Account) nothingLeft(o Order, cause string) bool {
	if o.Kind != KindLift || o.Amount > 0 {
		return false
	}
	stop, _ := a.Find(o.Target)
	return cause == bank.Ended && (stop.State == Executed || a.heldByHand(o.Target)) || (cause == bank.Ended || cause == bank.UnknownOrder) && a.overstays(o.Target)
}

// endedThere takes the bank's word that the stop has ended there: the holder is
// free, and that the books said otherwise is shown.
func (a Account) endedThere(o Order, cmd AnswerStopChange) []event.AccountEvent {
	return []event.AccountEvent{
		event.BankDiscrepancyFound{Order: o.ID, Kind: "ended-at-bank", Expected: string(o.Target), Found: cmd.Cause, At: cmd.At},
		event.StopLifted{Order: o.Target, Cause: o.Cause, At: cmd.At, By: o.ID},
	}
}

// changeFailed: the bank has not done it. What it is not asked for again by itself is
// for a person, and is shown at once.
func (a Account) changeFailed(o Order, cmd AnswerStopChange) []event.AccountEvent {
	events := []event.AccountEvent{event.LiftFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}
	if o.Kind == KindRaise {
		events[0] = event.StopFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}
	}
	stop, _ := a.Find(o.Target)
	switch {
	case cmd.Cause == bank.UnknownOrder && !stop.State.Open(): // else the answer to the stop, which is on its way, tells
		return a.note(events, o, event.BankDiscrepancyFound{Kind: UnknownAtBank, Expected: string(o.Target), Found: cmd.Cause}, cmd.At)
	case o.Kind == KindLift:
		return a.repeatsEnd(events, o, cmd.Cause, cmd.At)
	}
	return events
}

// changed is what the bank has done to the stop. A lift that it said it could not
// do and has done all the same frees the holder like any other.
func (a Account) changed(o Order, cmd AnswerStopChange) []event.AccountEvent {
	stop, _ := a.Find(o.Target)
	frees := o.Kind == KindLift && o.Amount == 0
	if stop.State != Executed && !stop.State.Open() && !(frees && (a.overstays(stop.ID) || a.heldByHand(o.Target))) {
		return nil
	}
	if o.Kind == KindLift && o.Amount == 0 {
		return []event.AccountEvent{event.StopLifted{Order: o.Target, Cause: o.Cause, At: cmd.ExecutedAt, By: o.ID}}
	}
	held := cmd.Held
	if held == 0 {
		held = o.Amount
	}
	var done event.AccountEvent = event.StopNarrowed{Order: o.Target, By: o.ID, Held: held, At: cmd.ExecutedAt}
	if o.Kind == KindRaise {
		done = event.StopRaised{Order: o.Target, By: o.ID, Held: held, At: cmd.ExecutedAt}
	}
	events := []event.AccountEvent{done}
	if held != o.Amount {
		events = append(events, event.BankDiscrepancyFound{Order: o.ID, Kind: HeldDiffers, Expected: o.Amount.Decimal(), Found: held.Decimal(), At: cmd.At})
	}
	return events
}

// liftAwaits tells what a lift still waits for: the bank (bank), the word to the
// holder (notice), or nothing. What was reported as overdue is not reported
// again.
func (a Account) liftAwaits(o Order) string {
	switch {
	case o.Overdue || o.ExpiresAt.IsZero():
		return ""
	case a.pending(o):
		return "bank"
	}
	return ""
}

// liftLate notes that the term to lift has passed (程序规定 art. 247; 刑事诉讼法
// art. 145).
func liftLate(a Account, cmd LiftLate) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindLift || cmd.At.Before(o.ExpiresAt) || a.liftAwaits(o) == "" {
		return nil, nil
	}
	return []event.AccountEvent{event.LiftOverdue{Order: o.ID, Due: o.ExpiresAt, Awaits: a.liftAwaits(o)}}, nil
}

// afterLift: a bank that carries a stop out which was withdrawn meanwhile holds
// money that nobody wants held. An officer must know, and the bank is asked to let
// it go; the withdrawn stop stays withdrawn.
func (a Account) afterLift(o Order, cmd AnswerStop) []event.AccountEvent {
	if !cmd.Done {
		return nil
	}
	found := event.BankDiscrepancyFound{Kind: ExecutedAfterLift, Found: cmd.ExecutedAt.Format(time.RFC3339), HoldsUntil: a.beyond(o, cmd, time.Time{})}
	return a.andLetGo(a.noteHold(nil, o, found, cmd.At), cmd.At)
}

// liftAgain: a bank that knew nothing of the stop when it was asked to lift it,
// and has carried the stop out since, is asked again.
func (a Account) liftAgain(stop identity.OrderID, at time.Time) []event.AccountEvent {
	for _, o := range slices.Backward(a.Orders) {
		if o.Kind != KindLift || o.Target != stop || o.Amount > 0 {
			continue
		}
		if o.State != Failed {
			return nil
		}
		return []event.AccountEvent{event.LiftRequested{
			Order: followUpOrder("lift", stop, a.followUps(stop, KindLift)+1), Target: stop, Case: o.Case, Account: a.Ref, Cause: o.Cause, Objection: o.Objection,
			Approver: o.Approver, Operator: o.Officers[0], Investigator: o.Officers[1], Due: o.ExpiresAt, At: at, Repeats: o.ID,
		}}
	}
	return nil
}

// decideOnStop is every rule about what changes a stop, about its papers and its
// warnings.
func decideOnStop(a Account, cmd AccountCommand) ([]event.AccountEvent, error) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // only these reach it
	case RequestLift:
		return requestLift(a, cmd)
	case AnswerStopChange:
		return stopChangeAnswered(a, cmd)
	case LiftLate:
		return liftLate(a, cmd)
	case WarnStop:
		return warnStop(a, cmd)
	case ApproveRaise:
		return approveRaise(a, cmd)
	case RegisterPaper:
		return registerPaper(a, cmd)
	case ReconcilePaper:
		return reconcilePaper(a, cmd)
	case ExpirePaper:
		return expirePaper(a, cmd)
	}
	return nil, nil
}
