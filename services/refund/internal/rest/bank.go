package rest

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"github.com/yuanlu/yuanlu/services/refund/internal/view"
)

// skew is how far a bank's clock may run ahead of the city's.
const skew = 5 * time.Minute

type bankNoticesInput struct {
	Wait  int `query:"wait" minimum:"0" maximum:"30" doc:"seconds to wait for a notice if there is none"`
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"200"`
}

type bankNoticesOutput struct{ Body bank.Notices }

// bankNotices lists the open notices of the caller's bank. It waits for the
// next change of the list instead of being asked again and again; a server that
// stops ends the wait with an empty list.
func (a API) bankNotices(ctx context.Context, in *bankNoticesInput) (*bankNoticesOutput, error) {
	who, err := access.Require(ctx, access.BankDesk)
	if err != nil {
		return nil, err
	}
	open, err := service.LongPoll(ctx, in.Wait, a.Refunds.Changed, func(ctx context.Context) ([]view.Notice, error) {
		return a.Refunds.Notices(ctx, who.Bank, in.Limit)
	})
	if err != nil {
		return nil, err
	}
	return a.noticesFor(ctx, open)
}

func (a API) noticesFor(ctx context.Context, open []view.Notice) (*bankNoticesOutput, error) {
	out := &bankNoticesOutput{Body: bank.Notices{Items: []bank.Notice{}}}
	for _, n := range open {
		message, err := a.message(ctx, n)
		if privacy.Lost(err) {
			// One account that nobody can read any more must not hold up the
			// notices for all others.
			a.App.City.Logger.Error("a notice cannot be opened for its bank", slog.String("notice", n.ID), slog.Any("error", err))
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, message)
	}
	return out, nil
}

// message writes a notice as the platform has it. Here, and only here, account
// numbers and names are opened.
func (a API) message(ctx context.Context, n view.Notice) (bank.Notice, error) {
	from, err := a.open(ctx, n.Account)
	if err != nil {
		return bank.Notice{}, err
	}
	payee, err := a.open(ctx, n.Payee)
	if err != nil {
		return bank.Notice{}, err
	}
	message := bank.Notice{
		NoticeID: n.ID, CaseNumber: string(n.CaseNo), BankID: from.BankID, AccountName: from.AccountName, AccountNumber: from.AccountNumber,
		Payee: payee, Amount: n.Amount.Decimal(), ServedTime: identity.FormatPlatformTime(n.ServedAt), Officers: []bank.Signatory{},
	}
	for _, o := range n.Officers {
		message.Officers = append(message.Officers, bank.Signatory{PoliceNo: o.PoliceNo, OrgID: string(o.Unit)})
	}
	return message, nil
}

func (a API) open(ctx context.Context, account event.Account) (bank.Side, error) {
	side := bank.Side{BankID: string(account.Bank)}
	var err error
	if side.AccountName, err = a.Desk.Keys.Open(ctx, account.Holder); err != nil {
		return side, fmt.Errorf("open holder: %w", err)
	}
	if side.AccountNumber, err = a.Desk.Keys.Open(ctx, account.Number); err != nil {
		return side, fmt.Errorf("open number: %w", err)
	}
	return side, nil
}

type bankAnswerInput struct {
	service.Command
	Notice string `path:"notice" maxLength:"64"`
	Body   bank.NoticeAnswer
}

type bankAnswerOutput struct {
	service.Answer
	Body struct {
		Notice string `json:"noticeId"`
		State  string `json:"state" enum:"open,done"`
	}
}

// answer takes a bank's word for one payment. The list knows which procedure
// the notice is of; whose bank it is, the rules ask.
func (a API) answer(ctx context.Context, in *bankAnswerInput) (*bankAnswerOutput, error) {
	who, err := access.Require(ctx, access.BankDesk)
	if err != nil {
		return nil, err
	}
	id, err := a.Refunds.Of(ctx, in.Notice)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, domain.ErrNoNotice
	}
	cmd, err := answered(in.Notice, who.Bank, in.Body, a.App.City.Clock.Now())
	if err != nil {
		return nil, err
	}
	done, err := a.carry(ctx, who, id, in.Command, in.Body, cmd)
	if err != nil {
		return nil, err
	}
	out := &bankAnswerOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Notice, out.Body.State = in.Notice, "open"
	for _, pay := range done.State.Payments {
		if pay.ID == in.Notice && pay.Done {
			out.Body.State = "done"
		}
	}
	return out, nil
}

// answered reads the platform's texts.
func answered(notice string, desk identity.BankCode, in bank.NoticeAnswer, now time.Time) (domain.Command, error) {
	if in.Result != bank.ResultOK {
		return domain.ReportFailed{Payment: notice, Bank: desk, Cause: in.FailureCause, At: now}, nil
	}
	amount, err := entry.PlatformAmount(in.Amount, "/amount")
	if err != nil {
		return nil, err
	}
	done, err := entry.PlatformTime(in.DoneTime, "/doneTime")
	if err != nil {
		return nil, err
	}
	if done.After(now.Add(skew)) {
		return nil, entry.ErrTimeAhead.At("/doneTime")
	}
	return domain.ReportPaid{Payment: notice, Bank: desk, Amount: amount, Receipt: in.ReceiptNumber, ExecutedAt: done, At: now}, nil
}

// pointer makes a JSON pointer into a list.
func pointer(list string, n int) string { return list + "/" + strconv.Itoa(n) }
