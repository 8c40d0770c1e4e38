package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type paperInput struct {
	service.Command
	Case identity.CaseID `path:"case" maxLength:"64"`
	Body struct {
		Account      entry.Account `json:"account"`
		Channel      string        `json:"channel" enum:"phone,paper" doc:"电话或纸质"`
		AskedAt      time.Time     `json:"askedAt" doc:"RFC 3339: when the bank was asked; not so long ago that the papers would be overdue"`
		Contact      string        `json:"contact" doc:"who took it at the bank; is sealed" minLength:"1" maxLength:"120"`
		Document     string        `json:"document,omitempty" doc:"文书号, of an order on paper, as 茂公（反诈）止付字〔2025〕123号" maxLength:"80"`
		Investigator entry.Officer `json:"investigator,omitzero" doc:"协查人, not the operator himself"`
	}
}

type paperOutput struct {
	service.Answer
	Body struct {
		Registration identity.RegistrationID `json:"registration" doc:"to be named by the order that follows by the channel (后补)"`
		Account      identity.AccountID      `json:"account"`
		Due          time.Time               `json:"due,omitzero" doc:"后补期限: without papers by then, what it stopped is lifted; absent: none are owed"`
		Instead      identity.OrderID        `json:"instead,omitempty" doc:"the stop or freeze of the case by the channel that is in force already and in its place"`
		Warnings     []entry.Finding         `json:"warnings" doc:"soft findings; they stop nothing"`
	}
}

// registerPaper (后补登记) notes that a bank was asked by telephone or on paper.
func (a API) registerPaper(ctx context.Context, in *paperInput) (*paperOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(in.Case))
	if err != nil {
		return nil, err
	}
	second, err := named(in.Body.Investigator, "/investigator")
	if err != nil {
		return nil, err
	}
	if err := entry.DocumentNumber(in.Body.Document, "/document"); err != nil {
		return nil, err
	}
	chase, err := a.App.Pursuits.Load(ctx, string(in.Case))
	if err != nil {
		return nil, err
	}
	if chase.State.Case == "" {
		return nil, domain.ErrNoPursuit
	}
	if err := entry.Time(in.Body.AskedAt, cause.At, "/askedAt"); err != nil {
		return nil, err
	}
	if err := entry.Name(in.Body.Contact, "/contact"); err != nil {
		return nil, err
	}
	account, warnings, err := a.Desk.Account(ctx, in.Body.Account, "/account")
	if err != nil {
		return nil, err
	}
	id := identity.RegistrationID(service.NewID("paper", who, in.Command))
	contact, err := a.Desk.Keys.Seal(ctx, string(id), "paper-contact", in.Body.Contact)
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, account.ID, cause, expected, domain.RegisterPaper{
		Registration: id, Case: in.Case, Account: account, Channel: in.Body.Channel, AskedAt: in.Body.AskedAt.UTC(), Contact: contact,
		Document: in.Body.Document, Operator: who.Officer(), Investigator: second, Due: a.App.PapersDue(in.Body.AskedAt), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	out := &paperOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Registration, out.Body.Account, out.Body.Warnings = id, account.ID, entry.Told(warnings)
	for _, p := range done.State.Papers {
		switch {
		case p.ID != id:
		case p.Instead != "":
			out.Body.Instead = p.Instead
		default:
			out.Body.Due = p.Due
		}
	}
	return out, nil
}

type reconcileInput struct {
	service.Command
	Case         identity.CaseID         `path:"case" maxLength:"64"`
	Registration identity.RegistrationID `path:"registration" maxLength:"64"`
	Body         struct {
		Account  identity.AccountID `json:"account" doc:"as the registration was answered" maxLength:"64"`
		Document string             `json:"document" doc:"后补材料文号, as 茂公（反诈）止付字〔2025〕123号" maxLength:"80"`
	}
}

// reconcilePaper (后补完成) notes that the papers are there.
func (a API) reconcilePaper(ctx context.Context, in *reconcileInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(in.Case))
	if err != nil {
		return nil, err
	}
	if err := entry.DocumentNumber(in.Body.Document, "/document"); err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, in.Body.Account, cause, expected, domain.ReconcilePaper{
		Registration: in.Registration, Case: in.Case, Document: in.Body.Document, Officer: who.Officer(), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	return a.remedied(a.restrained(show(in.Body.Account, done.State, done.Revision, done.Repeated), done.State), done.State), nil
}
