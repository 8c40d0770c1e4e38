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

// The result codes of this network beside [bank.ResultOK].
const (
	resultRefused = "0001" // not carried out, for the cause given
	resultQueued  = "0002" // frozen by someone else before
)

// term is how long a stop holds (银发〔2016〕86号).
const term = 48 * time.Hour

// remembered is by how much the time that a victim remembers may differ.
const remembered = 5 * time.Minute

func (d *Desk) orders(ctx context.Context) (tasks []task, listed int, err error) {
	var page bank.Orders
	if err := d.City.Get(ctx, "/v1/bank/orders?"+longPoll, &page); err != nil {
		return nil, 0, err
	}
	for _, o := range page.Items {
		if d.mine(o.AccountNumber) {
			tasks = append(tasks, task{id: o.ApplicationID, do: func(ctx context.Context, e *entry) error { return d.order(ctx, o, e) }})
		}
	}
	return tasks, len(page.Items), nil
}

// order acknowledges an order, carries it out once and answers.
func (d *Desk) order(ctx context.Context, o bank.Order, e *entry) error {
	if e.tries == 1 && d.Seen != nil {
		d.Seen(o)
	}
	path := "/v1/bank/orders/" + url.PathEscape(o.ApplicationID)
	if err := d.City.Post(ctx, path+"/receipt", o.ApplicationID+"-receipt", struct{}{}, nil); err != nil {
		return err
	}
	if d.Behaviour.NeverAnswers {
		e.silent = true
		return nil
	}
	if e.answer == nil {
		if d.Behaviour.AnswerAfter > 0 {
			if err := d.Clock.Wait(ctx, d.Clock.Now().Add(d.Behaviour.AnswerAfter)); err != nil {
				return err
			}
		}
		answer := d.Execute(o)
		e.answer = &answer
	}
	if err := d.City.Post(ctx, path+"/answer", o.ApplicationID+"-answer", e.answer, nil); err != nil {
		return err
	}
	if d.Answered != nil {
		d.Answered(o)
	}
	if d.Behaviour.AnswersTwice && e.tries == 1 {
		_ = d.City.Post(ctx, path+"/answer", o.ApplicationID+"-answer-again", e.answer, nil) // to be refused or without effect
	}
	return nil
}

// Execute carries an order out in the network and gives the answer to it.
func (d *Desk) Execute(o bank.Order) bank.Answer {
	now := d.Clock.Now().Truncate(time.Second)
	if d.Advance != nil {
		d.Advance(now)
	}
	s, err := d.Network.Statement(d.key(o.AccountNumber))
	switch {
	case err != nil:
		return refused(bank.NotFound)
	case d.Behaviour.Mismatch != "" && o.TxCode == bank.TxStop:
		return refused(d.Behaviour.Mismatch)
	case !sameName(s.Account.Holder, o.AccountName):
		return refused(bank.MismatchName)
	}
	switch o.TxCode {
	case bank.TxStop:
		if cause := compare(s, o); cause != "" {
			return refused(cause)
		}
		return d.stop(o, now)
	case bank.TxSecondStop:
		return d.stop(o, now)
	case bank.TxFreeze:
		return d.freeze(o, now)
	case bank.TxLift:
		if err := d.Network.Lift(d.key(o.AccountNumber)); err != nil {
			return refused(bank.Technical)
		}
		return bank.Answer{Result: bank.ResultOK, StartTime: identity.FormatPlatformTime(now)}
	}
	return refused(bank.Technical)
}

func sameName(a, b string) bool { return identity.NormaliseName(a) == identity.NormaliseName(b) }

func refused(cause string) bank.Answer {
	return bank.Answer{Result: resultRefused, FailureCause: cause}
}

// compare checks 汇款金额 and 交易时间 of the transfer that a stop follows against
// the account's own credits: by its serial number where the order has one, else
// by amount and time. The cause of a difference is returned.
func compare(s network.Statement, o bank.Order) string {
	if o.TransferAmount == "" {
		return ""
	}
	amount, err := money.Parse(o.TransferAmount)
	if err != nil {
		return bank.MismatchAmount
	}
	var at time.Time
	if o.TransferTime != "" {
		if at, err = identity.ParsePlatformTime(o.TransferTime); err != nil {
			return bank.MismatchTime
		}
	}
	near := func(r network.Row) bool { return at.IsZero() || at.Sub(r.At).Abs() <= remembered }
	amountSeen := false
	for _, r := range s.Rows {
		if !r.Credit {
			continue
		}
		if o.TransferSerial != "" && r.Serial == o.TransferSerial && r.Amount != amount {
			return bank.MismatchAmount
		}
		if r.Amount == amount && near(r) {
			return ""
		}
		amountSeen = amountSeen || r.Amount == amount
	}
	if amountSeen {
		return bank.MismatchTime
	}
	return bank.MismatchAmount
}

func (d *Desk) stop(o bank.Order, now time.Time) bank.Answer {
	until := now.Add(term)
	if d.Behaviour.Expiry > 0 {
		until = now.Add(d.Behaviour.Expiry)
	}
	s, err := d.Network.Stop(d.key(o.AccountNumber), until)
	if err != nil {
		return refused(bank.Technical)
	}
	a := bank.Answer{
		Result: bank.ResultOK, AccountBalance: s.Balance.Decimal(), OpeningBalance: s.Opening.Decimal(),
		StartTime: identity.FormatPlatformTime(now), ExpireTime: identity.FormatPlatformTime(until),
	}
	for _, r := range s.Rows {
		a.Transactions = append(a.Transactions, transaction(r))
	}
	return a
}

func transaction(r network.Row) bank.Transaction {
	t := bank.Transaction{
		SerialNumber: r.Serial, Time: identity.FormatPlatformTime(r.At), Direction: "D",
		Amount: r.Amount.Decimal(), Balance: r.Balance.Decimal(), Cash: r.Cash, Summary: r.Summary,
	}
	if r.Credit {
		t.Direction = "C"
	}
	if c := r.Counter; c != nil {
		t.CounterBankID, t.CounterName, t.CounterNumber, t.CounterType = string(c.Bank), c.Holder, c.Number, c.Kind
	}
	return t
}

// defaultMonths is the term of a freeze that names none (程序规定 art. 243).
const defaultMonths = 6

func (d *Desk) freeze(o bank.Order, now time.Time) bank.Answer {
	var limit money.Fen
	if o.FreezeType == "01" {
		var err error
		if limit, err = money.Parse(o.Balance); err != nil || limit <= 0 {
			return refused(bank.MismatchAmount)
		}
	}
	months := o.TermMonths
	if months <= 0 {
		months = defaultMonths
	}
	f, err := d.Network.Freeze(d.key(o.AccountNumber), network.FreezeOrder{
		By: "公安机关" + o.ApplicationOrgID, Limit: limit, At: now, Until: identity.AddMonths(now, months),
	})
	if errors.Is(err, network.ErrQueued) {
		return bank.Answer{
			Result: resultQueued, FailureCause: bank.Queued, AccountBalance: f.Balance.Decimal(), FormerApplicationDepartment: f.By,
			FormerFrozenBalance: f.Frozen.Decimal(), FormerFrozenExpireTime: identity.FormatPlatformTime(f.Until),
		}
	}
	if err != nil {
		return refused(bank.Technical)
	}
	return bank.Answer{
		Result: bank.ResultOK, AccountBalance: f.Balance.Decimal(), AppliedBalance: f.Applied.Decimal(), FrozedBalance: f.Frozen.Decimal(),
		StartTime: identity.FormatPlatformTime(now), ExpireTime: identity.FormatPlatformTime(f.Until),
	}
}
