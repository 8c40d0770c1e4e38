package rest

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strconv"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

const (
	// answerBytes bounds the body of an answer: [domain.MaxRows] rows with all
	// their fields.
	answerBytes = 8 << 20
	// sealing is how many other sides of rows are sealed at once. A new account
	// costs an append for its key, and appends that meet share their fsync.
	sealing = 256
	// orderNumber is the kind of an account that is known only by a payment
	// institution's order number: the money of one payment, not the institution's.
	orderNumber = string(identity.OrderNumberAccount)
)

// lines reads the statement of an answer and keeps what cannot be stored as it
// came: it is told, and the rest of the answer counts.
type lines struct {
	*reader

	found []event.BankDiscrepancyFound
	rows  []event.Row
	from  []bank.Transaction // of each row
	bad   bool               // no row can count
}

func (l *lines) odd(kind, found, row string) {
	if len(l.found) < maxFindings {
		l.found = append(l.found, event.BankDiscrepancyFound{Kind: kind, Found: found, Row: row})
	}
}

// statement reads the rows of an answer.
func (a API) statement(ctx context.Context, r *reader, in bank.Answer) (s domain.Statement, found []event.BankDiscrepancyFound, err error) {
	if in.OpeningBalance == "" && len(in.Transactions) == 0 {
		return s, nil, nil
	}
	l := lines{reader: r}
	paged := in.Pages > 1
	if paged && (in.Page < 1 || in.Page > in.Pages) {
		l.odd(domain.StatementIncomplete, "page", "")
		return s, l.found, nil
	}
	if len(in.Transactions) > domain.MaxRows || in.Pages > domain.MaxParts || paged && len(in.Transactions) > bank.RowsPerAnswer {
		l.odd(domain.StatementTooLong, strconv.Itoa(max(len(in.Transactions), in.Pages)), "")
		return s, l.found, nil
	}
	s = domain.Statement{Given: true, Corrects: in.CorrectsAnswer}
	if in.OpeningBalance != "" {
		s.Opening = l.figure(-1, "openingBalance", in.OpeningBalance, "")
	}
	if paged {
		s.Part, s.Parts = in.Page, in.Pages
	}
	for n, t := range in.Transactions {
		l.line(n, t)
	}
	if l.bad {
		return domain.Statement{}, l.found, nil
	}
	s.Rows = l.rows
	return s, l.found, a.counterparties(ctx, l.rows, l.from)
}

// line reads one row. One that did not come about is none, and one in another
// currency is not of this ledger. What cannot be read spoils the statement, not
// the answer: that the account is stopped counts all the same.
func (l *lines) line(n int, t bank.Transaction) {
	serial, hidden, err := l.serial(t.SerialNumber)
	unreadable := err != nil && t.SerialNumber != ""
	switch {
	case t.Failed:
		return
	case t.Currency != "" && t.Currency != event.CNY:
		l.odd(domain.RowCurrency, code(t.Currency), serial)
		return
	case unreadable:
		l.spoilt(n, "serialNumber")
	}
	if hidden {
		l.cannotKeep(t.SerialNumber, row(n, "serialNumber"), serial)
	}
	r := event.Row{Serial: serial, Credit: t.Direction == "C", Kind: "transfer"}
	if r.At, err = identity.ParsePlatformTime(t.Time); err != nil {
		l.spoilt(n, "time")
	}
	if t.Direction != "C" && t.Direction != "D" {
		l.spoilt(n, "direction")
	}
	r.Amount, r.Balance = l.figure(n, "amount", t.Amount, serial), l.figure(n, "balance", t.Balance, serial)
	if t.Cash {
		r.Kind = "cash"
	}
	t.CounterBankID = l.bank(t.CounterBankID, row(n, "counterBankId"), r.Serial)
	t.CounterKind = l.kind(cmp.Or(t.CounterKind, t.CounterType), row(n, "counterKind"), r.Serial)
	l.rows, l.from = append(l.rows, r), append(l.from, t)
}

// serials reads the serial numbers of an answer. One that is the number of an
// account in it, or of the one that the order is about, is not kept as it came.
func (a API) serials(of view.Row, in bank.Answer) func(string) (kept string, hidden bool, err error) {
	numbers := map[string]bool{}
	for _, t := range in.Transactions {
		numbers[identity.NormaliseAccount(t.CounterNumber)], numbers[identity.NormaliseAccount(t.CounterOrderNumber)] = true, true
	}
	for _, held := range in.Accounts {
		numbers[identity.NormaliseAccount(held.AccountNumber)] = true
	}
	known := func(number string) bool {
		if is, looked := numbers[number]; looked {
			return is
		}
		own := of.Account == identity.AccountIDOf(of.Bank, a.App.City.Keys.Index(privacy.Account, number))
		numbers[number] = own
		return own
	}
	return func(text string) (string, bool, error) { return a.Desk.Serial(text, known) }
}

// spoilt notes that a field of a row cannot be read. Rows count from 1; before the
// first, at -1, is the opening balance.
func (l *lines) spoilt(n int, field string) {
	l.bad = true
	place := ""
	if n >= 0 {
		place = "#" + strconv.Itoa(n+1)
	}
	l.odd(domain.RowUnreadable, field, place)
}

// figure reads an amount of a row.
func (l *lines) figure(n int, field, text, serial string) money.Fen {
	f, err := entry.PlatformAmount(text, "")
	switch {
	case errors.Is(err, entry.ErrAmountAbsurd):
		l.bad = true
		pointer := "/" + field
		if n >= 0 {
			pointer = row(n, field)
		}
		l.odd(domain.AmountAbsurd, pointer, serial)
		return 0
	case err != nil:
		l.spoilt(n, field)
		return 0
	}
	return f
}

// large reads an amount that belongs to the whole answer; one beyond any real one
// is told of, and the rest counts.
func (l *lines) large(text, pointer, serial string) money.Fen {
	if text == "" {
		return 0
	}
	f, err := entry.PlatformAmount(text, pointer)
	if errors.Is(err, entry.ErrAmountAbsurd) {
		l.bad = true
		l.odd(domain.AmountAbsurd, pointer, serial)
		return 0
	}
	l.err = errors.Join(l.err, err)
	return f
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// code is a currency's; anything else that stands in its place is not repeated.
func code(currency string) string {
	if currencyForm.MatchString(currency) {
		return currency
	}
	return "?"
}

// counterparties seals the other sides of the rows, side by side.
func (a API) counterparties(ctx context.Context, rows []event.Row, in []bank.Transaction) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sealing)
	for n, t := range in {
		other := entry.Account{Bank: t.CounterBankID, Number: identity.NormaliseAccount(t.CounterNumber), Holder: t.CounterName, Kind: t.CounterKind}
		if other.Number == "" {
			other.Number, other.Kind = identity.NormaliseAccount(t.CounterOrderNumber), orderNumber
		}
		if t.Cash || other.Number == "" { // blanks and what nobody sees are no number
			continue
		}
		group.Go(func() error {
			leave, err := a.App.Sealing.Enter(ctx)
			if err != nil {
				return err
			}
			defer leave()
			account, err := a.Desk.Counterparty(ctx, other)
			rows[n].Counter = &account
			return err
		})
	}
	return group.Wait()
}
