package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
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
	requested := event.StopRequested{
		Order: cmd.Order, Case: cmd.Case, ApplicationType: "00", Ordinal: 1, Account: cmd.Account, Level: cmd.Level,
		ParentOrder: cmd.ParentOrder, Source: cmd.Source, Lots: cmd.Lots, Scope: "ALL", Unit: cmd.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At, Warnings: cmd.Warnings,
	}
	events := append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...)
	if len(cmd.Lots) > 0 {
		events = append(events, inflow(a, Inflow{cmd.Case, cmd.Source, cmd.Lots, cmd.Basis})...)
	}
	return reattribute(a, events, cmd.Method)
}

// Stoppable tells whether a case may stop the account for the first time: not
// while a stop of its own is under way, nor after one that was carried out; for
// that there is the second stop.
func (a Account) Stoppable(c identity.CaseID, unit identity.Unit) error {
	executed, open := a.stops(c, unit)
	switch {
	case a.Frozen.Order != "" && a.Frozen.Case == c:
		return ErrFrozenAlready
	case executed >= MaxStops:
		return ErrThirdStop
	case open > 0 || executed > 0:
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

// stops counts this case's and agency's stops on the account.
func (a Account) stops(c identity.CaseID, unit identity.Unit) (executed, open int) {
	for _, o := range a.Orders {
		if o.Kind != KindStop || o.Case != c || o.Unit != unit {
			continue
		}
		switch o.State {
		case Executed, Lapsed, Lifted:
			executed++
		case Waiting, Approved, Sent:
			open++
		case Queued, Failed, Rejected:
		}
	}
	return executed, open
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
	executed, open := a.stops(first.Case, first.Unit)
	switch {
	case executed >= MaxStops:
		return nil, ErrThirdStop
	case open > 0:
		return nil, ErrStoppedAlready
	case executed == 0 || first.State == Lifted:
		return nil, ErrNoFirstStop
	case a.wasFrozen(first.Case):
		return nil, ErrFrozenAlready
	}
	requested := event.StopRequested{
		Order: cmd.Order, Case: first.Case, ApplicationType: "00", Ordinal: 2, Account: a.Ref, Level: first.Level,
		ParentOrder: first.ID, Source: first.Source, Lots: first.Lots, Scope: "ALL", Unit: first.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}
	return append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...), nil
}

// wasFrozen tells whether a freeze of the case was ever carried out.
func (a Account) wasFrozen(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindFreeze && o.Case == c && (o.State == Executed || o.State == Lapsed)
	})
}

func approveStop(a Account, cmd ApproveStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindStop:
		return nil, ErrNoOrder
	case o.State != Waiting:
		return nil, ErrDecided
	case cmd.Approver.Zero() || o.signedBy(cmd.Approver):
		return nil, ErrSelfApproval
	}
	return []event.AccountEvent{event.StopApproved{Order: cmd.Order, Approver: cmd.Approver, At: cmd.At}}, nil
}

func rejectStop(a Account, cmd RejectStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindStop:
		return nil, ErrNoOrder
	case o.State == Rejected:
		return nil, nil
	case o.State != Waiting:
		return nil, ErrDecided
	}
	return []event.AccountEvent{event.StopRejected{Order: cmd.Order, Approver: cmd.Approver, Reason: cmd.Reason, At: cmd.At}}, nil
}

// answerStop takes the bank's word. The same answer twice is one answer; a
// failed order never becomes an executed one.
func answerStop(a Account, cmd AnswerStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindStop:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State == Failed && !cmd.Done:
		return nil, nil
	case o.State == Failed:
		return nil, ErrFailedFinal
	case o.State != Approved && o.State != Sent:
		return again(a, o, cmd)
	case !cmd.Done:
		return failed(cmd)
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case implausible(cmd.ExecutedAt, o.RequestAt, cmd.At):
		return nil, ErrExecutedWhen.At("/startTime")
	case !cmd.BankExpires.IsZero() && cmd.BankExpires.Before(cmd.ExecutedAt):
		return nil, ErrExecutedWhen.At("/expireTime")
	case cmd.BalanceBefore < 0:
		return nil, ErrNegative.At("/accountBalance")
	case len(cmd.Statement.Rows) > MaxRows:
		return nil, ErrTooManyRows.At("/transactions")
	}
	return executed(a, o, cmd)
}

// again takes an answer to an order that has been answered: the same answer is
// nothing new, and a statement that comes later or more complete is welcome.
func again(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	if !cmd.Done || !cmd.ExecutedAt.Equal(o.ExecutedAt) || cmd.BalanceBefore != o.Balance {
		return nil, ErrAnswered
	}
	if len(cmd.Statement.Rows) > MaxRows {
		return nil, ErrTooManyRows.At("/transactions")
	}
	return statement(a, o, nil, cmd)
}

