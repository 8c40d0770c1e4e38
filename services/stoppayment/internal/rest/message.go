package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// message writes an order as the platform has it, for the bank whose order it is:
// without number and name it could carry nothing out (银发〔2016〕86号 §2), so that
// they stand in it in full. See [API.open].
func (a API) message(ctx context.Context, r view.Row) (bank.Order, error) {
	order := bank.Order{
		TxCode: r.TxCode, ApplicationID: string(r.Order), ApplicationType: "00", EmergencyLevel: "02", BankID: string(r.Bank),
		Currency: event.CNY, Approver: signatory(r.Approver), Reason: "电信网络诈骗",
	}
	if named, ok := a.App.City.Banks.Lookup(r.Bank); ok {
		order.BankName = named.Name
	}
	request, err := a.requests.Decode(r.Type, r.Request)
	if err != nil {
		return order, fmt.Errorf("order %s: %w", r.Order, err)
	}
	var target event.Account
	if r.Protective != "" {
		target, err = a.fillProtective(ctx, &order, r)
	} else {
		target, err = a.fill(ctx, &order, request)
	}
	if err != nil {
		return order, err
	}
	order.AccountType = string(target.Kind)
	if target.Kind == identity.OrderNumberAccount {
		order.AccountType, order.DataType = bank.KindPersonal, bank.DataOrderNumber
	}
	order.AccountName, order.AccountNumber, err = a.open(ctx, target)
	return order, err
}

// fill writes what the stored request says, and returns the account that it is
// about.
func (a API) fill(ctx context.Context, order *bank.Order, request event.Event) (event.Account, error) {
	switch e := request.(type) {
	case event.StopRequested:
		order.ApplicationType = e.ApplicationType
		stopTerms(order, e)
		a.postponed(order, e)
		sign(order, e.At, e.Unit, e.Operator, e.Investigator)
		return e.Account, a.source(ctx, order, e.Source)
	case event.StopRaiseRequested:
		order.OriginalApplicationID, order.Scope, order.StopAmount = string(e.Target), bank.ScopeAmount, e.Amount.Decimal()
		sign(order, e.At, e.Unit, e.Operator, e.Investigator)
		return e.Account, a.source(ctx, order, e.Source)
	case event.LiftRequested:
		order.OriginalApplicationID, order.ReleaseRemark = string(e.Target), e.Cause
		if e.Keep > 0 {
			order.Scope, order.StopAmount = bank.ScopeAmount, e.Keep.Decimal()
		}
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	case event.AccountQueryRequested:
		order.InquiryMode, order.InquiryStart, order.InquiryEnd = e.Mode, platformTime(e.From), platformTime(e.Until)
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	case event.FreezeRequested:
		order.CaseNumber, order.CaseDocumentID, order.FreezeType, order.TermMonths = string(e.CaseNo), e.NoticeNo, e.FreezeType, e.TermMonths
		if e.Limit > 0 {
			order.Balance = e.Limit.Decimal()
		}
		order.AssetKind = e.Asset
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	case event.FreezeRenewalRequested:
		order.OriginalApplicationID, order.CaseDocumentID, order.TermMonths = string(e.Target), e.NoticeNo, e.TermMonths
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	case event.FreezeReleaseRequested:
		order.OriginalApplicationID, order.ReleaseRemark = string(e.Target), e.Cause
		if e.Amount > 0 {
			order.ReleaseAmount = e.Amount.Decimal()
		}
		sign(order, e.At, e.Operator.Unit, e.Operator, e.Investigator)
		return e.Account, nil
	}
	return event.Account{}, fmt.Errorf("%T: %w", request, event.ErrUnknown)
}

// platformTime writes a time as the platform does; "" for none.
func platformTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return identity.FormatPlatformTime(t)
}

// stopTerms adds how much a stop holds and which order it follows: the first stop
// before a second, the one given on paper or by telephone before a 04 or 05.
func stopTerms(order *bank.Order, e event.StopRequested) {
	if e.Scope == bank.ScopeAmount {
		order.Scope, order.StopAmount = e.Scope, e.Amount.Decimal()
	}
	switch {
	case e.Ordinal == domain.MaxStops:
		order.OriginalApplicationID = string(e.ParentOrder)
	case e.Registration != "":
		order.OriginalApplicationID = string(e.Registration)
	}
}

// postponed adds the period of a second stop that prolongs the first (止付延期,
// PostponeStartTime): from the end of that one, 48 hours. Where that end has passed
// before the order reaches its bank, the hours run from when the bank acts.
func (a API) postponed(order *bank.Order, e event.StopRequested) {
	if e.From.After(a.App.City.Clock.Now()) {
		order.StartTime, order.ExpireTime = identity.FormatPlatformTime(e.From), identity.FormatPlatformTime(e.From.Add(domain.StopWindow))
	}
}

// sign adds who asks, and when.
func sign(order *bank.Order, at time.Time, unit identity.Unit, operator, investigator event.Officer) {
	order.ApplicationTime, order.ApplicationOrgID = identity.FormatPlatformTime(at), string(unit)
	order.Operator, order.Investigator = signatory(operator), signatory(investigator)
}

// source adds the transfer that a stop rests on, which the bank compares with
// its own rows before it stops anything.
func (a API) source(ctx context.Context, order *bank.Order, t event.Transfer) error {
	if t.ID == "" {
		return nil
	}
	order.TransferAmount, order.TransferTime = t.Amount.Decimal(), identity.FormatPlatformTime(t.At)
	if !entry.Digested(t.Serial) { // a digest is no number of the bank's
		order.TransferSerial = t.Serial
	}
	name, number, err := a.open(ctx, t.From)
	order.TransferOut = &bank.Side{BankID: string(t.From.Bank), AccountName: name, AccountNumber: number}
	return err
}

func signatory(o event.Officer) bank.Signatory {
	return bank.Signatory{PoliceNo: o.PoliceNo, OrgID: string(o.Unit)}
}
