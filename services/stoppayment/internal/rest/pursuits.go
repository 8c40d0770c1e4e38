package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// chased is one account of a chase as it stands.
type chased struct {
	Account    identity.AccountID `json:"account"`
	Bank       identity.BankCode  `json:"bank"`
	Level      int                `json:"level"`
	Order      identity.OrderID   `json:"order,omitempty" doc:"the stop in force, else the one under way, else the last"`
	State      domain.OrderState  `json:"state,omitempty"`
	StateText  string             `json:"stateText,omitempty" doc:"state, in Chinese"`
	Withheld   string             `json:"withheld,omitempty" doc:"why no order is given"`
	HeldText   string             `json:"withheldText,omitempty" doc:"withheld, in Chinese"`
	Refused    []refusedOrder     `json:"refused,omitempty" doc:"orders of the chase that the account did not take up (止付未成立)"`
	Stopped    money.Fen          `json:"stoppedFen" doc:"what the stops in force hold of the balance that the bank found; 0: none is in force"`
	Attributed money.Fen          `json:"attributableFen" doc:"of this case's victims, on the account"`
	Exact      bool               `json:"exact"`
	ExpiresAt  time.Time          `json:"expiresAt,omitzero" doc:"of that stop"`
	Freeze     domain.OrderState  `json:"freeze,omitempty"`
	FreezeText string             `json:"freezeText,omitempty" doc:"freeze, in Chinese"`
	Frozen     money.Fen          `json:"frozenFen"`
}

// refusedOrder is an order that there is not: its account did not take it up.
type refusedOrder struct {
	Order   identity.OrderID `json:"order"`
	Code    string           `json:"code" doc:"of the rule that refuses it"`
	Title   string           `json:"title"`
	TitleEN string           `json:"titleEn"`
	At      time.Time        `json:"at"`
}

type pursuitOutput struct {
	service.Answer
	Body struct {
		Case     identity.CaseID `json:"case"`
		CaseNo   identity.CaseNo `json:"caseNo,omitempty"`
		Open     int             `json:"open" doc:"orders without a final answer, and transfers not yet followed; 0 when the chase is at rest"`
		Accounts []chased        `json:"accounts"`
	}
}

type pursuitInput struct {
	Case identity.CaseID `path:"case" maxLength:"64"`
}

// pursuit shows the chase from its stream and the accounts' own, not from a
// list that may lag behind: "at rest" has to be true when it is said.
func (a API) pursuit(ctx context.Context, in *pursuitInput) (*pursuitOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	past, err := a.App.Pursuits.Load(ctx, string(in.Case))
	if err != nil {
		return nil, err
	}
	p := past.State
	if p.Case == "" {
		return nil, domain.ErrNoPursuit
	}
	out := &pursuitOutput{Answer: service.Answered(past.Revision, false)}
	out.Body.Case, out.Body.CaseNo, out.Body.Accounts = p.Case, p.CaseNo, []chased{}
	for n := range p.Nodes() {
		account, err := a.App.Accounts.Load(ctx, string(n.Account))
		if err != nil {
			return nil, err
		}
		row, open := standing(p, n, account.State)
		out.Body.Accounts = append(out.Body.Accounts, row)
		out.Body.Open += open
	}
	return out, nil
}

// standing tells where one account of the chase stands, and how much is still
// to come from it.
func standing(p domain.Pursuit, n domain.Node, a domain.Account) (row chased, open int) {
	row = chased{Account: n.Account, Bank: a.Ref.Bank, Level: n.Level, Order: n.Order, Withheld: n.Withheld, Refused: refusals(p, n.Account), Exact: a.Attribution.Exact}
	if _, known := a.Find(n.Order); n.Order != "" && !known {
		open++ // on its way to the account
	} else if stop, known := a.StopNow(p.Case); known {
		row.Order, row.State, row.ExpiresAt = stop.ID, stop.State, stop.ExpiresAt
	}
	for _, t := range p.FreezeOrders {
		if _, known := a.Find(t.Order); t.Account == n.Account && !known {
			open++
		}
	}
	for _, o := range a.Orders {
		if o.Case != p.Case {
			continue
		}
		switch {
		case o.Kind == domain.KindFreeze:
			row.Freeze = o.State
		case o.Kind == domain.KindStop && o.State == domain.Executed:
			row.Stopped = max(row.Stopped, o.Stopped())
		}
		if o.State.Open() {
			open++
		}
	}
	if a.Frozen.Case == p.Case {
		row.Frozen = a.Frozen.Remaining
	}
	for _, l := range of(p.Case, a.Attribution.Held) {
		row.Attributed += l.Amount
	}
	row.StateText, row.HeldText, row.FreezeText = orderStateName(row.State), withheldName(row.Withheld), orderStateName(row.Freeze)
	return row, open + unfollowed(p, a)
}

// refusals are the orders of the chase that an account did not take up.
func refusals(p domain.Pursuit, account identity.AccountID) (rows []refusedOrder) {
	for _, e := range p.Refusals {
		if e.Account == account {
			why := domain.Refusal(e.Cause).Rule
			rows = append(rows, refusedOrder{e.Order, e.Cause, why.ZH, why.EN, e.At})
		}
	}
	return rows
}

