package domain

import (
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
	if a.Frozen.Order != "" && a.Frozen.Case == cmd.Case {
		return nil, ErrFrozenAlready
	}
	switch executed, open := a.stops(cmd.Case, cmd.Unit); {
	case executed >= MaxStops:
		return nil, ErrThirdStop
	case open > 0:
		return nil, ErrStoppedAlready
	case executed > 0:
		return nil, ErrStoppedAlready
	}
	requested := event.StopRequested{
		Order: cmd.Order, Case: cmd.Case, ApplicationType: "00", Ordinal: 1, Account: cmd.Account, Level: cmd.Level,
		ParentOrder: cmd.ParentOrder, Source: cmd.Source, Lots: cmd.Lots, Scope: "ALL", Unit: cmd.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At, Warnings: cmd.Warnings,
	}
	events := append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...)
	return reattribute(a, events, cmd.Method)
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
		if o.Freeze || o.Case != c || o.Unit != unit {
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
// giver must not be the operator of the order.
func Covers(s event.StandingApprovalGranted, r event.StopRequested, at time.Time) bool {
	return s.Unit == r.Unit && !at.Before(s.From) && at.Before(s.Until) &&
		r.Source.Amount <= s.MaxAmount && r.Level <= s.MaxLevel && s.By.PoliceNo != r.Operator.PoliceNo
}

// secondStop asks for the second 48 hours: while or after the first, and
// before any freeze.
func secondStop(a Account, cmd SecondStop) ([]event.AccountEvent, error) {
	if _, known := a.Find(cmd.Order); known {
		return nil, nil
	}
	first, ok := a.Find(cmd.First)
	if !ok || first.Freeze {
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
	case a.Frozen.Order != "":
		return nil, ErrFrozenAlready
	}
	requested := event.StopRequested{
		Order: cmd.Order, Case: first.Case, ApplicationType: "00", Ordinal: 2, Account: a.Ref, Level: first.Level,
		ParentOrder: first.ID, Source: first.Source, Lots: first.Lots, Scope: "ALL", Unit: first.Unit,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}
	return append([]event.AccountEvent{requested}, approveUnder(cmd.Standing, requested, cmd.At)...), nil
}

func approveStop(a Account, cmd ApproveStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Freeze:
		return nil, ErrNoOrder
	case o.State != Waiting:
		return nil, ErrDecided
	case cmd.Approver.Zero() || cmd.Approver.PoliceNo == o.Operator.PoliceNo:
		return nil, ErrSelfApproval
	}
	return []event.AccountEvent{event.StopApproved{Order: cmd.Order, Approver: cmd.Approver, At: cmd.At}}, nil
}

func rejectStop(a Account, cmd RejectStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Freeze:
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
	case !ok || o.Freeze:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State == Failed && !cmd.Done:
		return nil, nil
	case o.State == Failed:
		return nil, ErrFailedFinal
	case o.State != Approved && o.State != Sent:
		return nil, sameAnswer(o, cmd)
	case !cmd.Done:
		return failed(cmd)
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case cmd.BalanceBefore < 0:
		return nil, ErrNegative.At("/accountBalance")
	case len(cmd.Statement.Rows) > MaxRows:
		return nil, ErrTooManyRows.At("/transactions")
	}
	return executed(a, o, cmd)
}

func sameAnswer(o Order, cmd AnswerStop) error {
	if cmd.Done && cmd.ExecutedAt.Equal(o.ExecutedAt) && cmd.BalanceBefore == o.Balance {
		return nil
	}
	return ErrAnswered
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
	if !cmd.Statement.Given {
		return events, nil
	}
	statement := event.StatementReceived{Order: o.ID, Opening: cmd.Statement.Opening, Rows: cmd.Statement.Rows}
	events = append(events, statement)
	if err := balances(statement, cmd.BalanceBefore); err != "" {
		return append(events, event.BankDiscrepancyFound{Order: o.ID, Kind: "statement-unbalanced", Found: err}), nil
	}
	return reattribute(a, events, cmd.Method)
}

// expireStop frees the holder when nobody has acted in time (到期自动失效).
func expireStop(a Account, cmd ExpireStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Freeze || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.StopLapsed{Order: o.ID, ExpiredAt: o.ExpiresAt}}, nil
}

// liftStop frees the holder before the time. After a lapse or a lift it is a
// no-op.
func liftStop(a Account, cmd LiftStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Freeze:
		return nil, ErrNoOrder
	case o.State != Executed:
		return nil, nil
	}
	return []event.AccountEvent{event.StopLifted{Order: o.ID, Cause: cmd.Cause, At: cmd.At}}, nil
}

func traceInflow(a Account, cmd TraceInflow) ([]event.AccountEvent, error) {
	for _, in := range a.Inflows {
		if in.Source.ID == cmd.Source.ID && sameLots(in.Lots, cmd.Lots) {
			return nil, nil
		}
	}
	return reattribute(a, []event.AccountEvent{event.InflowTraced{Case: cmd.Case, Source: cmd.Source, Lots: cmd.Lots}}, cmd.Method)
}

// reattribute adds what the given events change in whose money is where.
func reattribute(a Account, events []event.AccountEvent, method event.Method) ([]event.AccountEvent, error) {
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	if !a.Stated || balances(a.Statement, a.Balance) != "" {
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
