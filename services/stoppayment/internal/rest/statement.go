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
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
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
	l.found = append(l.found, event.BankDiscrepancyFound{Kind: kind, Found: found, Row: row})
}

// statement reads the rows of an answer.
func (a API) statement(ctx context.Context, r *reader, in bank.Answer) (s domain.Statement, found []event.BankDiscrepancyFound, err error) {
	if in.OpeningBalance == "" && len(in.Transactions) == 0 {
		return s, nil, nil
	}
	l := lines{reader: r}
	paged := in.Pages > 1
	if paged && (in.Page < 1 || in.Page > in.Pages) {
		return s, nil, domain.ErrPage.At("/page")
	}
	if len(in.Transactions) > domain.MaxRows || in.Pages > domain.MaxParts || paged && len(in.Transactions) > bank.RowsPerAnswer {
		l.odd(domain.StatementTooLong, strconv.Itoa(max(len(in.Transactions), in.Pages)), "")
		return s, l.found, nil
	}
	s = domain.Statement{Given: true, Opening: l.large(in.OpeningBalance, "/openingBalance", "")}
	if paged {
		s.Part, s.Parts = in.Page, in.Pages
	}
	for n, t := range in.Transactions {
		l.line(n, t)
	}
	if l.bad || r.err != nil {
		return domain.Statement{}, l.found, r.err
	}
	s.Rows = l.rows
	return s, l.found, a.counterparties(ctx, l.rows, l.from)
}

// line reads one row. One that did not come about is none, and one in another
// currency is not of this ledger.
func (l *lines) line(n int, t bank.Transaction) {
	r := event.Row{
		Serial: l.serial(t.SerialNumber, row(n, "serialNumber")), At: l.time(t.Time, row(n, "time")), Credit: t.Direction == "C", Kind: "transfer",
	}
	r.Amount, r.Balance = l.large(t.Amount, row(n, "amount"), r.Serial), l.large(t.Balance, row(n, "balance"), r.Serial)
	if t.Cash {
		r.Kind = "cash"
	}
	switch {
	case t.Failed:
	case t.Currency != "" && t.Currency != event.CNY:
		l.odd(domain.RowCurrency, code(t.Currency), r.Serial)
	default:
		l.rows, l.from = append(l.rows, r), append(l.from, t)
	}
}

// large reads an amount; one beyond any real one spoils the statement, not the
// answer.
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
		if t.Cash || t.CounterNumber == "" && t.CounterOrderNumber == "" {
			continue
		}
		other := entry.Account{Bank: t.CounterBankID, Number: t.CounterNumber, Holder: t.CounterName, Kind: cmp.Or(t.CounterKind, t.CounterType)}
		if other.Number == "" {
			other.Number, other.Kind = t.CounterOrderNumber, orderNumber
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