// unfollowed counts the transfers of the case's money that the chase has still
// to follow.
func unfollowed(p domain.Pursuit, a domain.Account) (open int) {
	for _, out := range a.Attribution.Outflows {
		if !out.Cash && out.Transfer.To.ID != "" && carries(p.Case, out.Lots) && !p.Follows(out.Transfer.ID, of(p.Case, out.Lots)) {
			open++
		}
	}
	return open
}

func carries(c identity.CaseID, lots []event.Lot) bool { return len(of(c, lots)) > 0 }

func of(c identity.CaseID, lots []event.Lot) []event.Lot {
	var own []event.Lot
	for _, l := range lots {
		if l.Case == c {
			own = append(own, l)
		}
	}
	return own
}

type orderInput struct {
	service.Command
	Case identity.CaseID `path:"case" maxLength:"64"`
	Body struct {
		Account      entry.Account      `json:"account"`
		Parent       identity.AccountID `json:"parent,omitempty" doc:"the account of the chase that the money came from; absent for level 1" maxLength:"64"`
		Source       *entry.Transfer    `json:"source,omitempty" doc:"the transfer the order rests on; required below level 1"`
		Investigator entry.Officer      `json:"investigator,omitzero" doc:"协查人, not the operator himself"`

		Scope           string                  `json:"scope,omitempty" enum:"ALL,AMOUNT" doc:"止付范围; absent: the city's own"`
		AmountFen       money.Fen               `json:"amountFen,omitempty" doc:"金额止付: what the stop is to hold, at most what was traced to the account; absent: all of that"`
		ApplicationType string                  `json:"applicationType,omitempty" enum:"00,04,05" doc:"04 or 05 (后补): follows a registered paper or telephone order"`
		Registration    identity.RegistrationID `json:"registration,omitempty" doc:"后补: the registration it follows" maxLength:"64"`
	}
}

type orderOutput struct {
	service.Answer
	Body struct {
		Account  identity.AccountID `json:"account"`
		Order    identity.OrderID   `json:"order"`
		Warnings []entry.Finding    `json:"warnings" doc:"soft findings; they stop nothing"`
		// Restraints are what others hold on the account already (在先措施, 轮候).
		Restraints []restraintRow `json:"restraints" doc:"what other cases and agencies hold on the account already: by whom and until when"`
	}
}

// order is an officer's own order. Soft findings are told and stop nothing.
func (a API) order(ctx context.Context, in *orderInput) (*orderOutput, error) {
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
	cmd := domain.OrderStop{
		Parent: in.Body.Parent, Operator: who.Officer(), Investigator: second,
		Scope: in.Body.Scope, Amount: in.Body.AmountFen, ApplicationType: in.Body.ApplicationType, Registration: in.Body.Registration,
	}
	if cmd.ApplicationType == "" && cmd.Registration != "" {
		cmd.ApplicationType = domain.PaperType
	}
	var warnings []event.Warning
	if cmd.Account, warnings, err = a.Desk.Account(ctx, in.Body.Account, "/account"); err != nil {
		return nil, err
	}
	if in.Body.Source != nil {
		id := identity.TransferID(identity.Derive("manual", string(in.Case), string(cmd.Account.ID), in.Body.Source.Serial, in.Key).String())
		var more []event.Warning
		if cmd.Source, more, err = a.Desk.Transfer(ctx, *in.Body.Source, id, cause.At, "/source"); err != nil {
			return nil, err
		}
		warnings = append(warnings, more...)
	}
	others, err := a.stoppable(ctx, in.Case, cause, cmd)
	if err != nil {
		return nil, err
	}
	done, order, err := a.App.Order(ctx, in.Case, cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	out := &orderOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Account, out.Body.Order = cmd.Account.ID, order
	out.Body.Warnings, out.Body.Restraints = entry.Told(warnings), restraintRows(others)
	return out, nil
}

// stoppable tells an officer, before the chase counts on his order, what the account
// would refuse: a stop that is under way or in force, an amount above what was
// traced, an order that follows no registration. The account decides again when the
// order reaches it. What others hold there comes back.
func (a API) stoppable(ctx context.Context, id identity.CaseID, cause es.Cause, cmd domain.OrderStop) ([]domain.Restraint, error) {
	chase, err := a.App.Pursuits.Load(ctx, string(id))
	if err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(cmd.Account.ID))
	if err != nil {
		return nil, err
	}
	others := past.State.Others(id, cmd.Operator.Unit, cause.At)
	if chase.Did(cause.Command) {
		return others, nil // the same request again has the same answer
	}
	if err := past.State.Stoppable(id, cmd.Operator.Unit); err != nil {
		return nil, err
	}
	if err := past.State.Follows(id, cmd.ApplicationType, cmd.Registration); err != nil {
		return nil, err
	}
	_, _, err = past.State.ScopeOf(domain.RequestStop{Case: id, Source: cmd.Source, Scope: cmd.Scope, Amount: cmd.Amount, DefaultScope: a.App.City.Policy.Chase.Scope})
	return others, err
}
