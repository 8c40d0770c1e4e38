package domain

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

func compileFlowTable(hash Hash, p Procedure, cmd CompileFlowTable) ([]event.RefundEvent, error) {
	switch {
	case p.Approved():
		return nil, ErrApprovedAlready
	case cmd.CheckedBy.Zero():
		return nil, ErrTwoOfficers.At("/checkedBy")
	case cmd.CheckedBy.PoliceNo == cmd.By.PoliceNo:
		return nil, ErrSelfCheck.At("/checkedBy")
	case len(cmd.Rows) > MaxFlowRows:
		return nil, ErrFlowTooLong
	case !connected(p, cmd.Rows):
		return nil, ErrFlowIncomplete
	}
	sum, err := fingerprint(hash, "flow-table", cmd.Rows)
	if err != nil {
		return nil, err
	}
	if sum == p.FlowHash {
		return nil, nil
	}
	return []event.RefundEvent{event.FlowTableCompiled{
		Version: p.FlowVersion + 1, Rows: cmd.Rows, Hash: sum, By: cmd.By, CheckedBy: cmd.CheckedBy, At: cmd.At,
	}}, nil
}

// connected tells whether a table begins with every claimed transfer and ends
// on the frozen account.
func connected(p Procedure, rows []event.FlowRow) bool {
	for _, c := range p.Claims {
		if !slices.ContainsFunc(rows, func(r event.FlowRow) bool { return r.Transfer.ID == c.Transfer }) {
			return false
		}
	}
	return slices.ContainsFunc(rows, func(r event.FlowRow) bool { return r.Transfer.To.ID == p.Account.ID })
}

// propose works out a plan. A victim who was told and has not applied keeps his
// share: it stays frozen, and nobody else gets it.
func propose(hash Hash, p Procedure, cmd ProposePlan) ([]event.RefundEvent, error) {
	switch {
	case p.Approved():
		return nil, ErrApprovedAlready
	case slices.ContainsFunc(p.Claims, func(c Claim) bool { return !slices.Contains(p.Informed, c.Victim) }):
		return nil, ErrNotInformed
	case !slices.ContainsFunc(p.Claims, func(c Claim) bool { return c.Applied }):
		return nil, ErrNotApplied
	case p.FlowVersion == 0:
		return nil, ErrNoFlowTable
	}
	plan, err := planned(p)
	if err != nil {
		return nil, err
	}
	if plan.Frozen == plan.Remainder {
		return nil, ErrNothing
	}
	if plan.Hash, err = planHash(hash, p, plan); err != nil {
		return nil, err
	}
	if plan.Hash == p.Plan.Hash {
		return nil, nil // the same inputs give the same plan
	}
	plan.By, plan.At = cmd.By, cmd.At
	return []event.RefundEvent{plan}, nil
}

// planned is the plan that the state gives, by 41号 art. 8.
func planned(p Procedure) (event.RefundPlanProposed, error) {
	attributable, err := attributable(p)
	if err != nil {
		return event.RefundPlanProposed{}, err
	}
	plan := event.RefundPlanProposed{
		Mode: mode(p), FormulaVersion: FormulaVersion, Attributable: attributable, Frozen: p.Frozen, Remainder: p.Frozen,
	}
	plan.NoticeRequired = plan.Mode == event.Proportionately
	shares, err := shares(p, plan)
	if err != nil {
		return plan, err
	}
	for n, c := range p.Claims {
		if !c.Applied {
			continue
		}
		plan.Lines = append(plan.Lines, event.PlanLine{Victim: c.Victim, Transfer: c.Transfer, Loss: loss(c), Refund: shares[n]})
		if plan.Remainder, err = plan.Remainder.Sub(shares[n]); err != nil || plan.Remainder < 0 {
			return plan, ErrExceedsFrozen
		}
	}
	return plan, nil
}

// attributable is F, the part of the frozen money that is this case's victims':
// all they hold or, where less is frozen than the victims of all cases hold,
// their part of it. A fen that does not divide stays frozen.
func attributable(p Procedure) (money.Fen, error) {
	held := p.Held()
	total, err := held.Add(p.OthersHeld)
	if err != nil {
		return 0, ErrTotal
	}
	if total <= p.Frozen {
		return held, nil
	}
	part, _, err := p.Frozen.Share(held, total)
	if err != nil {
		return 0, ErrTotal
	}
	return part, nil
}

// mode chooses by art. 8: the money of an account goes back directly only
// where time stamps tell it apart to the fen, and all of it is frozen.
func mode(p Procedure) event.RefundMode {
	switch {
	case !p.Exact || p.Held() > p.Frozen-p.OthersHeld:
		return event.Proportionately
	case p.Credits == 1:
		return event.Direct1
	}
	return event.Direct2
}

// shares gives each claim its part, in the order of the claims.
func shares(p Procedure, plan event.RefundPlanProposed) ([]money.Fen, error) {
	if plan.Mode != event.Proportionately {
		direct := make([]money.Fen, len(p.Claims))
		for n, c := range p.Claims {
			direct[n] = min(c.Held, loss(c))
		}
		return direct, nil
	}
	losses := make([]Loss, len(p.Claims))
	for n, c := range p.Claims {
		losses[n] = Loss{Amount: loss(c), At: c.PaidAt, ID: string(c.Transfer)}
	}
	shares, err := Allocate(plan.Attributable, losses)
	if err != nil {
		return nil, ErrTotal
	}
	return shares, nil
}

// loss is what a victim has lost by a transfer into this account and not got
// back: never more than reached it.
func loss(c Claim) money.Fen { return max(0, min(c.Reached, c.Declared-c.Returned)) }

// inputs is all that a plan rests on, beside the plan itself.
type inputs struct {
	Procedure identity.ProcedureID     `json:"procedure"`
	Exact     bool                     `json:"exact"`
	Credits   int                      `json:"credits"`
	FlowHash  string                   `json:"flowHash"`
	Claims    []input                  `json:"claims"`
	Plan      event.RefundPlanProposed `json:"plan"` // without hash, officer and time
}

type input struct {
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Loss     money.Fen           `json:"lossFen"`
	Held     money.Fen           `json:"heldFen"`
	Payee    identity.AccountID  `json:"payee"` // "" if not applied for
}

// planHash is the fingerprint of a plan with all it rests on. It does not hang
// on who proposed it when.
func planHash(hash Hash, p Procedure, plan event.RefundPlanProposed) (string, error) {
	in := inputs{
		Procedure: p.ID, Exact: p.Exact, Credits: p.Credits, FlowHash: p.FlowHash,
		Plan: event.RefundPlanProposed{
			Mode: plan.Mode, FormulaVersion: plan.FormulaVersion, Attributable: plan.Attributable, Frozen: plan.Frozen,
			Lines: plan.Lines, Remainder: plan.Remainder, NoticeRequired: plan.NoticeRequired,
		},
	}
	for _, c := range p.Claims {
		in.Claims = append(in.Claims, input{Victim: c.Victim, Transfer: c.Transfer, Loss: loss(c), Held: c.Held, Payee: c.Payee.ID})
	}
	return fingerprint(hash, "refund-plan", in)
}

// fingerprint hashes a value's JSON under a label, in hex.
func fingerprint(hash Hash, label string, v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("fingerprint of a %s: %w", label, err)
	}
	return hex.EncodeToString(hash([]byte(label), data)), nil
}
