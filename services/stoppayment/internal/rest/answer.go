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
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

type answerInput struct {
	service.Command
	Order identity.OrderID `path:"order" maxLength:"64"`
	Body  bank.Answer
}

func (a API) answer(ctx context.Context, in *answerInput) (*bankOutput, error) {
	who, row, err := a.own(ctx, in.Order)
	if err != nil {
		return nil, a.strayed(ctx, who.Bank, in.Order, in.Body, domain.ByDesk, err)
	}
	cmd, err := a.command(ctx, row, in.Body)
	if err != nil {
		return nil, err
	}
	return a.answered(ctx, row, in.Command, who, in.Body, cmd)
}

// command reads an answer to an order of any kind.
func (a API) command(ctx context.Context, row view.Row, in bank.Answer) (cmd domain.AccountCommand, err error) {
	r := reader{digest: func(text string) string { return a.App.City.Keys.Index(privacy.Input, text) }, serial: a.serials(row, in)}
	if row.Protective != "" {
		cmd, err = a.stopAnswer(ctx, &r, row.Order, headOf(in))
		return cmd, errors.Join(err, r.err)
	}
	r.unread = r.contradictions(row, in)
	switch kindOfRow(row) {
	case "lift", "narrowing", "raise":
		cmd = a.changeAnswer(&r, row.Order, in)
	case "freeze":
		cmd = a.freezeAnswer(&r, row.Order, in)
	case "renewal", "release":
		cmd = a.followUpAnswer(&r, row.Order, in)
	case "query":
		cmd, err = a.queryAnswer(ctx, &r, row, in)
	default:
		cmd, err = a.stopAnswer(ctx, &r, row.Order, in)
	}
	if err == nil {
		err = r.err
	}
	return cmd, err
}

func (a API) stopAnswer(ctx context.Context, r *reader, id identity.OrderID, in bank.Answer) (domain.AnswerStop, error) {
	l := lines{reader: r}
	cmd := domain.AnswerStop{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause, Corrects: in.CorrectsAnswer,
		ExecutedAt: r.time(in.StartTime, "/startTime"), BankExpires: r.time(in.ExpireTime, "/expireTime"),
		BalanceBefore: l.large(in.AccountBalance, "/accountBalance", ""), Held: r.amount(in.StoppedAmount, "/stoppedAmount"),
		Measures: append(former(r, in), r.measures(in.Measures)...), AllMeasures: len(in.Measures) > 0, Method: a.App.Method(), At: a.App.City.Clock.Now(),
	}
	var err error
	if cmd.Statement, cmd.Findings, err = a.statement(ctx, r, in); l.bad {
		cmd.Findings = append(l.found, cmd.Findings...)
	}
	cmd.Findings = append(cmd.Findings, r.unread...)
	return cmd, err
}

func (a API) freezeAnswer(r *reader, id identity.OrderID, in bank.Answer) domain.AnswerFreeze {
	cmd := domain.AnswerFreeze{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		ExecutedAt: r.time(in.StartTime, "/startTime"), BankExpires: r.time(in.ExpireTime, "/expireTime"),
		Applied: r.amount(in.AppliedBalance, "/appliedBalance"), Frozen: r.amount(in.FrozedBalance, "/frozedBalance"),
		Balance: r.amount(in.AccountBalance, "/accountBalance"), Former: r.agency(in.FormerApplicationDepartment, "/formerApplicationDepartment"),
		FormerFrozen: r.amount(in.FormerFrozenBalance, "/formerFrozenBalance"), FormerExpires: r.time(in.FormerFrozenExpireTime, "/formerFrozenExpireTime"),
		At: a.App.City.Clock.Now(),
	}
	cmd.Findings = r.unread
	return cmd
}

// reader reads the platform's texts and keeps the first that cannot be read, and
// what does not fit or cannot be kept as it came.
type reader struct {
	err    error
	digest func(string) string // keyed: a plain one could be tried out, name by name
	serial func(string) (kept string, hidden bool, err error)
	unread []event.BankDiscrepancyFound
}

func (r *reader) amount(text, pointer string) money.Fen {
	if text == "" {
		return 0
	}
	f, err := entry.PlatformAmount(text, pointer)
	r.err = errors.Join(r.err, err)
	return f
}

func (r *reader) time(text, pointer string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := entry.PlatformTime(text, pointer)
	r.err = errors.Join(r.err, err)
	return t
}
