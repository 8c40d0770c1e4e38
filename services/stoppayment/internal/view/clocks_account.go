package view

import (
	"errors"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// account folds an event of an account: first what is asked for, then what has
// come of it.
func (w clockWriter) account(e event.AccountEvent) error {
	switch e := e.(type) { //nolint:gochecksumtype // see measure
	case event.FreezeRequested:
		return w.knows(e.Order, e.Case, e.Operator.Unit, 0)
	case event.LiftRequested:
		if e.Repeats != "" {
			return w.goesOn(ClockLift, string(e.Repeats), string(e.Order))
		}
		return w.start(ClockLift, string(e.Order), e.Due, e.Target, e.Case, e.Operator.Unit)
	case event.FreezeReleaseRequested:
		if e.Due.IsZero() {
			return nil
		}
		if e.Repeats != "" {
			return w.goesOn(ClockRelease, string(e.Repeats), string(e.Order))
		}
		return w.start(ClockRelease, string(e.Order), e.Due, e.Target, e.Case, e.Operator.Unit)
	case event.PaperOrderRegistered:
		if e.Order != "" {
			return nil // an order by the channel is in its place: nothing is owed
		}
		return w.start(ClockPaper, string(e.Registration), e.Due, "", e.Case, e.Operator.Unit)
	case event.ObjectionFiled:
		return w.start(ClockObjection, string(e.Objection), e.Due, "", e.Case, e.Unit)
	case event.PaperOrderReconciled:
		return w.stop(string(e.Registration))
	case event.PaperOrderExpired:
		return w.stop(string(e.Registration))
	case event.ObjectionDecided:
		return w.stop(string(e.Objection))
	case event.ObjectionOverdue:
		return w.stop(string(e.Objection))
	case event.HolderNotified:
		if e.About == "lift" {
			return w.exec("DELETE FROM clocks WHERE kind = ? AND target = ?", ClockNotice, e.Order)
		}
		return nil
	}
	return w.measure(e)
}

// satisfied ends the clocks of telephone and paper orders that owe no papers any
// more.
func (w clockWriter) satisfied(some []identity.RegistrationID) error {
	for _, id := range some {
		if err := w.stop(string(id)); err != nil {
			return err
		}
	}
	return nil
}

// measure folds what has become of a stop or a freeze.
func (w clockWriter) measure(e event.AccountEvent) error {
	switch e := e.(type) { //nolint:gochecksumtype // see follow
	case event.StopExecuted:
		return errors.Join(w.startOf(ClockStop, e.Order, e.ExpiresAt), w.satisfied(e.InPlaceOf))
	case event.StopAnswerCorrected:
		return w.move(string(e.Order), e.ExpiresAt)
	case event.StopExpiryWarned:
		return w.exec("UPDATE clocks SET warned = ? WHERE subject = ?", e.Hours, e.Order)
	case event.StopLapsed:
		return w.over(e.Order)
	case event.StopFailed:
		return w.over(e.Order)
	case event.StopRejected:
		return w.over(e.Order)
	case event.StopLifted:
		if e.Cause == domain.LiftConverted {
			return w.over(e.Order) // the freeze holds on: there is no end to tell of
		}
		return w.lifted(e.Order, e.By)
	case event.StopNarrowed:
		return w.stop(string(e.By))
	case event.FreezeExecuted:
		return errors.Join(w.startOf(ClockFreeze, e.Order, e.ExpiresAt), w.satisfied(e.InPlaceOf))
	case event.FreezeRenewed:
		return w.move(string(e.Order), e.ExpiresAt)
	case event.FreezeLapsed:
		return w.over(e.Order)
	case event.FreezeFailed:
		return w.over(e.Order)
	case event.FreezeLifted:
		return w.lifted(e.Order, e.By)
	}
	return w.follow(e)
}

// follow folds what has become of an order that changes a measure.
func (w clockWriter) follow(e event.AccountEvent) error {
	var order identity.OrderID
	switch e := e.(type) { //nolint:gochecksumtype // the rest starts and ends no clock
	case event.LiftOverdue:
		if e.Awaits != domain.AwaitsNotice {
			return nil // its term is over and the bank still has not done it: that stays in sight
		}
		order = e.Order
	case event.FreezePartiallyReleased:
		order = e.By
	default:
		return nil
	}
	return w.stop(string(order))
}
