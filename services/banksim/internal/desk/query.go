package desk

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// mostAccounts is how many accounts of one holder an answer lists.
const mostAccounts = 500

// statementOf writes rows of an account, of which the first follows a balance.
func (d *Desk) statementOf(s banknet.Statement, rows []banknet.Row, opening money.Fen) bank.Answer {
	a := bank.Answer{Result: bank.ResultOK, AccountBalance: s.Balance.Decimal(), OpeningBalance: opening.Decimal()}
	for _, r := range rows {
		t := transaction(r)
		if d.Behaviour.Details {
			detail(&t)
		}
		a.Transactions = append(a.Transactions, t)
	}
	return a
}

func transaction(r banknet.Row) bank.Transaction {
	t := bank.Transaction{
		SerialNumber: r.Serial, Time: identity.FormatPlatformTime(r.At), Direction: "D",
		Amount: r.Amount.Decimal(), Balance: r.Balance.Decimal(), Cash: r.Cash, Summary: r.Summary,
	}
	if r.Credit {
		t.Direction = "C"
	}
	c := r.Counter
	if c == nil {
		return t
	}
	t.CounterBankID, t.CounterType, t.CounterOrderNumber = string(c.Bank), platformKind(c.Kind), r.Order
	if t.CounterType != c.Kind {
		t.CounterKind = c.Kind
	}
	if r.Order != "" && !r.Credit {
		// The payer's bank knows the institution and its order number, no account.
		t.CounterType, t.CounterKind = bank.KindCorporate, bank.KindPaymentInstitution
		return t
	}
	t.CounterName, t.CounterNumber = c.Holder, c.Number
	if c.Kind == bank.KindMerchant {
		t.MerchantNumber = c.Number
	}
	return t
}

// detail adds what some banks tell besides: by which machine, where and under
// which number a transfer was made. It is drawn from the serial number.
func detail(t *bank.Transaction) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.SerialNumber)) // never fails
	x := h.Sum64()
	t.Currency, t.LogNumber, t.SlipNumber = "CNY", fmt.Sprintf("L%010d", x%1e10), fmt.Sprintf("S%08d", x%1e8)
	if t.Cash {
		t.TerminalNumber, t.PlaceCode, t.BranchCode = fmt.Sprintf("ATM%06d", x%1e6), "440902", fmt.Sprintf("%04d", x%1e4)
		return
	}
	t.IP = fmt.Sprintf("100.%d.%d.%d", 64+x%64, x>>8%256, x>>16%256) // addresses that nobody has for himself
	t.MAC = fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32))
}

// platformKind is 01 or 02: the platform knows no other kinds of account.
func platformKind(kind string) string {
	switch kind {
	case bank.KindUtility, bank.KindMerchant, bank.KindPaymentInstitution:
		return bank.KindCorporate
	}
	return kind
}

// inquire answers a query for an account (账户交易明细查询): its state, the rows of
// a period, or both.
func (d *Desk) inquire(o bank.Order, s banknet.Statement) bank.Answer {
	var from, until time.Time
	var err error
	if o.InquiryStart != "" {
		if from, err = identity.ParsePlatformTime(o.InquiryStart); err != nil {
			return refused(bank.MismatchTime)
		}
	}
	if o.InquiryEnd != "" {
		if until, err = identity.ParsePlatformTime(o.InquiryEnd); err != nil {
			return refused(bank.MismatchTime)
		}
	}
	if o.InquiryMode == bank.InquiryBasic {
		return bank.Answer{Result: bank.ResultOK, AccountBalance: s.Balance.Decimal(), StartTime: identity.FormatPlatformTime(d.Clock.Now())}
	}
	rows, opening := period(s, from, until)
	if o.InquiryMode == bank.InquiryFast && len(rows) > bank.RowsPerAnswer {
		opening = rows[len(rows)-bank.RowsPerAnswer-1].Balance
		rows = rows[len(rows)-bank.RowsPerAnswer:]
	}
	a := d.statementOf(s, rows, opening)
	a.StartTime = identity.FormatPlatformTime(d.Clock.Now())
	return a
}

