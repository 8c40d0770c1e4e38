package rest

import (
	"context"
	"errors"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

type answerInput struct {
	service.Command
	Order identity.OrderID `path:"order" maxLength:"64"`
	Body  bank.Answer
}

func (a API) answer(ctx context.Context, in *answerInput) (*bankOutput, error) {
	who, row, err := a.own(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	cmd, err := a.command(ctx, row, in.Body)
	if err != nil {
		return nil, err
	}
	return a.answered(ctx, row, in.Command, who, in.Body, cmd)
}

// command reads an answer to an order of any kind.
func (a API) command(ctx context.Context, row view.Row, in bank.Answer) (cmd domain.AccountCommand, err error) {
	r := reader{}
	switch kindOf(row.TxCode) {
	case "freeze":
		cmd = a.freezeAnswer(&r, row.Order, in)
	default:
		cmd, err = a.stopAnswer(ctx, &r, row.Order, in)
	}
	if err == nil {
		err = r.err
	}
	return cmd, err
}

func (a API) stopAnswer(ctx context.Context, r *reader, id identity.OrderID, in bank.Answer) (domain.AnswerStop, error) {
	cmd := domain.AnswerStop{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		ExecutedAt: r.time(in.StartTime, "/startTime"), BankExpires: r.time(in.ExpireTime, "/expireTime"),
		BalanceBefore: r.amount(in.AccountBalance, "/accountBalance"), Method: a.App.Method(), At: a.App.City.Clock.Now(),
	}
	if in.OpeningBalance == "" && len(in.Transactions) == 0 {
		return cmd, nil
	}
	if len(in.Transactions) > domain.MaxRows {
		return cmd, domain.ErrTooManyRows.At("/transactions")
	}
	cmd.Statement = domain.Statement{Given: true, Opening: r.amount(in.OpeningBalance, "/openingBalance"), Rows: make([]event.Row, len(in.Transactions))}
	for n, t := range in.Transactions {
		cmd.Statement.Rows[n] = event.Row{
			Serial: r.serial(t.SerialNumber, row(n, "serialNumber")), At: r.time(t.Time, row(n, "time")), Credit: t.Direction == "C",
			Amount: r.amount(t.Amount, row(n, "amount")), Balance: r.amount(t.Balance, row(n, "balance")),
			Kind: "transfer",
		}
		if t.Cash {
			cmd.Statement.Rows[n].Kind = "cash"
		}
	}
	return cmd, a.counterparties(ctx, cmd.Statement.Rows, in.Transactions)
}

// counterparties seals the other sides of the rows, side by side: a new
// account costs an append for its key, and appends share their fsync.
func (a API) counterparties(ctx context.Context, rows []event.Row, in []bank.Transaction) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for n, t := range in {
		if t.Cash || t.CounterNumber == "" {
			continue
		}
		group.Go(func() error {
			account, err := a.Desk.Counterparty(ctx, entry.Account{Bank: t.CounterBankID, Number: t.CounterNumber, Holder: t.CounterName, Kind: t.CounterType})
			rows[n].Counter = &account
			return err
		})
	}
	return group.Wait()
}

func (a API) freezeAnswer(r *reader, id identity.OrderID, in bank.Answer) domain.AnswerFreeze {
	return domain.AnswerFreeze{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		ExecutedAt: r.time(in.StartTime, "/startTime"), BankExpires: r.time(in.ExpireTime, "/expireTime"),
		Applied: r.amount(in.AppliedBalance, "/appliedBalance"), Frozen: r.amount(in.FrozedBalance, "/frozedBalance"),
		Balance: r.amount(in.AccountBalance, "/accountBalance"), Former: in.FormerApplicationDepartment,
		FormerFrozen: r.amount(in.FormerFrozenBalance, "/formerFrozenBalance"), FormerExpires: r.time(in.FormerFrozenExpireTime, "/formerFrozenExpireTime"),
		At: a.App.City.Clock.Now(),
	}
}

// reader reads the platform's texts and keeps the first that cannot be read.
type reader struct{ err error }

func (r *reader) amount(text, pointer string) money.Fen {
	if text == "" {
		return 0
	}
	f, err := entry.PlatformAmount(text, pointer)
	r.err = errors.Join(r.err, err)
	return f
}

// serial takes a number and nothing else: free text would rest in clear.
func (r *reader) serial(text, pointer string) string {
	if text == "" {
		return ""
	}
	number, err := identity.ParseSerial(text)
	if refused, ok := errors.AsType[*rule.Violation](err); ok {
		err = refused.At("%s", pointer)
	}
	r.err = errors.Join(r.err, err)
	return number
}

func (r *reader) time(text, pointer string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := entry.PlatformTime(text, pointer)
	r.err = errors.Join(r.err, err)
	return t
}
