package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// postNotice publishes a proportional plan for thirty full days; the day it is
// posted on does not count.
func postNotice(p Procedure, cmd PostNotice) ([]event.RefundEvent, error) {
	switch {
	case !p.Planned():
		return nil, ErrNoPlan
	case !p.Plan.NoticeRequired:
		return nil, ErrNoticeNotAsked
	case p.NoticePosted():
		return nil, ErrNoticePosted
	}
	if err := code(cmd.Medium, "/medium"); err != nil {
		return nil, err
	}
	return []event.RefundEvent{event.PublicNoticePosted{
		Medium: cmd.Medium, TextHash: cmd.TextHash, PostedAt: cmd.At, EndsAt: identity.AddDays(cmd.At, NoticeDays), By: cmd.By,
	}}, nil
}

func endNotice(p Procedure, cmd EndNotice) ([]event.RefundEvent, error) {
	if !p.NoticePosted() || p.NoticeEnded || cmd.At.Before(p.Notice.EndsAt) {
		return nil, nil // woken twice, or for a notice that is void
	}
	return []event.RefundEvent{event.PublicNoticeEnded{EndedAt: p.Notice.EndsAt}}, nil
}

func object(p Procedure, cmd FileObjection) ([]event.RefundEvent, error) {
	switch {
	case p.Approved():
		return nil, ErrApprovedAlready
	case slices.ContainsFunc(p.Objections, func(o Objection) bool { return o.ID == cmd.Objection }):
		return nil, ErrObjectionTwice
	case len(p.Objections) >= MaxObjections:
		return nil, ErrTooManyObjected
	}
	if err := code(cmd.Grounds, "/grounds"); err != nil {
		return nil, err
	}
	return []event.RefundEvent{event.RefundObjectionFiled(cmd)}, nil
}

// decideObjection answers an objection. One that is upheld voids the plan.
func decideObjection(p Procedure, cmd DecideObjection) ([]event.RefundEvent, error) {
	n := slices.IndexFunc(p.Objections, func(o Objection) bool { return o.ID == cmd.Objection })
	switch {
	case n < 0:
		return nil, ErrNoObjection
	case !p.Objections[n].Open:
		return nil, ErrObjectionClosed
	}
	return []event.RefundEvent{event.RefundObjectionDecided(cmd)}, nil
}

func report(p Procedure, cmd SubmitReport) ([]event.RefundEvent, error) {
	switch {
	case p.Approved():
		return nil, ErrApprovedAlready
	case !p.Planned():
		return nil, ErrNoPlan
	case p.Reported():
		return nil, nil
	}
	return []event.RefundEvent{event.RefundReportSubmitted{PlanHash: p.Plan.Hash, By: cmd.By, At: cmd.At}}, nil
}

// approves checks the one who decides about a refund.
func approves(p Procedure, approver event.Officer) error {
	switch {
	case p.Approved():
		return ErrApprovedAlready
	case !approver.Level.AtLeast(identity.City):
		return ErrApproverLevel
	case !p.Planned():
		return ErrNoPlan
	case !p.Reported():
		return ErrNotReported
	case approver.PoliceNo == p.Reporter.PoliceNo:
		return ErrSelfApproval
	}
	return nil
}

func approve(hash Hash, p Procedure, cmd Approve) ([]event.RefundEvent, error) {
	if err := approves(p, cmd.Approver); err != nil {
		return nil, err
	}
	direct := p.Plan.Mode != event.Proportionately
	switch {
	case cmd.DecisionNo == "":
		return nil, ErrDecisionNumber.At("/decisionNo")
	case slices.ContainsFunc(p.Objections, func(o Objection) bool { return o.Open }):
		return nil, ErrObjectionOpen
	case direct && !p.Exact:
		return nil, ErrNotDirect
	case !direct && (!p.NoticeEnded || cmd.At.Before(p.Notice.EndsAt)):
		return nil, ErrNoticeRunning
	case !cmd.At.Before(p.FreezeExpires):
		return nil, ErrFreezeExpired
	}
	if err := unchanged(hash, p, p.ReportedHash); err != nil {
		return nil, err
	}
	return []event.RefundEvent{event.RefundApproved{
		PlanHash: p.Plan.Hash, DecisionNo: cmd.DecisionNo, Approver: cmd.Approver, At: cmd.At,
	}}, nil
}

// unchanged refuses to act on a plan that is not, to the fen and to the payee,
// the one that was put before the decider.
func unchanged(hash Hash, p Procedure, agreed string) error {
	now, err := planHash(hash, p, p.Plan)
	if err != nil {
		return err
	}
	if now != p.Plan.Hash || now != agreed {
		return ErrPlanChanged
	}
	return nil
}

func reject(p Procedure, cmd Reject) ([]event.RefundEvent, error) {
	if err := approves(p, cmd.Approver); err != nil {
		return nil, err
	}
	if err := code(cmd.Reason, "/reason"); err != nil {
		return nil, err
	}
	return []event.RefundEvent{event.RefundRejected(cmd)}, nil
}
