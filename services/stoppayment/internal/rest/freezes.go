package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// freezeWish is one account that is to be frozen otherwise than as a whole
// deposit, or again.
type freezeWish struct {
	Account identity.AccountID `json:"account" maxLength:"64"`
	Limit   money.Fen          `json:"limitFen,omitempty" doc:"限额冻结, in fen; absent: the whole account (全额)"`
	Asset   string             `json:"asset,omitempty" enum:"deposit,securities,equity" doc:"财产种类; deposit if absent"`
}

// Signatures (经办人、协查人) are the two officers whom a chief's approval names.
type Signatures struct {
	Operator     entry.Officer `json:"operator,omitzero" doc:"经办人"`
	Investigator entry.Officer `json:"investigator,omitzero" doc:"协查人"`
}

func (s Signatures) check() (operator, investigator event.Officer, err error) {
	if operator, err = named(s.Operator, "/operator"); err != nil {
		return operator, investigator, err
	}
	investigator, err = named(s.Investigator, "/investigator")
	return operator, investigator, err
}

type freezeInput struct {
	service.Command
	Case identity.CaseID `path:"case" maxLength:"64"`
	Body struct {
		Signatures
		NoticeNo   string       `json:"noticeNo" doc:"协助冻结财产通知书文号, as 茂公冻〔2025〕123号" maxLength:"80"`
		TermMonths int          `json:"termMonths,omitempty" doc:"the city's own if absent; at most 6 for a deposit, 12 in a grave case"`
		Grave      bool         `json:"grave,omitempty" doc:"重大、复杂案件; with a chief of city level or above"`
		Accounts   []freezeWish `json:"accounts,omitempty" maxItems:"500" doc:"absent: every account of the chase with an order and no freeze"`
	}
}

type freezeOutput struct {
	service.Answer
	Body struct {
		CaseNo  identity.CaseNo      `json:"caseNo"`
		Targets []event.FreezeTarget `json:"targets"`
	}
}

func (a API) freeze(ctx context.Context, in *freezeInput) (*freezeOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(in.Case))
	if err != nil {
		return nil, err
	}
	if err := entry.DocumentNumber(in.Body.NoticeNo, "/noticeNo"); err != nil {
		return nil, err
	}
	cmd := domain.ApproveFreeze{NoticeNo: in.Body.NoticeNo, TermMonths: in.Body.TermMonths, Grave: in.Body.Grave, Approver: who.Officer(), At: cause.At}
	if cmd.TermMonths == 0 {
		cmd.TermMonths = a.App.City.Policy.FreezeTermMonths
	}
	for _, w := range in.Body.Accounts {
		cmd.Accounts = append(cmd.Accounts, domain.FreezeWish(w))
	}
	if cmd.Operator, cmd.Investigator, err = in.Body.check(); err != nil {
		return nil, err
	}
	if err := a.freezable(ctx, in.Case, cause, cmd.Accounts); err != nil {
		return nil, err
	}
	done, err := a.App.Pursuit(ctx, in.Case, cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	out := &freezeOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.CaseNo, out.Body.Targets = done.State.CaseNo, append([]event.FreezeTarget{}, done.State.FreezeOrders...)
	return out, nil
}

// freezable tells a chief, before the chase counts on his order, of the accounts that
// would refuse it: a freeze of the case is under way or in force there, be it under
// another notice.
func (a API) freezable(ctx context.Context, id identity.CaseID, cause es.Cause, wishes []domain.FreezeWish) error {
	chase, err := a.App.Pursuits.Load(ctx, string(id))
	if err != nil || chase.Did(cause.Command) {
		return err // the same request again has the same answer
	}
	for n, w := range wishes {
		past, err := a.App.Accounts.Load(ctx, string(w.Account))
		if err != nil {
			return err
		}
		if past.State.Freezable(id) != nil {
			return domain.ErrFreezeOpen.At("/accounts/%d", n)
		}
	}
	return nil
}

type renewInput struct {
	OnOrder
	Body struct {
		Signatures
		NoticeNo   string `json:"noticeNo" doc:"续冻通知书文号, as 茂公冻〔2025〕123号" maxLength:"80"`
		TermMonths int    `json:"termMonths,omitempty" doc:"the city's own if absent"`
		Grave      bool   `json:"grave,omitempty" doc:"重大、复杂案件"`
	}
}

// renew (续冻) asks the bank to let a freeze go on.
func (a API) renew(ctx context.Context, in *renewInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	operator, investigator, err := in.Body.check()
	if err != nil {
		return nil, err
	}
	if err := entry.DocumentNumber(in.Body.NoticeNo, "/noticeNo"); err != nil {
		return nil, err
	}
	months := in.Body.TermMonths
	if months == 0 {
		months = a.App.City.Policy.FreezeTermMonths
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.RequestRenewal{
			Freeze: in.Order, NoticeNo: in.Body.NoticeNo, TermMonths: months, Grave: in.Body.Grave, Approver: who.Officer(),
			Operator: operator, Investigator: investigator, At: c.At,
		}
	})
}

type releaseInput struct {
	OnOrder
	Body struct {
		Signatures
		Amount money.Fen `json:"amountFen,omitempty" doc:"部分解冻, in fen; absent: all of it"`
		Cause  string    `json:"cause" enum:"unrelated,error,disproportionate,concluded"`
	}
}

// release (解冻) asks the bank to end a freeze, or to let a part of it go.
func (a API) release(ctx context.Context, in *releaseInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	operator, investigator, err := in.Body.check()
	if err != nil {
		return nil, err
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.RequestRelease{
			Freeze: in.Order, Amount: in.Body.Amount, Cause: in.Body.Cause, Approver: who.Officer(),
			Operator: operator, Investigator: investigator, At: c.At,
		}
	})
}

type courtInput struct {
	OnOrder
	Body struct {
		Court    string    `json:"court" doc:"法院名称" maxLength:"80"`
		Document string    `json:"document" doc:"文书号, as （2025）粤0902执123号" maxLength:"80"`
		Amount   money.Fen `json:"amountFen"`
	}
}

// court (法院划拨) notes what a court took out of a freeze.
func (a API) court(ctx context.Context, in *courtInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.Chief, access.Investigator)
	if err != nil {
		return nil, err
	}
	if !isAgency(in.Body.Court) {
		return nil, domain.ErrCourtPaper.At("/court")
	}
	if err := entry.DocumentNumber(in.Body.Document, "/document"); err != nil {
		return nil, err
	}
	return a.carry(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.TransferByCourt{
			Freeze: in.Order, Court: in.Body.Court, Document: in.Body.Document, Amount: in.Body.Amount, Officer: who.Officer(), At: c.At,
		}
	})
}

// followUpAnswer reads the answer to a renewal or a release.
func (a API) followUpAnswer(r *reader, id identity.OrderID, in bank.Answer) domain.AnswerFollowUp {
	return domain.AnswerFollowUp{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		ExecutedAt: r.time(in.StartTime, "/startTime"), BankExpires: r.time(in.ExpireTime, "/expireTime"),
		Released: r.amount(in.ReleasedAmount, "/releasedAmount"), At: a.App.City.Clock.Now(), Findings: r.unread,
	}
}
