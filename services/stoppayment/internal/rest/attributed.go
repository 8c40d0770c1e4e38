package rest

import (
	"context"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"golang.org/x/sync/errgroup"
)

// attributed is whose money is on an account and whose has gone on, for people: what
// is sealed in the event is masked here.
type attributed struct {
	Revision    int                   `json:"revision" doc:"0: none yet"`
	Method      event.Method          `json:"method"`
	Exact       bool                  `json:"exact" doc:"一一对应: every debit of a victim's money matches its credits"`
	Credits     int                   `json:"credits"`
	Balance     money.Fen             `json:"balanceFen"`
	Reached     []event.Lot           `json:"reached"`
	Held        []event.Lot           `json:"held"`
	Left        []event.Lot           `json:"left"`
	Outflows    []outflowRow          `json:"outflows"`
	Parts       int                   `json:"parts,omitempty"`
	Names       []identity.TransferID `json:"names,omitempty" doc:"of many outflows: all of them, of which outflows has the first part"`
	Manual      *event.ManualBasis    `json:"manual,omitempty"`
	FormerCases []identity.CaseID     `json:"formerCases,omitempty"`
}

type outflowRow struct {
	Transfer movedRow    `json:"transfer"`
	Cash     bool        `json:"cash,omitempty"`
	Lots     []event.Lot `json:"lots"`
}

type movedRow struct {
	ID     identity.TransferID `json:"id"`
	From   maskedAccount       `json:"from"`
	To     maskedAccount       `json:"to"`
	Amount money.Fen           `json:"amountFen"`
	At     time.Time           `json:"at"`
	Serial string              `json:"serial,omitempty"`
}

// maskedAccount is an account as everybody may see it.
type maskedAccount struct {
	ID     identity.AccountID   `json:"id,omitempty" doc:"absent: cash, or not known"`
	Bank   identity.BankCode    `json:"bank,omitempty"`
	Kind   identity.AccountKind `json:"kind,omitempty"`
	Number string               `json:"number,omitempty" doc:"masked; of an account that is looked at, and of the first 200 that its money went to"`
	Holder string               `json:"holder,omitempty" doc:"as number"`
}

// masksMost bounds how many accounts are opened to be masked for one answer. The
// flow of the case shows them all.
const masksMost = 200

func attributedOf(e event.FundsAttributed) attributed {
	row := attributed{
		Revision: e.Revision, Method: e.Method, Exact: e.Exact, Credits: e.Credits, Balance: e.Balance, Reached: e.Reached, Held: e.Held, Left: e.Left,
		Outflows: make([]outflowRow, len(e.Outflows)), Parts: e.Parts, Names: e.Names, Manual: e.Manual, FormerCases: e.FormerCases,
	}
	for n, out := range e.Outflows {
		t := out.Transfer
		row.Outflows[n] = outflowRow{movedRow{t.ID, unnamed(t.From), unnamed(t.To), t.Amount, t.At, t.Serial}, out.Cash, out.Lots}
	}
	return row
}

// unnamed is an account without its number and holder.
func unnamed(a event.Account) maskedAccount {
	return maskedAccount{ID: a.ID, Bank: a.Bank, Kind: a.Kind}
}

// mask puts the masked numbers and holders into an account that is looked at.
func (a API) mask(ctx context.Context, out *accountOutput, s domain.Account) error {
	wanted := map[identity.AccountID]event.Account{s.Ref.ID: s.Ref}
	for _, o := range s.Attribution.Outflows {
		if o.Transfer.To.ID != "" && len(wanted) <= masksMost {
			wanted[o.Transfer.To.ID] = o.Transfer.To
		}
	}
	masked, err := a.masks(ctx, wanted)
	if err != nil {
		return err
	}
	out.Body.Number, out.Body.Holder = masked[s.Ref.ID].Number, masked[s.Ref.ID].Holder
	for n := range out.Body.Attribution.Outflows {
		t := &out.Body.Attribution.Outflows[n].Transfer
		for _, side := range []*maskedAccount{&t.From, &t.To} {
			side.Number, side.Holder = masked[side.ID].Number, masked[side.ID].Holder
		}
	}
	return nil
}

// masks opens accounts side by side and masks them.
func (a API) masks(ctx context.Context, wanted map[identity.AccountID]event.Account) (map[identity.AccountID]maskedAccount, error) {
	masked := make(map[identity.AccountID]maskedAccount, len(wanted))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for id, ref := range wanted {
		group.Go(func() error {
			face, err := a.face(ctx, ref, false)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			masked[id] = maskedAccount{Number: face.Number, Holder: face.Holder}
			return nil
		})
	}
	return masked, group.Wait()
}
