package rest

import (
	"context"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

type queryInput struct {
	service.Command
	Account identity.AccountID `path:"account" maxLength:"64"`
	Body    struct {
		Case         identity.CaseID    `json:"case" maxLength:"64"`
		Kind         string             `json:"kind" enum:"transactions,holder,accounts" doc:"交易明细 100301, 持卡主体 100303, 客户全账户 100309"`
		Mode         string             `json:"mode,omitempty" enum:"basic,detail,both,fast" doc:"查询方式, of transactions; both if absent"`
		From         time.Time          `json:"from,omitzero" doc:"RFC 3339; absent: no bound"`
		Until        time.Time          `json:"until,omitzero" doc:"RFC 3339, itself not included; absent: up to now"`
		SeenOn       identity.AccountID `json:"seenOn,omitempty" maxLength:"64" doc:"an account on whose statement this one is the other side; needed if nothing else is known of it"`
		Investigator entry.Officer      `json:"investigator,omitzero" doc:"协查人, not the operator himself"`
	}
}

type queryOutput struct {
	service.Answer
	Body struct {
		Order identity.OrderID  `json:"order"`
		State domain.OrderState `json:"state"`
	}
}

// query asks the account's bank. It may be done before a case is filed
// (程序规定 art. 174).
func (a API) query(ctx context.Context, in *queryInput) (*queryOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(in.Body.Case))
	if err != nil {
		return nil, err
	}
	other, err := named(in.Body.Investigator, "/investigator")
	if err != nil {
		return nil, err
	}
	target, err := a.asked(ctx, who, in.Body.Case, in.Account, in.Body.SeenOn)
	if err != nil {
		return nil, err
	}
	tx, mode := queryCodes(in.Body.Kind, in.Body.Mode)
	cmd := domain.RequestQuery{
		Order: identity.OrderID(service.NewID("query", who, in.Command)), Case: in.Body.Case, Account: target, TxCode: tx, Mode: mode,
		From: in.Body.From.UTC(), Until: in.Body.Until.UTC(), Operator: who.Officer(), Investigator: other, At: cause.At,
	}
	done, err := a.App.Account(ctx, in.Account, cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	out := &queryOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	order, _ := done.State.Find(cmd.Order)
	out.Body.Order, out.Body.State = cmd.Order, order.State
	return out, nil
}

// asked finds the account that is asked about: one in the chase of the case, or
// the other side of a row of one that is.
func (a API) asked(ctx context.Context, who access.Person, of identity.CaseID, id, seenOn identity.AccountID) (event.Account, error) {
	chase, err := a.led(ctx, who, of)
	if err != nil {
		return event.Account{}, err
	}
	past, err := a.App.Accounts.Load(ctx, string(id))
	if err != nil {
		return event.Account{}, err
	}
	_, in := chase.Node(id)
	_, seen := chase.Node(seenOn)
	switch {
	case in && past.State.Ref.ID != "":
		return past.State.Ref, nil
	case seenOn == "" && past.State.Ref.ID == "":
		return event.Account{}, domain.ErrNoAccount
	case !seen:
		return event.Account{}, domain.ErrNotOfCase
	}
	other, err := a.App.Accounts.Load(ctx, string(seenOn))
	if err != nil {
		return event.Account{}, err
	}
	for _, row := range other.State.Statement.Rows {
		if row.Counter != nil && row.Counter.ID == id {
			return *row.Counter, nil
		}
	}
	return event.Account{}, domain.ErrNoAccount
}

// led is the chase of a case that the officer's unit leads, or one below it.
func (a API) led(ctx context.Context, who access.Person, of identity.CaseID) (domain.Pursuit, error) {
	past, err := a.App.Pursuits.Load(ctx, string(of))
	switch {
	case err != nil:
		return past.State, err
	case past.State.Case == "":
		return past.State, domain.ErrNoPursuit.At("/case")
	case !who.Officer().Unit.Oversees(past.State.Unit):
		return past.State, domain.ErrForeignUnit
	}
	return past.State, nil
}

func queryCodes(kind, mode string) (tx, inquiry string) {
	switch kind {
	case "holder":
		return bank.TxHolderQuery, ""
	case "accounts":
		return bank.TxAllAccounts, ""
	}
	switch mode {
	case "basic":
		return bank.TxQuery, bank.InquiryBasic
	case "detail":
		return bank.TxQuery, bank.InquiryDetail
	case "fast":
		return bank.TxQuery, bank.InquiryFast
	}
	return bank.TxQuery, bank.InquiryBoth
}

// queryAnswer reads the bank's answer to a query.
func (a API) queryAnswer(ctx context.Context, r *reader, row view.Row, in bank.Answer) (domain.AnswerQuery, error) {
	cmd := domain.AnswerQuery{
		Order: row.Order, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		Balance: r.given(in.AccountBalance, "/accountBalance"), Available: r.given(in.AvailableBalance, "/accountAvaiableBalance"),
		Method: a.App.Method(), At: a.App.City.Clock.Now(),
	}
	for _, m := range r.measures(in.Measures) {
		cmd.Measures = append(cmd.Measures, event.Measure{Kind: m.Kind, By: m.By, Amount: m.Amount, Until: m.Until})
	}
	var err error
	if cmd.Statement, cmd.Findings, err = a.statement(ctx, r, in); err != nil {
		return cmd, err
	}
	if in.Holder != nil {
		holder, _, err := a.Desk.Person(ctx, entry.Person{
			Name: in.Holder.Name, IDKind: in.Holder.IDType, IDNumber: in.Holder.IDNumber, Phone: in.Holder.Phone,
		}, cmd.At, "holder-"+string(row.Account), "/holder")
		if err != nil {
			return cmd, err
		}
		cmd.Holder = &holder
	}
	err = a.heldAccounts(ctx, r, row.Bank, in.Accounts, &cmd)
	cmd.Findings = append(cmd.Findings, r.unread...)
	return cmd, err
}

// heldAccounts seals the accounts of a holder and adds what stands on them.
func (a API) heldAccounts(ctx context.Context, r *reader, code identity.BankCode, in []bank.HeldAccount, cmd *domain.AnswerQuery) error {
	accounts, kinds := make([]event.Account, len(in)), make([]string, len(in))
	for n, h := range in {
		kinds[n] = r.kind(h.AccountType, "/accounts", "")
	}
	group, sealed := errgroup.WithContext(ctx)
	group.SetLimit(sealing)
	for n, h := range in {
		group.Go(func() (err error) {
			accounts[n], err = a.Desk.Counterparty(sealed, entry.Account{Bank: string(code), Number: h.AccountNumber, Holder: h.AccountName, Kind: kinds[n]})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, h := range in {
		cmd.Held = append(cmd.Held, r.held(accounts[n].ID, n, h))
		for _, m := range r.measures(h.Measures) {
			cmd.Measures = append(cmd.Measures, event.Measure{Account: accounts[n].ID, Kind: m.Kind, By: m.By, Amount: m.Amount, Until: m.Until})
		}
	}
	cmd.Accounts = accounts
	return nil
}

// held reads what is on one account of a holder, the nth of the answer.
func (r *reader) held(id identity.AccountID, n int, h bank.HeldAccount) event.HeldBalance {
	pointer := "/accounts/" + strconv.Itoa(n)
	held := event.HeldBalance{Account: id, Balance: r.given(h.Balance, pointer+"/balance"), Available: r.given(h.AvailableBalance, pointer+"/availableBalance"), State: h.State}
	switch h.State {
	case "", bank.StateNormal, bank.StateStopped, bank.StateFrozen, bank.StateClosed:
	default:
		r.cannotKeep(h.State, pointer+"/state", "")
		held.State = ""
	}
	return held
}

// given reads an amount that may be missing.
func (r *reader) given(text, pointer string) *money.Fen {
	if text == "" {
		return nil
	}
	f := r.amount(text, pointer)
	return &f
}

// measures reads what stands on an account. One that waits holds nothing yet.
func (r *reader) measures(in []bank.Measure) []domain.Measure {
	var all []domain.Measure
	for _, m := range in {
		if !m.Waiting {
			all = append(all, domain.Measure{
				Kind: measureKind(m.Type), By: r.agency(m.Department, "/measures"), Amount: r.amount(m.Amount, "/measures"), Until: r.time(m.ExpireTime, "/measures"),
			})
		}
	}
	return all
}

func measureKind(code string) string {
	switch code {
	case bank.MeasurePoliceStop, bank.MeasurePoliceFreeze, bank.MeasureCourtFreeze:
		return code
	}
	return "other"
}
