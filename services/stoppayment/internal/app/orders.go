package app

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// abreast is how many accounts are woken side by side. One report can stop 500
// accounts within seconds, whose clocks then run out within seconds; appends that
// meet share the log's fsync.
const abreast = 16

// prepare tells a warning whether the case is filed: it says what is missing.
func (a App) prepare(ctx context.Context, s domain.Account, cmd domain.AccountCommand) (domain.AccountCommand, error) {
	warn, ok := cmd.(domain.WarnStop)
	if !ok {
		return cmd, nil
	}
	order, _ := s.Find(warn.Order)
	chase, err := a.Pursuits.Load(ctx, string(order.Case))
	if err != nil {
		return cmd, err
	}
	warn.Filed = chase.State.CaseNo != ""
	return warn, nil
}

// PapersDue is by when the papers of an order must be there that a bank was asked
// for by telephone or on paper: so many hours later, or working days of the city
// where its policy has days.
func (a App) PapersDue(asked time.Time) time.Time {
	if days := a.City.Policy.PaperDays; days > 0 {
		return a.City.Policy.Remedy.Calendar().AddWorkingDays(asked, days)
	}
	return asked.Add(time.Duration(a.City.Policy.PaperHours) * time.Hour)
}

// approvalClocks end standing approvals.
func (a App) approvalClocks() alarm.Loop[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent] {
	return alarm.Loop[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]{
		Case: a.Approvals, Log: a.City.Log, Clock: a.City.Clock, Wake: domain.WakeApproval,
		Correlation: func(domain.Approvals, es.Alarm) string { return "" },
		Actor:       service.SystemActor(Name), Logger: a.City.Logger,
	}
}

// raised puts a stop that is to hold more under the standing approvals of its
// unit. They are read only when there is something to approve; what they do not
// cover waits for a person. Should this be cut short, the same command given
// again comes here again.
func (a App) raised(ctx context.Context, id identity.AccountID, cause es.Cause, out es.Outcome[domain.Account, event.AccountEvent]) (es.Outcome[domain.Account, event.AccountEvent], error) {
	for _, e := range out.Events {
		raise, ok := e.(event.StopRaiseRequested)
		if !ok {
			continue
		}
		if o, _ := out.State.Find(raise.Order); o.State != domain.Waiting {
			continue
		}
		standing, err := a.standing(ctx, raise.Unit, cause)
		if err != nil {
			return out, err
		}
		next := cause
		next.Command = identity.Derive("approve-raise", cause.Command.String(), string(raise.Order))
		done, err := a.Accounts.Handle(ctx, string(id), next, es.AnyRevision, domain.ApproveRaise{Order: raise.Order, Standing: standing, At: cause.At})
		if err != nil {
			return out, err
		}
		out.State, out.Revision = done.State, done.Revision
	}
	return out, nil
}
