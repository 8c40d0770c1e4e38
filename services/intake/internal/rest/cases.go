package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
	"github.com/yuanlu/yuanlu/services/intake/internal/view"
)

// summary is a case as it stands.
type summary struct {
	Case      identity.CaseID       `json:"case"`
	ReceiptNo string                `json:"receiptNo"`
	Operator  entry.Officer         `json:"operator"`
	FraudType string                `json:"fraudType,omitempty"`
	Declared  money.Fen             `json:"declaredFen"`
	Transfers []identity.TransferID `json:"transfers"`
	Proposed  bool                  `json:"filingProposed"`
	Declined  bool                  `json:"filingDeclined"`
	CaseNo    identity.CaseNo       `json:"caseNo,omitempty"`
}

type caseOutput struct {
	service.Answer
	Body summary
}

func show(id identity.CaseID, c domain.Case, revision int64, repeated bool) *caseOutput {
	return &caseOutput{Answer: service.Answered(revision, repeated), Body: summary{
		Case: id, ReceiptNo: c.ReceiptNo, Operator: named(c.Operator), FraudType: c.Type, Declared: c.Declared, Transfers: c.Transfers,
		Proposed: c.Proposed, Declined: c.Declined, CaseNo: c.CaseNo,
	}}
}

func shown(id identity.CaseID, out es.Outcome[domain.Case, event.CaseEvent], err error) (*caseOutput, error) {
	if err != nil {
		return nil, err
	}
	return show(id, out.State, out.Revision, out.Repeated), nil
}

// CasePath is the case that a path names. It is exported because huma fills
// only embedded structs that are.
type CasePath struct {
	Case identity.CaseID `path:"case" maxLength:"64"`
}

// reading tells who sees cases: the police, and those who look over its
// shoulder.
func reading(ctx context.Context) error {
	_, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator, access.Chief, access.Auditor)
	return err
}

func (a API) one(ctx context.Context, in *CasePath) (*caseOutput, error) {
	if err := reading(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Cases.Load(ctx, string(in.Case))
	if err != nil {
		return nil, err
	}
	if !past.State.Reported {
		return nil, domain.ErrNoCase
	}
	return show(in.Case, past.State, past.Revision, false), nil
}

type listOutput struct {
	Body struct {
		Items      []view.Row `json:"items"`
		NextCursor string     `json:"nextCursor,omitempty"`
	}
}

func (a API) list(ctx context.Context, in *service.Page) (*listOutput, error) {
	if err := reading(ctx); err != nil {
		return nil, err
	}
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	rows, err := a.Cases.Page(ctx, eventlog.Position(before), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = rows
	if len(rows) == in.Limit {
		out.Body.NextCursor = service.Cursor(uint64(rows[len(rows)-1].Position))
	}
	return out, nil
}

type declareInput struct {
	service.Command
	CasePath
	Body entry.Transfer
}

func (a API) declare(ctx context.Context, in *declareInput) (*caseOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	// The place in the list is not known here, so that the key stands for it.
	declared, err := a.declared(ctx, in.Case, "key "+in.Key, in.Body, a.App.City.Clock.Now(), "")
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Case, in.Command, in.Body, domain.DeclareTransfer{Declared: declared})
	return shown(in.Case, out, err)
}

type classifyInput struct {
	service.Command
	CasePath
	Body struct {
		Code string `json:"code" maxLength:"8"`
	}
}

func (a API) classify(ctx context.Context, in *classifyInput) (*caseOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Case, in.Command, in.Body, domain.Classify{Code: in.Body.Code, By: who.Officer()})
	return shown(in.Case, out, err)
}

type proposeInput struct {
	service.Command
	CasePath
	Body struct{}
}

func (a API) propose(ctx context.Context, in *proposeInput) (*caseOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Case, in.Command, in.Body, domain.ProposeFiling{By: who.Officer(), At: a.App.City.Clock.Now()})
	return shown(in.Case, out, err)
}

type fileInput struct {
	service.Command
	CasePath
	Body struct {
		CaseNo     string `json:"caseNo" doc:"案件编号, A + 22 digits" maxLength:"23"`
		DecisionNo string `json:"decisionNo" doc:"立案决定书文号, as 化公立字〔2021〕1号" maxLength:"80"`
	}
}

func (a API) file(ctx context.Context, in *fileInput) (*caseOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	no, err := identity.ParseCaseNo(in.Body.CaseNo)
	if err != nil {
		return nil, identity.ErrCaseNoMalformed.At("/caseNo")
	}
	if err := entry.DocumentNumber(in.Body.DecisionNo, "/decisionNo"); err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Case, in.Command, in.Body, domain.FileCase{
		CaseNo: no, DecisionNo: in.Body.DecisionNo, Approver: who.Officer(), At: a.App.City.Clock.Now(),
	})
	return shown(in.Case, out, err)
}

type declineInput struct {
	service.Command
	CasePath
	Body struct {
		Reason string `json:"reason" enum:"no-crime,minor,time-barred,no-jurisdiction"`
	}
}

func (a API) decline(ctx context.Context, in *declineInput) (*caseOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Case, in.Command, in.Body, domain.DeclineFiling{
		Approver: who.Officer(), Reason: in.Body.Reason, At: a.App.City.Clock.Now(),
	})
	return shown(in.Case, out, err)
}
