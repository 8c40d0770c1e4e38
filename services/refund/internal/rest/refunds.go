package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/app"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"github.com/yuanlu/yuanlu/services/refund/internal/view"
)

// readers are those who may look at refunds.
func readers(ctx context.Context) error {
	_, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator, access.Chief, access.Auditor)
	return err
}

// summary is a procedure as it stands: the row of the list with all that the
// list leaves out.
type summary struct {
	view.Row
	Informed    []identity.PartyID `json:"informed" doc:"victims who were told of the freeze"`
	FlowVersion int                `json:"flowTableVersion"`
	FlowHash    string             `json:"flowTableHash,omitempty"`
	Plan        *plan              `json:"plan,omitempty"`
	Objections  []domain.Objection `json:"objections"`
	DecisionNo  string             `json:"decisionNo,omitempty"`
	Payments    []payment          `json:"payments"`
}

// plan is the plan in force.
type plan struct {
	Mode           event.RefundMode `json:"mode"`
	FormulaVersion string           `json:"formulaVersion"`
	Attributable   money.Fen        `json:"attributableFen"`
	Lines          []event.PlanLine `json:"lines"`
	Remainder      money.Fen        `json:"remainderFen" doc:"stays frozen"`
	NoticeRequired bool             `json:"noticeRequired"`
	Hash           string           `json:"hash"`
}

// payment is what a bank was asked to pay, and what it has answered.
type payment struct {
	Notice      string              `json:"noticeId"`
	Victim      identity.PartyID    `json:"victim"`
	Transfer    identity.TransferID `json:"transfer"`
	Amount      money.Fen           `json:"amountFen"`
	Done        bool                `json:"done"`
	FailedCause string              `json:"failedCause,omitempty" doc:"of the last attempt"`
}

type procedureOutput struct {
	service.Answer
	Body summary
}

func show(p domain.Procedure, revision int64, repeated bool) *procedureOutput {
	s := summary{
		Row: view.RowOf(p), Informed: p.Informed, FlowVersion: p.FlowVersion, FlowHash: p.FlowHash,
		Objections: p.Objections, DecisionNo: p.DecisionNo, Payments: []payment{},
	}
	if s.Informed == nil {
		s.Informed = []identity.PartyID{}
	}
	if s.Objections == nil {
		s.Objections = []domain.Objection{}
	}
	if p.Planned() {
		s.Plan = &plan{
			Mode: p.Plan.Mode, FormulaVersion: p.Plan.FormulaVersion, Attributable: p.Plan.Attributable, Lines: p.Plan.Lines,
			Remainder: p.Plan.Remainder, NoticeRequired: p.Plan.NoticeRequired, Hash: p.Plan.Hash,
		}
	}
	for _, pay := range p.Payments {
		s.Payments = append(s.Payments, payment{
			Notice: pay.ID, Victim: pay.Victim, Transfer: pay.Transfer, Amount: pay.Amount, Done: pay.Done, FailedCause: pay.FailedCause,
		})
	}
	return &procedureOutput{Answer: service.Answered(revision, repeated), Body: s}
}

func shown(out app.Outcome, err error) (*procedureOutput, error) {
	if err != nil {
		return nil, err
	}
	return show(out.State, out.Revision, out.Repeated), nil
}

// ProcedureInput names the procedure in the path. It is exported because huma
// passes over embedded types that are not.
type ProcedureInput struct {
	Procedure identity.ProcedureID `path:"procedure" maxLength:"64"`
}

func (a API) one(ctx context.Context, in *ProcedureInput) (*procedureOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Load(ctx, in.Procedure)
	if err != nil {
		return nil, err
	}
	return show(past.State, past.Revision, false), nil
}

// listInput has a page of its own size: a case has a procedure for each frozen
// account, and whoever works on it wants to see all at once.
type listInput struct {
	Case   identity.CaseID `query:"case" maxLength:"64" doc:"all cases if absent"`
	Limit  int             `query:"limit" minimum:"1" maximum:"500" default:"200"`
	Cursor string          `query:"cursor" maxLength:"64" doc:"nextCursor of the page before"`
}

type listOutput struct {
	Body struct {
		Items      []view.Row `json:"items"`
		NextCursor string     `json:"nextCursor,omitempty"`
	}
}

func (a API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	after, err := service.Page{Cursor: in.Cursor}.After()
	if err != nil {
		return nil, err
	}
	rows, last, err := a.Refunds.Page(ctx, in.Case, eventlog.Position(after), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = rows
	if len(rows) == in.Limit {
		out.Body.NextCursor = service.Cursor(uint64(last))
	}
	return out, nil
}
