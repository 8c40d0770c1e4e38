package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// maxStandingLevel bounds the level of a standing approval, far beyond any
// chase that was ever seen.
const maxStandingLevel = 50

// Approvals (常设批准) are the standing approvals of one unit that are not
// revoked.
type Approvals struct {
	Granted []event.StandingApprovalGranted
}

// InForce lists those that are valid at a time.
func (a Approvals) InForce(at time.Time) []event.StandingApprovalGranted {
	return slices.DeleteFunc(slices.Clone(a.Granted), func(g event.StandingApprovalGranted) bool {
		return at.Before(g.From) || !at.Before(g.Until)
	})
}

// ApprovalCommand is something that can be asked of a unit's approvals.
//
//sumtype:decl
type ApprovalCommand interface{ isApprovalCommand() }

// GrantStanding (授予常设批准) by a shift leader or chief.
type GrantStanding struct {
	Approval  identity.ApprovalID
	Unit      identity.Unit
	MaxAmount money.Fen
	MaxLevel  int
	Until     time.Time
	By        event.Officer
	At        time.Time
}

// RevokeStanding (撤销常设批准) at once.
type RevokeStanding struct {
	Approval identity.ApprovalID
	By       event.Officer
	At       time.Time
}

func (GrantStanding) isApprovalCommand()  {}
func (RevokeStanding) isApprovalCommand() {}

// ApprovalDecider is all of the rules of standing approvals.
func ApprovalDecider() es.Decider[Approvals, ApprovalCommand, event.ApprovalEvent] {
	return es.Decider[Approvals, ApprovalCommand, event.ApprovalEvent]{
		Decide: DecideApproval, Evolve: EvolveApproval, Due: func(Approvals) []es.Alarm { return nil },
	}
}

// EvolveApproval folds one event into the state.
func EvolveApproval(a Approvals, e event.ApprovalEvent) Approvals {
	switch e := e.(type) {
	case event.StandingApprovalGranted:
		a.Granted = append(slices.Clip(a.Granted), e)
	case event.StandingApprovalRevoked:
		a.Granted = slices.DeleteFunc(slices.Clone(a.Granted), func(g event.StandingApprovalGranted) bool { return g.Approval == e.Approval })
	}
	return a
}

// DecideApproval is every rule about standing approvals.
func DecideApproval(a Approvals, cmd ApprovalCommand) ([]event.ApprovalEvent, error) {
	switch cmd := cmd.(type) {
	case GrantStanding:
		if cmd.MaxAmount <= 0 || cmd.MaxAmount > money.Max || cmd.MaxLevel < 1 || cmd.MaxLevel > maxStandingLevel || !cmd.Until.After(cmd.At) || cmd.Until.Sub(cmd.At) > standingLimit {
			return nil, ErrShiftLeader
		}
		return []event.ApprovalEvent{event.StandingApprovalGranted{
			Approval: cmd.Approval, Unit: cmd.Unit, MaxAmount: cmd.MaxAmount, MaxLevel: cmd.MaxLevel, From: cmd.At, Until: cmd.Until, By: cmd.By,
		}}, nil
	case RevokeStanding:
		known := slices.ContainsFunc(a.Granted, func(g event.StandingApprovalGranted) bool { return g.Approval == cmd.Approval })
		if !known {
			return nil, ErrNoApproval
		}
		return []event.ApprovalEvent{event.StandingApprovalRevoked{Approval: cmd.Approval, By: cmd.By, At: cmd.At}}, nil
	}
	return nil, nil
}