// implausible tells whether a bank's time of execution lies before the order
// or ahead of the time of its answer, clocks going a little apart.
func implausible(executed, requested, answered time.Time) bool {
	return executed.Before(requested.Add(-ClockSkew)) || executed.After(answered.Add(ClockSkew))
}

func failed(cmd AnswerStop) ([]event.AccountEvent, error) {
	if !knownCause(cmd.Cause) {
		return nil, ErrCause.At("/failureCause")
	}
	return []event.AccountEvent{event.StopFailed{Order: cmd.Order, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}, nil
}

func knownCause(cause string) bool {
	switch cause {
	case bank.MismatchName, bank.MismatchAccount, bank.MismatchAmount, bank.MismatchTime, bank.NotFound, bank.Closed, bank.Technical, bank.Queued:
		return true
	}
	return false
}

// executed starts the 48 hours from the bank's time of execution. If the bank
// names another end, that is a discrepancy, and the earlier end counts.
func executed(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	expires := cmd.ExecutedAt.Add(StopWindow)
	var found []event.AccountEvent
	if !cmd.BankExpires.IsZero() && !cmd.BankExpires.Equal(expires) {
		found = append(found, event.BankDiscrepancyFound{
			Order: o.ID, Kind: "expiry-differs", Expected: expires.Format(time.RFC3339), Found: cmd.BankExpires.Format(time.RFC3339),
		})
		if cmd.BankExpires.Before(expires) {
			expires = cmd.BankExpires
		}
	}
	events := []event.AccountEvent{event.StopExecuted{
		Order: o.ID, Case: o.Case, Ordinal: o.Ordinal, Level: o.Level, ExecutedAt: cmd.ExecutedAt, ExpiresAt: expires,
		BalanceBefore: cmd.BalanceBefore, ResultCode: cmd.ResultCode,
	}}
	events = append(events, found...)
	return statement(a, o, events, cmd)
}

// statement adds what the statement of an answer brings: itself, what is wrong
// with it, and whose money it shows.
func statement(a Account, o Order, events []event.AccountEvent, cmd AnswerStop) ([]event.AccountEvent, error) {
	given := event.StatementReceived{Order: o.ID, Opening: cmd.Statement.Opening, Rows: cmd.Statement.Rows}
	if !cmd.Statement.Given || (a.Stated && sameStatement(given, a.Statement)) {
		return events, nil
	}
	events = append(events, given)
	if fault := balances(given, cmd.BalanceBefore); fault != "" {
		return append(events, event.BankDiscrepancyFound{Order: o.ID, Kind: "statement-unbalanced", Found: fault}), nil
	}
	if a.Stated && !covers(given, a.Statement) {
		return append(events, event.BankDiscrepancyFound{Order: o.ID, Kind: "statement-incomplete"}), nil
	}
	return reattribute(a, events, cmd.Method)
}

// expireStop frees the holder when nobody has acted in time (到期自动失效).
func expireStop(a Account, cmd ExpireStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindStop || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.StopLapsed{Order: o.ID, ExpiredAt: o.ExpiresAt}}, nil
}

func traceInflow(a Account, cmd TraceInflow) ([]event.AccountEvent, error) {
	return reattribute(a, inflow(a, InflowOf(cmd)), cmd.Method)
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

// reattribute adds what the given events change in whose money is where.
func reattribute(a Account, events []event.AccountEvent, method event.Method) ([]event.AccountEvent, error) {
	if len(events) == 0 {
		return nil, nil
	}
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	if !a.Stated {
		return events, nil
	}
	now, missing, err := Attribute(a, method)
	if err != nil {
		return nil, err
	}
	for _, in := range missing {
		if !a.reportedMissing(in, events) {
			events = append(events, event.BankDiscrepancyFound{Order: a.Statement.Order, Kind: "inflow-missing", Expected: string(in.Source.ID)})
		}
	}
	if a.Attribution.Revision > 0 && sameAttribution(a.Attribution, now) {
		return events, nil
	}
	now.Revision = a.Attribution.Revision + 1
	return append(events, now), nil
}

// reportedMissing keeps a missing inflow from being reported again each time
// something else changes: it is news only with the event that brought it.
func (a Account) reportedMissing(in Inflow, events []event.AccountEvent) bool {
	for _, e := range events {
		if _, ok := e.(event.StatementReceived); ok {
			return false
		}
		if traced, ok := e.(event.InflowTraced); ok && traced.Source.ID == in.Source.ID {
			return false
		}
	}
	return true
}
