package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// message writes an order as the platform has it. Here, and only here, account
// numbers and names are opened.
func (a API) message(ctx context.Context, r view.Row) (bank.Order, error) {
	order := bank.Order{
		TxCode: r.TxCode, ApplicationID: string(r.Order), ApplicationType: "00", EmergencyLevel: "02", BankID: string(r.Bank),
		Currency: event.CNY, Approver: signatory(r.Approver), Reason: "电信网络诈骗",
	}
	if named, ok := a.App.City.Banks.Lookup(r.Bank); ok {
		order.BankName = named.Name
	}
	request, err := a.requests.Decode(r.Type, r.Request)
	if err != nil {
		return order, fmt.Errorf("order %s: %w", r.Order, err)
	}
	target, err := a.fill(ctx, &order, request)
	if err != nil {
		return order, err
	}
	order.AccountType = string(target.Kind)
	order.AccountName, order.AccountNumber, err = a.open(ctx, target)
	return order, err
}

// fill writes what the stored request says, and returns the account that it is
// about.
func (a API) fill(ctx context.Context, order *bank.Order, request event.Event) (event.Account, error) {
	switch e := request.(type) {
	case event.StopRequested:
		order.ApplicationType = e.ApplicationType
		sign(order, e.At, e.Unit, e.Operator, e.Investigator)
		return e.Account, a.source(ctx, order, e.Source)
	case event.FreezeRequested:
		order.CaseNumber, order.CaseDocumentID, order.FreezeType, order.TermMonths = string(e.CaseNo), e.NoticeNo, e.FreezeType, e.TermMonths
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	}
	return event.Account{}, fmt.Errorf("%T: %w", request, event.ErrUnknown)
}

// sign adds who asks, and when.
func sign(order *bank.Order, at time.Time, unit identity.Unit, operator, investigator event.Officer) {
	order.ApplicationTime, order.ApplicationOrgID = identity.FormatPlatformTime(at), string(unit)
	order.Operator, order.Investigator = signatory(operator), signatory(investigator)
}

// source adds the transfer that a stop rests on, which the bank compares with
// its own rows before it stops anything.
func (a API) source(ctx context.Context, order *bank.Order, t event.Transfer) error {
	if t.ID == "" {
		return nil
	}
	order.TransferAmount, order.TransferTime, order.TransferSerial = t.Amount.Decimal(), identity.FormatPlatformTime(t.At), t.Serial
	name, number, err := a.open(ctx, t.From)
	order.TransferOut = &bank.Side{BankID: string(t.From.Bank), AccountName: name, AccountNumber: number}
	return err
}

func (a API) open(ctx context.Context, account event.Account) (name, number string, err error) {
	if name, err = a.Desk.Keys.Open(ctx, account.Holder); err != nil {
		return "", "", fmt.Errorf("open holder: %w", err)
	}
	if number, err = a.Desk.Keys.Open(ctx, account.Number); err != nil {
		return "", "", fmt.Errorf("open number: %w", err)
	}
	return name, number, nil
}

func signatory(o event.Officer) bank.Signatory {
	return bank.Signatory{PoliceNo: o.PoliceNo, OrgID: string(o.Unit)}
}
