package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type methodInput struct {
	service.Command
	Account identity.AccountID `path:"account" maxLength:"64"`
	Body    struct {
		Case   identity.CaseID `json:"case" maxLength:"64"`
		Method event.Method    `json:"method" enum:"DIRECT_TIMESTAMP,PRO_RATA,FIFO,LIFO"`
		Reason string          `json:"reason,omitempty" enum:"not-traceable,bank-clock,court,superior,agreed,prosecutor" doc:"理由; needed for any other method than DIRECT_TIMESTAMP"`
	}
}

// method chooses how the account is attributed.
func (a API) method(ctx context.Context, in *methodInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	return a.onLedger(ctx, who, in.Command, in.Account, in.Body.Case, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.ChooseMethod{Case: in.Body.Case, Method: in.Body.Method, Reason: in.Body.Reason, Officer: who.Officer(), At: c.At}
	})
}

type proposalInput struct {
	service.Command
	Account identity.AccountID `path:"account" maxLength:"64"`
	Body    struct {
		Case   identity.CaseID    `json:"case" maxLength:"64"`
		Basis  int                `json:"basis" minimum:"1" doc:"revision of the attribution that it replaces"`
		Reason string             `json:"reason" enum:"confession,bank-record,victim-statement,court,prosecutor,agreed"`
		Parts  []event.ManualPart `json:"parts" minItems:"1" maxItems:"200" doc:"each outflow that differs from what is computed, and what is held, with an empty transfer"`
	}
}

type proposalOutput struct {
	service.Answer
	Body struct {
		Proposal identity.ProposalID `json:"proposal"`
	}
}

// propose says by hand whose money is where.
func (a API) propose(ctx context.Context, in *proposalInput) (*proposalOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	id := identity.ProposalID(service.NewID("proposal", who, in.Command))
	done, err := a.onLedger(ctx, who, in.Command, in.Account, in.Body.Case, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.ProposeManual{
			Proposal: id, Case: in.Body.Case, Basis: in.Body.Basis, Reason: in.Body.Reason, Parts: in.Body.Parts, Officer: who.Officer(), At: c.At,
		}
	})
	if err != nil {
		return nil, err
	}
	out := &proposalOutput{Answer: done.Answer}
	out.Body.Proposal = id
	return out, nil
}

type decideProposalInput struct {
	service.Command
	Account  identity.AccountID  `path:"account" maxLength:"64"`
	Proposal identity.ProposalID `path:"proposal" maxLength:"64"`
	Body     struct{}
}

func (a API) confirm(ctx context.Context, in *decideProposalInput) (*accountOutput, error) {
	return a.decideProposal(ctx, in, func(by event.Officer, c es.Cause) domain.AccountCommand {
		return domain.ConfirmManual{Proposal: in.Proposal, Officer: by, At: c.At}
	})
}

func (a API) refuse(ctx context.Context, in *decideProposalInput) (*accountOutput, error) {
	return a.decideProposal(ctx, in, func(by event.Officer, c es.Cause) domain.AccountCommand {
		return domain.RejectManual{Proposal: in.Proposal, Officer: by, At: c.At}
	})
}

func (a API) decideProposal(ctx context.Context, in *decideProposalInput, command func(event.Officer, es.Cause) domain.AccountCommand) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief, access.Investigator)
	if err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	of, known := proposed(past.Events, in.Proposal)
	if !known {
		return nil, domain.ErrNoProposal
	}
	return a.onLedger(ctx, who, in.Command, in.Account, of, in.Body, func(c es.Cause) domain.AccountCommand { return command(who.Officer(), c) })
}

// onLedger gives one command of a person about whose money is on an account.
func (a API) onLedger(ctx context.Context, who access.Person, in service.Command, account identity.AccountID, of identity.CaseID, body any, command func(es.Cause) domain.AccountCommand) (*accountOutput, error) {
	chase, err := a.led(ctx, who, of)
	if err != nil {
		return nil, err
	}
	if _, met := chase.Node(account); !met {
		return nil, domain.ErrNotOfCase
	}
	cause, expected, err := a.App.City.Given(ctx, in, body, who, string(of))
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, account, cause, expected, command(cause))
	if err != nil {
		return nil, err
	}
	return a.remedied(a.restrained(show(account, done.State, done.Revision, done.Repeated), done.State), done.State), nil
}

// proposed is the case of a proposal.
func proposed(events []event.AccountEvent, id identity.ProposalID) (of identity.CaseID, known bool) {
	for _, e := range events {
		if p, ok := e.(event.ManualAttributionProposed); ok && p.Proposal == id {
			return p.Case, true
		}
	}
	return "", false
}
