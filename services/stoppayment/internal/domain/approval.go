package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// maxStandingLevel bounds the level of a standing approval, far beyond any
// chase that was ever seen.
const maxStandingLevel = 50

// Approvals (常设批准) are the standing approvals of one unit that are neither
// revoked nor expired, each with the limits that it has now.
type Approvals struct {
	Granted []event.StandingApprovalGranted
}

// find returns one of them.
func (a Approvals) find(id identity.ApprovalID) (event.StandingApprovalGranted, bool) {
	for _, g := range a.Granted {
		if g.Approval == id {
			return g, true
		}
	}
	return event.StandingApprovalGranted{}, false
}

// DueOnApprovals lists the end of each standing approval.
func DueOnApprovals(a Approvals) []es.Alarm {
	var due []es.Alarm
	for _, g := range a.Granted {
		due = append(due, es.Alarm{Name: approvalClock + string(g.Approval), At: g.Until})
	}
	return due
}

const approvalClock = "approval:"

// WakeApproval makes the command for a standing approval that has run out.
func WakeApproval(clock es.Alarm, at time.Time) ApprovalCommand {
	return ExpireStanding{Approval: identity.ApprovalID(strings.TrimPrefix(clock.Name, approvalClock)), At: at}
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

// NarrowStanding (收窄常设批准): a limit of zero, or no end, stays as it is. No
// limit can rise.
type NarrowStanding struct {
	Approval  identity.ApprovalID
	MaxAmount money.Fen
	MaxLevel  int
	Until     time.Time
	By        event.Officer
	At        time.Time
}

// ExpireStanding wakes a standing approval at its end.
type ExpireStanding struct {
	Approval identity.ApprovalID
	At       time.Time
}

func (GrantStanding) isApprovalCommand()  {}
func (RevokeStanding) isApprovalCommand() {}
func (NarrowStanding) isApprovalCommand() {}
func (ExpireStanding) isApprovalCommand() {}

// ApprovalDecider is all of the rules of standing approvals.
func ApprovalDecider() es.Decider[Approvals, ApprovalCommand, event.ApprovalEvent] {
	return es.Decider[Approvals, ApprovalCommand, event.ApprovalEvent]{
		Decide: DecideApproval, Evolve: EvolveApproval, Due: DueOnApprovals,
	}
}

// EvolveApproval folds one event into the state.
func EvolveApproval(a Approvals, e event.ApprovalEvent) Approvals {
	switch e := e.(type) {
	case event.StandingApprovalGranted:
		a.Granted = append(slices.Clip(a.Granted), e)
	case event.StandingApprovalRevoked:
		a = a.without(e.Approval)
	case event.StandingApprovalExpired:
		a = a.without(e.Approval)
	case event.StandingApprovalNarrowed:
		a.Granted = slices.Clone(a.Granted)
		for i := range a.Granted {
			if g := &a.Granted[i]; g.Approval == e.Approval {
				g.MaxAmount, g.MaxLevel, g.Until = e.MaxAmount, e.MaxLevel, e.Until
			}
		}
	}
	return a
}

func (a Approvals) without(id identity.ApprovalID) Approvals {
	a.Granted = slices.DeleteFunc(slices.Clone(a.Granted), func(g event.StandingApprovalGranted) bool { return g.Approval == id })
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
		if _, known := a.find(cmd.Approval); !known {
			return nil, ErrNoApproval
		}
		return []event.ApprovalEvent{event.StandingApprovalRevoked{Approval: cmd.Approval, By: cmd.By, At: cmd.At}}, nil
	case NarrowStanding:
		return narrowStanding(a, cmd)
	case ExpireStanding:
		g, known := a.find(cmd.Approval)
		if !known || cmd.At.Before(g.Until) {
			return nil, nil
		}
		return []event.ApprovalEvent{event.StandingApprovalExpired{Approval: g.Approval, Until: g.Until}}, nil
	}
	return nil, nil
}

func narrowStanding(a Approvals, cmd NarrowStanding) ([]event.ApprovalEvent, error) {
	now, known := a.find(cmd.Approval)
	if !known || !cmd.At.Before(now.Until) {
		return nil, ErrNoApproval
	}
	next := event.StandingApprovalNarrowed{
		Approval: now.Approval, MaxAmount: cmp.Or(cmd.MaxAmount, now.MaxAmount), MaxLevel: cmp.Or(cmd.MaxLevel, now.MaxLevel), Until: now.Until, By: cmd.By, At: cmd.At,
	}
	if !cmd.Until.IsZero() {
		next.Until = cmd.Until
	}
	wider := next.MaxAmount > now.MaxAmount || next.MaxAmount < 0 || next.MaxLevel > now.MaxLevel || next.MaxLevel < 0 || next.Until.After(now.Until)
	same := next.MaxAmount == now.MaxAmount && next.MaxLevel == now.MaxLevel && next.Until.Equal(now.Until)
	if wider || same || !next.Until.After(cmd.At) {
		return nil, ErrNotNarrower
	}
	return []event.ApprovalEvent{next}, nil
}