// period gives the rows from a time up to and without another, and the balance
// before the first of them. A zero time is no bound.
func period(s banknet.Statement, from, until time.Time) (rows []banknet.Row, opening money.Fen) {
	opening, rows = s.Opening, s.Rows
	for len(rows) > 0 && rows[0].At.Before(from) {
		opening, rows = rows[0].Balance, rows[1:]
	}
	for !until.IsZero() && len(rows) > 0 && !rows[len(rows)-1].At.Before(until) {
		rows = rows[:len(rows)-1]
	}
	return rows, opening
}

// holderOf answers whose an account is (持卡主体查询).
func holderOf(s banknet.Statement) bank.Answer {
	h := &bank.Holder{Name: s.Account.Holder, IDNumber: s.Account.HolderID}
	if h.IDNumber != "" {
		h.IDType = string(identity.IDCard)
	}
	return bank.Answer{Result: bank.ResultOK, AccountBalance: s.Balance.Decimal(), Holder: h}
}

// allAccounts answers which accounts a holder has at this bank, and what stands
// on each (客户全账户查询, 在先措施).
func (d *Desk) allAccounts(o bank.Order, holder banknet.Account, now time.Time) bank.Answer {
	id := holder.HolderID
	if o.IDNumber != "" {
		id = o.IDNumber
	}
	a := bank.Answer{Result: bank.ResultOK, StartTime: identity.FormatPlatformTime(now)}
	for _, s := range d.Network.Holdings(d.Bank, id, holder.Holder, mostAccounts) {
		one := bank.Answer{}
		d.besides(&one, s.Account.Key, "", now)
		a.Accounts = append(a.Accounts, bank.HeldAccount{
			AccountNumber: s.Account.Number, AccountName: s.Account.Holder, AccountType: platformKind(s.Account.Kind), Currency: "CNY",
			Balance: s.Balance.Decimal(), AvailableBalance: one.AvailableBalance, State: one.State, Measures: one.Measures,
		})
	}
	if len(a.Accounts) == 0 {
		return refused(bank.NotFound)
	}
	return a
}

// besides adds what stands on the account beside an order, what is free of it
// all, and the state that comes of it.
func (d *Desk) besides(a *bank.Answer, key banknet.Key, order string, now time.Time) {
	found, err := d.Network.Restraints(key, now)
	if err != nil || a.Result == bank.ResultRefused {
		return
	}
	held, balance, err := d.Network.Held(key, now)
	if err != nil {
		return
	}
	a.AvailableBalance, a.State = (balance - held).Decimal(), bank.StateNormal
	for _, r := range found {
		switch {
		case r.Kind == banknet.PoliceStop && a.State == bank.StateNormal:
			a.State = bank.StateStopped
		case r.Kind != banknet.PoliceStop:
			a.State = bank.StateFrozen
		}
		if order != "" && (r.ID == order || slices.Contains(r.Also, order)) {
			continue
		}
		a.Measures = append(a.Measures, measure(r))
	}
}

func measure(r banknet.Restraint) bank.Measure {
	m := bank.Measure{Type: r.Kind, Department: r.By, StartTime: identity.FormatPlatformTime(r.From), Waiting: r.Waiting}
	if r.Limit > 0 {
		m.Amount = r.Limit.Decimal()
	}
	if !r.Until.IsZero() {
		m.ExpireTime = identity.FormatPlatformTime(r.Until)
	}
	return m
}

// pages cuts an answer into as many as its rows need.
func pages(a bank.Answer, rows int) []bank.Answer {
	if rows <= 0 || rows > bank.RowsPerAnswer {
		rows = bank.RowsPerAnswer
	}
	if len(a.Transactions) <= rows {
		return []bank.Answer{a}
	}
	count := (len(a.Transactions) + rows - 1) / rows
	cut := make([]bank.Answer, count)
	for i := range cut {
		page := a
		page.Page, page.Pages = i+1, count
		page.Transactions = a.Transactions[i*rows : min((i+1)*rows, len(a.Transactions))]
		if i > 0 {
			page.OpeningBalance = a.Transactions[i*rows-1].Balance
		}
		cut[i] = page
	}
	return cut
}
