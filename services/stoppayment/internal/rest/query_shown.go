package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"golang.org/x/sync/errgroup"
)

type queriesInput struct {
	Account  identity.AccountID `path:"account" maxLength:"64"`
	Unmasked bool               `query:"unmasked" doc:"names and numbers in the answers to one case in full: duty officer of the case's unit, investigator, shift leader and chief of it or of one superior to it; is kept on record"`
	Purpose  string             `query:"purpose" enum:"file,court,bank,review" doc:"what they are shown in full for; required with unmasked"`
	Case     identity.CaseID    `query:"case" maxLength:"64" doc:"only what was asked for this case; required with unmasked"`
}

type queryRow struct {
	Order       identity.OrderID  `json:"order"`
	Case        identity.CaseID   `json:"case"`
	Kind        string            `json:"kind" doc:"交易码"`
	KindText    string            `json:"kindText" doc:"kind, in Chinese"`
	Mode        string            `json:"mode,omitempty"`
	State       domain.OrderState `json:"state"`
	StateText   string            `json:"stateText" doc:"state, in Chinese"`
	RequestedAt time.Time         `json:"requestedAt"`
	AnsweredAt  time.Time         `json:"answeredAt,omitzero"`
	Cause       string            `json:"cause,omitempty"`
	CauseText   string            `json:"causeText,omitempty" doc:"cause, in Chinese"`
	Balance     *money.Fen        `json:"balanceFen,omitempty"`
	Available   *money.Fen        `json:"availableFen,omitempty"`
	Holder      *shownHolder      `json:"holder,omitempty" doc:"持卡主体, of a 100303"`
	Accounts    []ownedAccount    `json:"accounts,omitempty" doc:"名下账户, of a 100309"`
	Measures    []standingMeasure `json:"measures,omitempty" doc:"在先措施"`
}

// shownHolder (持卡主体) is whose account it is, as its bank says.
type shownHolder struct {
	Party    identity.PartyID `json:"party" doc:"the same for the same document in every case"`
	Name     string           `json:"name" doc:"masked unless unmasked"`
	IDKind   identity.IDKind  `json:"idKind,omitempty" doc:"证件类型"`
	IDNumber string           `json:"idNumber,omitempty" doc:"证件号码; masked unless unmasked"`
	Phone    string           `json:"phone,omitempty" doc:"masked unless unmasked"`
}

// ownedAccount is one account of a holder, as its bank says.
type ownedAccount struct {
	Account   identity.AccountID `json:"account"`
	Bank      identity.BankCode  `json:"bank"`
	Kind      string             `json:"kind"`
	Number    string             `json:"number,omitempty" doc:"账号; masked unless unmasked"`
	Holder    string             `json:"holder,omitempty" doc:"户名; masked unless unmasked"`
	Balance   *money.Fen         `json:"balanceFen,omitempty"`
	Available *money.Fen         `json:"availableFen,omitempty" doc:"what no measure holds"`
	State     string             `json:"state,omitempty" doc:"normal, stopped, frozen, closed"`
	StateText string             `json:"stateText,omitempty" doc:"账户状态, in Chinese"`
}

// standingMeasure is what stands on the account, or on another of its holder.
type standingMeasure struct {
	Account identity.AccountID `json:"account,omitempty" doc:"another account than the one asked about"`
	Kind    string             `json:"kind" doc:"0001 公安止付, 0002 公安冻结, 1001 高法冻结"`
	By      string             `json:"by"`
	Amount  money.Fen          `json:"amountFen,omitempty"`
	Until   time.Time          `json:"until,omitzero"`
}

type queriesOutput struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Items []queryRow `json:"items"`
	}
}

// queries lists what was asked about an account, and the answers. Whose account it
// is and what else he has is masked; who asks for it in full names the case that
// it was asked for.
func (a API) queries(ctx context.Context, in *queriesInput) (*queriesOutput, error) {
	if _, err := a.mayLook(ctx, Asked{}, "", ""); err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoAccount
	}
	asked := queriesOf(past.State, in.Case)
	if in.Unmasked && (in.Case == "" || len(asked) == 0) {
		return nil, domain.ErrNotOfCase.At("/case")
	}
	full, err := a.mayLook(ctx, Asked{Unmasked: in.Unmasked, Purpose: in.Purpose}, in.Case, asQuery)
	if err != nil {
		return nil, err
	}
	answers := map[identity.OrderID]event.AccountQueryAnswered{}
	for _, e := range past.Events {
		if e, ok := e.(event.AccountQueryAnswered); ok {
			answers[e.Order] = e
		}
	}
	out := &queriesOutput{Cache: "no-store"}
	out.Body.Items = make([]queryRow, len(asked))
	for n, o := range asked {
		if out.Body.Items[n], err = a.queryRow(ctx, o, answers[o.ID], full); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// queriesOf are the queries about an account, of one case if it is named.
func queriesOf(s domain.Account, c identity.CaseID) (asked []domain.Order) {
	for _, o := range s.Orders {
		if o.Kind == domain.KindQuery && (c == "" || o.Case == c) {
			asked = append(asked, o)
		}
	}
	return asked
}

func (a API) queryRow(ctx context.Context, o domain.Order, e event.AccountQueryAnswered, full bool) (queryRow, error) {
	row := queryRow{
		Order: o.ID, Case: o.Case, Kind: o.Query.TxCode, KindText: queryName(o.Query.TxCode), Mode: o.Query.Mode, State: o.State, StateText: orderStateName(o.State),
		RequestedAt: o.RequestAt, AnsweredAt: e.At, Cause: e.Cause, CauseText: causeName(e.Cause), Balance: e.Balance, Available: e.Available,
	}
	for _, m := range e.Measures {
		row.Measures = append(row.Measures, standingMeasure(m))
	}
	if e.Holder != nil {
		shown, err := a.holderShown(ctx, *e.Holder, full)
		if err != nil {
			return row, err
		}
		row.Holder = &shown
	}
	var err error
	row.Accounts, err = a.ownedShown(ctx, e, full)
	return row, err
}

func (a API) holderShown(ctx context.Context, p event.Party, full bool) (shownHolder, error) {
	w, err := a.partyOf(ctx, p)
	if err != nil {
		return shownHolder{}, err
	}
	if !full {
		w = w.masked(p.Kind)
	}
	return shownHolder{Party: p.ID, Name: w.Name, IDKind: p.IDKind, IDNumber: w.IDNumber, Phone: w.Phone}, nil
}

// ownedShown shows the accounts of a holder. Answers that are older than what they
// say of balances are shown without.
func (a API) ownedShown(ctx context.Context, e event.AccountQueryAnswered, full bool) ([]ownedAccount, error) {
	if len(e.Accounts) == 0 {
		return nil, nil
	}
	shown := make([]ownedAccount, len(e.Accounts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for n, ref := range e.Accounts {
		shown[n] = ownedAccount{Account: ref.ID, Bank: ref.Bank, Kind: string(ref.Kind)}
		if n < len(e.Held) && e.Held[n].Account == ref.ID {
			held := e.Held[n]
			shown[n].Balance, shown[n].Available, shown[n].State, shown[n].StateText = held.Balance, held.Available, held.State, accountStateName(held.State)
		}
		group.Go(func() error {
			face, err := a.face(ctx, ref, full)
			shown[n].Number, shown[n].Holder = face.Number, face.Holder
			return err
		})
	}
	return shown, group.Wait()
}
