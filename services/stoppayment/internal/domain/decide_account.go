package domain

import (
	"github.com/yuanlu/yuanlu/api/event"
)

// DecideAccount is every rule about one account.
func DecideAccount(a Account, cmd AccountCommand) ([]event.AccountEvent, error) {
	switch cmd := cmd.(type) {
	case RequestStop:
		return requestStop(a, cmd)
	case SecondStop:
		return secondStop(a, cmd)
	case ApproveStop:
		return approveStop(a, cmd)
	case RejectStop:
		return rejectStop(a, cmd)
	case MarkSent:
		return markSent(a, cmd)
	case NoteUndelivered:
		return noteUndelivered(a, cmd)
	case AnswerStop:
		return stopAnswered(a, cmd)
	case ExpireStop:
		return expireStop(a, cmd)
	case RequestLift, AnswerStopChange, LiftLate, WarnStop, ApproveRaise, RegisterPaper, ReconcilePaper, ExpirePaper:
		return decideOnStop(a, cmd)
	case TraceInflow:
		events, err := traceInflow(a, cmd)
		return a.afterwards(events, cmd.At), err
	case NameDebits:
		events, err := nameDebits(a, cmd)
		return a.afterwards(events, cmd.At), err
	case AddRows, ExpireStatement, ContinueAttribution, ChooseMethod, ProposeManual, ConfirmManual, RejectManual, RequestQuery, AnswerQuery:
		return decideOnLedger(a, cmd)
	case RequestFreeze:
		return requestFreeze(a, cmd)
	case AnswerFreeze:
		events, err := freezeAnswered(a, cmd)
		return a.andLetGo(a.inPlace(events), cmd.At), err
	case ExpireFreeze:
		return expireFreeze(a, cmd)
	case RequestRenewal:
		return requestRenewal(a, cmd)
	case RequestRelease:
		return requestRelease(a, cmd)
	case AnswerFollowUp:
		events, err := followUpAnswered(a, cmd)
		return a.andLetGo(events, cmd.At), err
	case WarnFreeze:
		return warnFreeze(a, cmd)
	case PromoteQueued:
		return promoteQueued(a, cmd)
	case RepeatOrder:
		return repeatOrder(a, cmd)
	case ReleaseOverdue:
		return releaseOverdue(a, cmd)
	case TransferByCourt:
		return transferByCourt(a, cmd)
	case NoteReturn:
		return noteReturn(a, cmd)
	case FileObjection, AcceptObjection, DecideObjection, ObjectionDue, NotifyHolder, DeferNotice, NoticeDue, ProveUnrelated, ConfirmWrongStop, NarrowMeasure:
		return decideRemedy(a, cmd)
	}
	return nil, nil
}

// twoOfficers demands operator and investigator, different persons, both with
// a police number.
func twoOfficers(operator, investigator event.Officer) error {
	if operator.Zero() || investigator.Zero() || operator.PoliceNo == investigator.PoliceNo {
		return ErrTwoOfficers.At("/investigator")
	}
	return nil
}

func markSent(a Account, cmd MarkSent) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State != Approved:
		return nil, nil // taken or answered before
	}
	return []event.AccountEvent{event.OrderSent{Order: cmd.Order, Channel: cmd.Channel, At: cmd.At}}, nil
}
