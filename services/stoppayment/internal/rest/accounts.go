package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// orderRow is one order as it stands.
type orderRow struct {
	Order      identity.OrderID   `json:"order"`
	Account    identity.AccountID `json:"account"`
	Case       identity.CaseID    `json:"case" doc:"of a protective stop it can be empty"`
	Kind       string             `json:"kind" enum:"stop,second-stop,lift,narrowing,raise,freeze,renewal,release,query"`
	KindText   string             `json:"kindText" doc:"kind, in Chinese"`
	State      domain.OrderState  `json:"state"`
	StateText  string             `json:"stateText" doc:"state, in Chinese"`
	Level      int                `json:"level,omitempty"`
	RequestAt  time.Time          `json:"requestedAt,omitzero"`
	ExecutedAt time.Time          `json:"executedAt,omitzero"`
	ExpiresAt  time.Time          `json:"expiresAt,omitzero"`
	Balance    *money.Fen         `json:"balanceFen,omitempty" doc:"before the measure, as its bank answered; absent before that, and in lists"`
	Cause      string             `json:"cause,omitempty"`
	CauseText  string             `json:"causeText,omitempty" doc:"cause, in Chinese"`
	// Of a protective stop, in lists.
	Protective identity.ProtectiveID `json:"protective,omitempty" doc:"保护性止付 that gave the order; it is approved there, as a whole"`
	// Of one account only, not in lists.
	Operator     *event.Officer          `json:"operator,omitempty"`
	Investigator *event.Officer          `json:"investigator,omitempty"`
	Approver     *event.Officer          `json:"approver,omitempty"`
	Standing     identity.ApprovalID     `json:"standing,omitempty" doc:"常设批准 that it was approved under"`
	Target       identity.OrderID        `json:"target,omitempty" doc:"of a lift, renewal or release: the measure it changes"`
	Scope        string                  `json:"scope,omitempty" enum:"ALL,AMOUNT" doc:"止付范围"`
	Asked        money.Fen               `json:"askedFen,omitempty" doc:"金额止付: what the stop is to hold"`
	Held         money.Fen               `json:"heldFen,omitempty" doc:"金额止付: what the bank holds; absent: all"`
	Registration identity.RegistrationID `json:"registration,omitempty" doc:"后补: the paper or telephone order it follows"`
	OrderRemedy
}

type accountOutput struct {
	service.Answer
	Body struct {
		Account     identity.AccountID `json:"account"`
		Bank        identity.BankCode  `json:"bank"`
		Number      string             `json:"number,omitempty" doc:"masked; absent in the answer to an act"`
		Holder      string             `json:"holder,omitempty" doc:"as number"`
		Stopped     bool               `json:"stopped"`
		Frozen      money.Fen          `json:"frozenFen" doc:"what is frozen now, less what was returned"`
		FreezeUntil time.Time          `json:"freezeUntil,omitzero"`
		Orders      []orderRow         `json:"orders"`
		Attribution attributed         `json:"attribution"`
		Restraints  []restraintRow     `json:"restraints" doc:"在先措施: all that holds the account, whoever ordered it"`
		AccountRemedy
	}
}

func show(id identity.AccountID, s domain.Account, revision int64, repeated bool) *accountOutput {
	out := &accountOutput{Answer: service.Answered(revision, repeated)}
	out.Body.Account, out.Body.Bank, out.Body.Stopped = id, s.Ref.Bank, s.Stopped()
	out.Body.Frozen, out.Body.FreezeUntil, out.Body.Attribution = s.Frozen.Remaining, s.Frozen.Expires, attributedOf(s.Attribution)
	out.Body.Orders, out.Body.Restraints, out.Body.Objections = []orderRow{}, []restraintRow{}, []objectionRow{}
	for _, o := range s.Orders {
		out.Body.Orders = append(out.Body.Orders, rowOf(id, o))
	}
	return out
}

type accountInput struct {
	Account identity.AccountID `path:"account" maxLength:"64"`
}

func (a API) account(ctx context.Context, in *accountInput) (*accountOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoAccount
	}
	out := a.remedied(a.restrained(show(in.Account, past.State, past.Revision, false), past.State), past.State)
	return out, a.mask(ctx, out, past.State)
}

type listInput struct {
	service.Page
	State domain.OrderState `query:"state" default:"waiting" enum:"waiting,approved,sent,executed,queued,failed,rejected,lapsed,lifted"`
}

type listOutput struct {
	Body struct {
		Items      []orderRow `json:"items"`
		NextCursor string     `json:"nextCursor,omitempty"`
	}
}

func (a API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	after, err := in.After()
	if err != nil {
		return nil, err
	}
	if at, caughtUp := a.Orders.Position(); caughtUp && eventlog.Position(after) > at {
		return nil, service.ErrCursor // nothing is there yet that a page could have ended with
	}
	rows, err := a.Orders.InState(ctx, in.State, eventlog.Position(after), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = []orderRow{}
	for _, r := range rows {
		out.Body.Items = append(out.Body.Items, orderRow{Order: r.Order, Account: r.Account, Case: r.Case, Kind: kindOfRow(r), State: r.State, Level: r.Level, Protective: r.Protective}.inWords())
	}
	if len(rows) == in.Limit {
		out.Body.NextCursor = service.Cursor(uint64(rows[len(rows)-1].Position))
	}
	return out, nil
}

// OnOrder is the path of an act on one order of one account.
type OnOrder struct {
	service.Command
	Account identity.AccountID `path:"account" maxLength:"64"`
	Order   identity.OrderID   `path:"order" maxLength:"64"`
}

// carry gives one command of a person to an account. What it is about is the
// case of the order.
func (a API) carry(ctx context.Context, who access.Person, in OnOrder, body any, command func(es.Cause) domain.AccountCommand) (*accountOutput, error) {
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	order, ok := past.State.Find(in.Order)
	if !ok {
		return nil, domain.ErrNoOrder
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, body, who, string(order.Case))
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, in.Account, cause, expected, command(cause))
	if err != nil {
		return nil, err
	}
	return a.remedied(a.restrained(show(in.Account, done.State, done.Revision, done.Repeated), done.State), done.State), nil
}

type approveInput struct {
	OnOrder
	Body struct{}
}

func (a API) approve(ctx context.Context, in *approveInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.ApproveStop{Order: in.Order, Approver: who.Officer(), At: c.At}
	})
}

type rejectInput struct {
	OnOrder
	Body struct {
		Reason string `json:"reason" enum:"no-basis,wrong-account,disproportionate,duplicate"`
	}
}

func (a API) reject(ctx context.Context, in *rejectInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.RejectStop{Order: in.Order, Approver: who.Officer(), Reason: in.Body.Reason, At: c.At}
	})
}

type secondInput struct {
	OnOrder
	Body struct {
		Investigator entry.Officer `json:"investigator,omitzero"`
	}
}

func (a API) second(ctx context.Context, in *secondInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	other, err := named(in.Body.Investigator, "/investigator")
	if err != nil {
		return nil, err
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.SecondStop{First: in.Order, Order: secondOrder(in.Order), Operator: who.Officer(), Investigator: other, At: c.At}
	})
}

// secondOrder names the second stop after a first, the same each time.
func secondOrder(first identity.OrderID) identity.OrderID {
	return identity.OrderID(identity.Derive("second-stop", string(first)).String())
}
