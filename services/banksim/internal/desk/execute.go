package desk

import (
	"errors"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// term is how long a stop holds (银发〔2016〕86号).
const term = 48 * time.Hour

// remembered is by how much the time that a victim remembers may differ.
const remembered = 5 * time.Minute

// Execute carries an order out in the network and gives the answer to it, with
// all rows in one.
func (d *Desk) Execute(o bank.Order) bank.Answer {
	now := d.Clock.Now().Truncate(time.Second)
	if d.Advance != nil {
		d.Advance(now)
	}
	key := d.target(o)
	s, err := d.Network.Statement(key)
	switch {
	case err != nil && o.TxCode == bank.TxAllAccounts && o.IDNumber != "":
		return d.allAccounts(o, banknet.Account{HolderID: o.IDNumber}, now)
	case err != nil:
		return refused(bank.NotFound)
	case d.Behaviour.Mismatch != "" && o.TxCode == bank.TxStop:
		return refused(d.Behaviour.Mismatch)
	case !sameName(s.Account.Holder, o.AccountName) && (o.AccountName != "" || !nameless(o)):
		return refused(bank.MismatchName)
	}
	var answer bank.Answer
	switch o.TxCode {
	case bank.TxStop, bank.TxSecondStop:
		answer = d.stop(o, s, now)
	case bank.TxLift:
		answer = d.lift(o, s, now)
	case bank.TxFreeze:
		answer = d.freeze(o, now)
	case bank.TxRenewFreeze:
		answer = d.renew(o, now)
	case bank.TxUnfreeze:
		answer = d.release(o, now)
	case bank.TxQuery:
		answer = d.inquire(o, s)
	case bank.TxHolderQuery:
		answer = holderOf(s)
	case bank.TxAllAccounts:
		return d.allAccounts(o, s.Account, now)
	default:
		return refused(bank.Technical)
	}
	d.besides(&answer, key, o.ApplicationID, now)
	return answer
}

// nameless tells whether an order need not know the holder's name: one that only
// asks, and one about an order number of a payment institution.
func nameless(o bank.Order) bool {
	return o.TxCode == bank.TxQuery || o.TxCode == bank.TxHolderQuery || o.TxCode == bank.TxAllAccounts || o.DataType == bank.DataOrderNumber
}

func sameName(a, b string) bool { return identity.NormaliseName(a) == identity.NormaliseName(b) }

// target is the account that an order is about: by its number, or by the number
// of an order that a payment institution carried out.
func (d *Desk) target(o bank.Order) banknet.Key {
	if o.DataType == bank.DataOrderNumber {
		if key, err := d.Network.ByOrder(o.AccountNumber); err == nil && key.Bank == d.Bank {
			return key
		}
	}
	return d.key(o.AccountNumber)
}

func refused(cause string) bank.Answer {
	return bank.Answer{Result: bank.ResultRefused, FailureCause: cause}
}

// compare checks 汇款金额 and 交易时间 of the transfer that a stop follows against
// the account's own credits: by its serial number where the order has one, else
// by amount and time. The cause of a difference is returned.
func compare(s banknet.Statement, o bank.Order) string {
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
	near := func(r banknet.Row) bool { return at.IsZero() || at.Sub(r.At).Abs() <= remembered }
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

// stop carries out a first stop, a second one, a narrower one in place of one
// that stands, or the papers of one that was given by telephone.
func (d *Desk) stop(o bank.Order, s banknet.Statement, now time.Time) bank.Answer {
	if o.TxCode == bank.TxStop {
		if cause := compare(s, o); cause != "" {
			return refused(cause)
		}
	}
	var limit money.Fen
	if o.Scope == bank.ScopeAmount {
		var err error
		if limit, err = money.Parse(o.StopAmount); err != nil || limit <= 0 {
			return refused(bank.MismatchAmount)
		}
	}
	order := banknet.StopOrder{ID: o.ApplicationID, By: agency(o), Limit: limit, At: now, Until: now.Add(term)}
	if d.Behaviour.Expiry > 0 {
		order.Until = now.Add(d.Behaviour.Expiry)
	}
	key := d.target(o)
	if o.TxCode == bank.TxSecondStop {
		order.Prolongs = o.OriginalApplicationID
	}
	if earlier, ok := d.standing(key, o.OriginalApplicationID, now); ok {
		order.Prolongs = o.OriginalApplicationID
		switch {
		case o.TxCode == bank.TxStop: // the term that runs goes on
			order.Until = earlier.Until
		case d.Behaviour.Expiry == 0: // 止付延期
			order.Until = postponed(o, earlier.Until)
		}
		if limit > 0 {
			if _, err := d.Network.NarrowStop(key, o.OriginalApplicationID, limit, now); err != nil && !errors.Is(err, banknet.ErrWider) {
				return refused(causeOf(err))
			}
		}
	}
	if _, err := d.Network.Stop(key, order); err != nil {
		return refused(causeOf(err))
	}
	a := d.statementOf(s, s.Rows, s.Opening)
	a.StartTime, a.ExpireTime = identity.FormatPlatformTime(now), identity.FormatPlatformTime(order.Until)
	if limit > 0 {
		a.StoppedAmount = limit.Decimal()
	}
	return a
}

// postponed is the end of a second stop that goes on from the end of the first: that
// of the order or, where it names none, of the first as it is known here. It never
// ends later than the order asks.
func postponed(o bank.Order, first time.Time) time.Time {
	if from, err := identity.ParsePlatformTime(o.StartTime); err == nil && from.Before(first) {
		first = from
	}
	until := first.Add(term)
	if asked, err := identity.ParsePlatformTime(o.ExpireTime); err == nil && asked.Before(until) {
		until = asked
	}
	return until
}

// standing finds a measure that stands on an account by the ID of its order.
func (d *Desk) standing(key banknet.Key, id string, now time.Time) (banknet.Restraint, bool) {
	found, err := d.Network.Restraints(key, now)
	if err != nil || id == "" {
		return banknet.Restraint{}, false
	}
	for _, r := range found {
		if r.Kind == banknet.PoliceStop && (r.ID == id || slices.Contains(r.Also, id)) {
			return r, true
		}
	}
	return banknet.Restraint{}, false
}

func (d *Desk) lift(o bank.Order, s banknet.Statement, now time.Time) bank.Answer {
	if err := d.Network.Lift(d.target(o), o.OriginalApplicationID, now); err != nil {
		return refused(causeOf(err))
	}
	return bank.Answer{Result: bank.ResultOK, AccountBalance: s.Balance.Decimal(), StartTime: identity.FormatPlatformTime(now)}
}

// agency names who gave an order.
func agency(o bank.Order) string { return "公安机关" + o.ApplicationOrgID }

// causeOf is why the network refuses, in the codes of an answer.
func causeOf(err error) string {
	switch {
	case errors.Is(err, banknet.ErrNoMeasure):
		return bank.UnknownOrder
	case errors.Is(err, banknet.ErrLate):
		return bank.Ended
	case errors.Is(err, banknet.ErrAmount), errors.Is(err, banknet.ErrWider), errors.Is(err, banknet.ErrNotFrozen):
		return bank.MismatchAmount
	case errors.Is(err, banknet.ErrQueued):
		return bank.Queued
	}
	return bank.Technical
}

// defaultMonths is the term of a freeze that names none (程序规定 art. 243).
const defaultMonths = 6

func (d *Desk) freeze(o bank.Order, now time.Time) bank.Answer {
	var limit money.Fen
	if o.FreezeType == bank.FreezeLimited {
		var err error
		if limit, err = money.Parse(o.Balance); err != nil || limit <= 0 {
			return refused(bank.MismatchAmount)
		}
	}
	months := o.TermMonths
	if months <= 0 {
		months = defaultMonths
	}
	if d.Behaviour.FreezeMonths > 0 {
		months = d.Behaviour.FreezeMonths
	}
	f, err := d.Network.Freeze(d.target(o), banknet.FreezeOrder{ID: o.ApplicationID, By: agency(o), Limit: limit, At: now, Months: months})
	if errors.Is(err, banknet.ErrQueued) {
		return bank.Answer{
			Result: bank.ResultQueued, FailureCause: bank.Queued, AccountBalance: f.Balance.Decimal(), FormerApplicationDepartment: f.By,
			FormerFrozenBalance: f.Frozen.Decimal(), FormerFrozenExpireTime: identity.FormatPlatformTime(f.Until),
		}
	}
	if err != nil {
		return refused(causeOf(err))
	}
	return frozen(f)
}

func frozen(f banknet.Frozen) bank.Answer {
	return bank.Answer{
		Result: bank.ResultOK, AccountBalance: f.Balance.Decimal(), AppliedBalance: f.Applied.Decimal(), FrozedBalance: f.Frozen.Decimal(),
		StartTime: identity.FormatPlatformTime(f.At), ExpireTime: identity.FormatPlatformTime(f.Until),
	}
}

// renew prolongs a freeze (续冻), by months from its end or until the time named.
func (d *Desk) renew(o bank.Order, now time.Time) bank.Answer {
	order := banknet.RenewOrder{ID: o.OriginalApplicationID, At: now, Months: o.TermMonths}
	if o.ExpireTime != "" {
		until, err := identity.ParsePlatformTime(o.ExpireTime)
		if err != nil {
			return refused(bank.MismatchTime)
		}
		order.Months, order.Until = 0, until
	} else if order.Months <= 0 {
		order.Months = defaultMonths
	}
	f, err := d.Network.Renew(d.target(o), order)
	if err != nil {
		return refused(causeOf(err))
	}
	a := frozen(f)
	a.StartTime = identity.FormatPlatformTime(now)
	return a
}

// release ends a freeze or sets part of it free.
func (d *Desk) release(o bank.Order, now time.Time) bank.Answer {
	var amount money.Fen
	if o.ReleaseAmount != "" {
		var err error
		if amount, err = money.Parse(o.ReleaseAmount); err != nil || amount <= 0 {
			return refused(bank.MismatchAmount)
		}
	}
	r, err := d.Network.Release(d.target(o), o.OriginalApplicationID, amount, now)
	if err != nil {
		return refused(causeOf(err))
	}
	a := bank.Answer{
		Result: bank.ResultOK, StartTime: identity.FormatPlatformTime(now), AccountBalance: r.Balance.Decimal(),
		ReleasedAmount: r.Amount.Decimal(), FrozedBalance: r.Frozen.Decimal(),
	}
	if !r.Until.IsZero() {
		a.ExpireTime = identity.FormatPlatformTime(r.Until)
	}
	return a
}
