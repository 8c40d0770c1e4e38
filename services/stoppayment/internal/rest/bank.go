package rest

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

type bankOrdersInput struct {
	Wait  int `query:"wait" minimum:"0" maximum:"30" doc:"seconds to wait for an order if there is none"`
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"200"`
}

type bankOrdersOutput struct{ Body bank.Orders }

// bankOrders lists the open orders of the caller's bank. It waits for the next
// change of the list instead of being asked again and again.
func (a API) bankOrders(ctx context.Context, in *bankOrdersInput) (*bankOrdersOutput, error) {
	who, err := access.Require(ctx, access.BankDesk)
	if err != nil {
		return nil, err
	}
	rows, err := service.LongPoll(ctx, in.Wait, func() <-chan struct{} { return a.Orders.NewsFor(who.Bank) }, func(ctx context.Context) ([]view.Row, error) {
		return a.Orders.ForBank(ctx, who.Bank, in.Limit)
	})
	if err != nil {
		return nil, err
	}
	return a.ordersFor(ctx, rows)
}

// opening bounds how many orders of one list are opened at a time.
const opening = 8

// ordersFor writes the orders of a list. They are opened side by side: what is not
// in memory costs a read of the log each.
func (a API) ordersFor(ctx context.Context, rows []view.Row) (*bankOrdersOutput, error) {
	written := make([]*bank.Order, len(rows))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(opening)
	for n, r := range rows {
		group.Go(func() error {
			order, err := a.message(ctx, r)
			if privacy.Lost(err) {
				// One account that nobody can read any more must not hold up the
				// orders for all others.
				a.App.City.Logger.Error("an order cannot be opened for its bank", slog.String("order", string(r.Order)), slog.Any("error", err))
				return nil
			}
			written[n] = &order
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := &bankOrdersOutput{Body: bank.Orders{Items: []bank.Order{}}}
	for _, order := range written {
		if order != nil {
			out.Body.Items = append(out.Body.Items, *order)
		}
	}
	return out, nil
}

func kindOf(tx string) string {
	switch tx {
	case bank.TxSecondStop:
		return "second-stop"
	case bank.TxLift:
		return "lift"
	case bank.TxFreeze:
		return "freeze"
	case bank.TxRenewFreeze:
		return "renewal"
	case bank.TxUnfreeze:
		return "release"
	case bank.TxQuery, bank.TxHolderQuery, bank.TxAllAccounts:
		return "query"
	}
	return "stop"
}

// own finds an order and checks that it is the caller's bank's.
func (a API) own(ctx context.Context, id identity.OrderID) (access.Person, view.Row, error) {
	who, err := access.Require(ctx, access.BankDesk)
	if err != nil {
		return who, view.Row{}, err
	}
	row, err := a.find(ctx, id, who.Bank)
	return who, row, err
}

type receiptInput struct {
	service.Command
	Order identity.OrderID `path:"order" maxLength:"64"`
	Body  struct{}
}

type bankOutput struct {
	service.Answer
	Body struct {
		Order     identity.OrderID  `json:"order"`
		State     domain.OrderState `json:"state"`
		StateText string            `json:"stateText" doc:"state, in Chinese"`
		// What does not fit in the answer. It is on record, and an officer sees it.
		Discrepancies []bank.Oddity `json:"discrepancies,omitempty" doc:"反馈差异: what does not fit in the answer; docs/api.md lists the kinds"`
	}
}

// oddities are discrepancies as the bank's programmer sees them.
func oddities(found []event.BankDiscrepancyFound) (list []bank.Oddity) {
	for _, d := range found {
		list = append(list, bank.Oddity{Kind: d.Kind, Expected: d.Expected, Found: d.Found, Row: d.Row, Text: discrepancyName(d.Kind)})
	}
	return list
}

func (a API) receipt(ctx context.Context, in *receiptInput) (*bankOutput, error) {
	who, row, err := a.own(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	cause, _, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(row.Case))
	if err != nil {
		return nil, err
	}
	return a.answered(ctx, row, in.Command, who, in.Body, domain.MarkSent{Order: in.Order, Channel: "desk", At: cause.At})
}

func (a API) answered(ctx context.Context, row view.Row, in service.Command, who access.Person, body any, cmd domain.AccountCommand) (*bankOutput, error) {
	cause, expected, err := a.App.City.Given(ctx, in, body, who, string(row.Case))
	if err != nil {
		return nil, err
	}
	if cause.Command, err = a.anew(ctx, row, cause.Command); err != nil {
		return nil, err
	}
	done, err := a.App.Said(ctx, ordered(row), cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	out := &bankOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Order, out.Body.State, out.Body.StateText, out.Body.Discrepancies = row.Order, done.State, orderStateName(done.State), oddities(done.Found)
	return out, nil
}

// anew tells commands apart that a bank gives on a freeze before and after it was
// asked for anew (轮候转正): its words, and its key, may be the same, and this time
// they are about the second time of asking.
func (a API) anew(ctx context.Context, row view.Row, command uuid.UUID) (uuid.UUID, error) {
	if row.Protective != "" || kindOfRow(row) != "freeze" {
		return command, nil
	}
	past, err := a.App.Accounts.Load(ctx, string(row.Account))
	if err != nil {
		return command, err
	}
	if o, _ := past.State.Find(row.Order); o.Promotions > 0 {
		return identity.Derive("asked-anew", command.String(), strconv.Itoa(o.Promotions)), nil
	}
	return command, nil
}

// row makes a JSON pointer to a field of a statement's row.
func row(n int, field string) string { return "/transactions/" + strconv.Itoa(n) + "/" + field }
