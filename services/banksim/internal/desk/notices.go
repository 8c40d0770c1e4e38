package desk

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

func (d *Desk) notices(ctx context.Context) (tasks []task, listed int, err error) {
	var page bank.Notices
	if err := d.City.Get(ctx, "/v1/bank/refund-notices?"+longPoll, &page); err != nil {
		return nil, 0, err
	}
	for _, n := range page.Items {
		if d.mine(n.AccountNumber) {
			tasks = append(tasks, task{id: n.NoticeID, do: func(ctx context.Context, e *entry) error { return d.notice(ctx, n, e) }})
		}
	}
	return tasks, len(page.Items), nil
}

// notice pays out once and answers.
func (d *Desk) notice(ctx context.Context, n bank.Notice, e *entry) error {
	if e.receipt == nil {
		receipt := d.PayOut(n)
		e.receipt = &receipt
	}
	return d.City.Post(ctx, "/v1/bank/refund-notices/"+url.PathEscape(n.NoticeID)+"/answer", n.NoticeID+"-answer", e.receipt, nil)
}

// PayOut carries a notice out: from the frozen account to the payee's, at
// whatever bank of the network.
func (d *Desk) PayOut(n bank.Notice) bank.NoticeAnswer {
	no := func(cause string) bank.NoticeAnswer {
		return bank.NoticeAnswer{Result: bank.ResultRefused, FailureCause: cause}
	}
	amount, err := money.Parse(n.Amount)
	if err != nil {
		return no(bank.MismatchAmount)
	}
	if len(n.Officers) < 2 { // 41号 art. 10
		return no(bank.Technical)
	}
	now := d.Clock.Now().Truncate(time.Second)
	if d.Advance != nil {
		d.Advance(now)
	}
	from, name := d.payer(n)
	receipt, err := d.Network.Return(banknet.Payout{
		Serial: "F" + n.NoticeID, At: now, Amount: amount, From: from,
		To:       banknet.Key{Bank: identity.BankCode(n.Payee.BankID), Number: identity.NormaliseAccount(n.Payee.AccountNumber)},
		FromName: name, ToName: n.Payee.AccountName,
	}, sameName)
	switch {
	case errors.Is(err, banknet.ErrNotFound):
		return no(bank.NotFound)
	case errors.Is(err, banknet.ErrName):
		return no(bank.MismatchName)
	case errors.Is(err, banknet.ErrNotFrozen), errors.Is(err, banknet.ErrAmount):
		return no(bank.MismatchAmount)
	case err != nil:
		return no(bank.Technical)
	}
	return bank.NoticeAnswer{
		Result: bank.ResultOK, DoneTime: identity.FormatPlatformTime(now), Amount: amount.Decimal(), ReceiptNumber: receipt,
	}
}

// payer is the account that a notice names, with the name it gives. An order
// number of a payment institution comes without one.
func (d *Desk) payer(n bank.Notice) (key banknet.Key, name string) {
	key, err := d.Network.ByOrder(n.AccountNumber)
	if err != nil || key.Bank != d.Bank {
		return d.key(n.AccountNumber), n.AccountName
	}
	if n.AccountName != "" {
		return key, n.AccountName
	}
	s, err := d.Network.Statement(key)
	if err != nil {
		return key, ""
	}
	return key, s.Account.Holder
}
