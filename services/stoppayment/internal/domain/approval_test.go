package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type approvalRow = estest.Case[domain.ApprovalCommand, event.ApprovalEvent]

func TestAStandingApprovalCanOnlyBeNarrowed(t *testing.T) {
	on := []event.ApprovalEvent{granted}
	narrow := func(change func(*domain.NarrowStanding)) domain.NarrowStanding {
		n := domain.NarrowStanding{Approval: "standing-1", By: leader, At: four}
		change(&n)
		return n
	}
	to := func(change func(*event.StandingApprovalNarrowed)) event.StandingApprovalNarrowed {
		n := event.StandingApprovalNarrowed{Approval: "standing-1", MaxAmount: granted.MaxAmount, MaxLevel: granted.MaxLevel, Until: granted.Until, By: leader, At: four}
		change(&n)
		return n
	}
	estest.Run(t, domain.ApprovalDecider(), []approvalRow{
		{Rule: "to a lower amount", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.MaxAmount = 5 }), Then: []event.ApprovalEvent{to(func(n *event.StandingApprovalNarrowed) { n.MaxAmount = 5 })}},
		{Rule: "to a lower level", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.MaxLevel = 1 }), Then: []event.ApprovalEvent{to(func(n *event.StandingApprovalNarrowed) { n.MaxLevel = 1 })}},
		{Rule: "to an earlier end", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.Until = four.Add(time.Hour) }), Then: []event.ApprovalEvent{to(func(n *event.StandingApprovalNarrowed) { n.Until = four.Add(time.Hour) })}},
		{Rule: "not to a higher amount", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.MaxAmount = granted.MaxAmount + 1 }), Err: domain.ErrNotNarrower},
		{Rule: "not to a deeper level, whatever else is lower", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.MaxAmount, n.MaxLevel = 5, 6 }), Err: domain.ErrNotNarrower},
		{Rule: "not to a later end", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.Until = granted.Until.Add(time.Second) }), Err: domain.ErrNotNarrower},
		{Rule: "not to what it is", Given: on, When: narrow(func(*domain.NarrowStanding) {}), Err: domain.ErrNotNarrower},
		{Rule: "not to an end that has passed: that is a revocation", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.Until = four }), Err: domain.ErrNotNarrower},
		{Rule: "not to a negative amount", Given: on, When: narrow(func(n *domain.NarrowStanding) { n.MaxAmount = -1 }), Err: domain.ErrNotNarrower},
		{Rule: "what is unknown cannot be narrowed", When: narrow(func(n *domain.NarrowStanding) { n.MaxAmount = 5 }), Err: domain.ErrNoApproval},
	})
	after := domain.ApprovalDecider().Replay(granted, to(func(n *event.StandingApprovalNarrowed) { n.MaxAmount = paid.Amount - 1 }))
	if in := after.InForce(four); len(in) != 1 || domain.Covers(in[0], requested(), four) {
		t.Errorf("after it was narrowed it covers what it did before: %+v", in)
	}
}

func TestAStandingApprovalExpiresOnceAtItsEnd(t *testing.T) {
	expire := domain.ExpireStanding{Approval: "standing-1", At: granted.Until}
	expired := event.StandingApprovalExpired{Approval: "standing-1", Until: granted.Until}
	sooner := event.StandingApprovalNarrowed{Approval: "standing-1", MaxAmount: 1, MaxLevel: 1, Until: four.Add(time.Minute), By: leader, At: four}
	estest.Run(t, domain.ApprovalDecider(), []approvalRow{
		{Rule: "not before", Given: []event.ApprovalEvent{granted}, When: domain.ExpireStanding{Approval: "standing-1", At: granted.Until.Add(-time.Second)}},
		{Rule: "at its end", Given: []event.ApprovalEvent{granted}, When: expire, Then: []event.ApprovalEvent{expired}},
		{Rule: "once", Given: []event.ApprovalEvent{granted, expired}, When: expire},
		{Rule: "not what was revoked", Given: []event.ApprovalEvent{granted, event.StandingApprovalRevoked{Approval: "standing-1"}}, When: expire},
		{Rule: "at the earlier end that it was narrowed to", Given: []event.ApprovalEvent{granted, sooner}, When: domain.ExpireStanding{Approval: "standing-1", At: sooner.Until}, Then: []event.ApprovalEvent{
			event.StandingApprovalExpired{Approval: "standing-1", Until: sooner.Until},
		}},
	})
	due := domain.DueOnApprovals(domain.ApprovalDecider().Replay(granted, sooner))
	if diff := cmp.Diff([]es.Alarm{{Name: "approval:standing-1", At: sooner.Until}}, due); diff != "" {
		t.Errorf("other clocks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(domain.ApprovalCommand(domain.ExpireStanding{Approval: "standing-1", At: four}), domain.WakeApproval(due[0], four)); diff != "" {
		t.Errorf("another wake-up (-want +got):\n%s", diff)
	}
	if left := domain.DueOnApprovals(domain.ApprovalDecider().Replay(granted, expired)); len(left) > 0 {
		t.Errorf("after its end %v run", left)
	}
}
