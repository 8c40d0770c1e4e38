package desk

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/network"
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
		return bank.NoticeAnswer{Result: resultRefused, FailureCause: cause}
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
	receipt, err := d.Network.Return(network.Payout{
		Serial: "F" + n.NoticeID, At: now, Amount: amount,
		From:     d.key(n.AccountNumber),
		To:       network.Key{Bank: identity.BankCode(n.Payee.BankID), Number: identity.NormaliseAccount(n.Payee.AccountNumber)},
		FromName: n.AccountName, ToName: n.Payee.AccountName,
	}, sameName)
	switch {
	case errors.Is(err, network.ErrNotFound):
		return no(bank.NotFound)
	case errors.Is(err, network.ErrName):
		return no(bank.MismatchName)
	case errors.Is(err, network.ErrNotFrozen), errors.Is(err, network.ErrAmount):
		return no(bank.MismatchAmount)
	case err != nil:
		return no(bank.Technical)
	}
	return bank.NoticeAnswer{
		Result: bank.ResultOK, DoneTime: identity.FormatPlatformTime(now), Amount: amount.Decimal(), ReceiptNumber: receipt,
	}
}
