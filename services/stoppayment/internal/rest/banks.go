package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// bankRow is how one bank can be reached, and what it still has to do.
type bankRow struct {
	Bank             identity.BankCode `json:"bank"`
	Name             string            `json:"name"`
	Channel          string            `json:"channel" enum:"desk,machine"`
	State            string            `json:"state" enum:"reachable,unreachable" doc:"of the machine; a desk is always reachable"`
	StateText        string            `json:"stateText" doc:"state, in Chinese"`
	Since            time.Time         `json:"since,omitzero" doc:"unreachable since"`
	Cause            string            `json:"cause,omitempty" doc:"why: timeout, refused, tls, status, malformed or signature"`
	CauseText        string            `json:"causeText,omitempty" doc:"cause, in Chinese"`
	OpenOrders       int               `json:"openOrders" doc:"approved, and not answered"`
	OldestOpen       identity.OrderID  `json:"oldestOpen,omitempty"`
	OldestSeconds    int64             `json:"oldestOpenSeconds" doc:"age of the oldest open order"`
	LastAnswerAt     time.Time         `json:"lastAnswerAt,omitzero"`
	FailedDeliveries int               `json:"failedDeliveries" doc:"open orders that the machine channel could not deliver; the desk has them"`
}

type banksOutput struct {
	Body struct {
		Items []bankRow `json:"items"`
	}
}

// banks shows every bank of the city, those in trouble first.
func (a API) banks(ctx context.Context, _ *struct{}) (*banksOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	reached, err := a.Banks.Reached(ctx)
	if err != nil {
		return nil, err
	}
	open, err := a.Orders.OpenByBank(ctx)
	if err != nil {
		return nil, err
	}
	out := &banksOutput{}
	var calm []bankRow
	for _, b := range a.App.City.Banks.All() {
		row, err := a.bankRow(ctx, b, reached[b.Code], open[b.Code])
		if err != nil {
			return nil, err
		}
		if row.State == "unreachable" || row.FailedDeliveries > 0 {
			out.Body.Items = append(out.Body.Items, row)
		} else {
			calm = append(calm, row)
		}
	}
	out.Body.Items = append(out.Body.Items, calm...)
	return out, nil
}

func (a API) bankRow(ctx context.Context, b identity.Bank, r view.Reach, open view.Backlog) (bankRow, error) {
	row := bankRow{
		Bank: b.Code, Name: b.Name, Channel: domain.ByDesk, State: "reachable", OpenOrders: open.Count, OldestOpen: open.Oldest,
		LastAnswerAt: r.AnsweredAt, FailedDeliveries: r.Undelivered,
	}
	if a.App.City.Channels.Has(b.Code) {
		row.Channel = domain.ByMachine
		if !r.UnreachableSince.IsZero() {
			row.State, row.Since, row.Cause = "unreachable", r.UnreachableSince, r.Cause
		}
	}
	row.StateText, row.CauseText = reachName(row.State), deliveryCauseName(row.Cause)
	if open.Oldest == "" {
		return row, nil
	}
	asked, err := a.Banks.Asked(ctx, open.Oldest)
	if err == nil && !asked.IsZero() {
		row.OldestSeconds = int64(max(0, a.App.City.Clock.Now().Sub(asked)) / time.Second)
	}
	return row, err
}

type discrepanciesInput struct {
	service.Page
	Case identity.CaseID   `query:"case" maxLength:"64"`
	Bank identity.BankCode `query:"bank" maxLength:"12"`
}

// discrepancyRow is one finding, in codes and numbers alone.
type discrepancyRow struct {
	At       time.Time          `json:"at,omitzero"`
	Kind     string             `json:"kind" enum:"bank-discrepancy,stray-answer,strays-dropped,delivery-failed"`
	KindText string             `json:"kindText" doc:"kind, in Chinese"`
	Code     string             `json:"code,omitempty" doc:"what does not fit, or why it was refused"`
	CodeText string             `json:"codeText,omitempty" doc:"code, in Chinese"`
	Bank     identity.BankCode  `json:"bank,omitempty"`
	Case     identity.CaseID    `json:"case,omitempty"`
	Account  identity.AccountID `json:"account,omitempty"`
	Order    identity.OrderID   `json:"order,omitempty"`
	Expected string             `json:"expected,omitempty"`
	Found    string             `json:"found,omitempty"`
	Row      string             `json:"row,omitempty" doc:"serial number of the row that does not fit"`
	Channel  string             `json:"channel,omitempty"`
	Digest   string             `json:"digest,omitempty" doc:"of a stray answer: the same each time the same came"`
	Attempts int                `json:"attempts,omitempty"`
	Since    time.Time          `json:"since,omitzero" doc:"of dropped strays: the hour in which there were too many"`
}

type discrepanciesOutput struct {
	Body struct {
		Items      []discrepancyRow `json:"items"`
		NextCursor string           `json:"nextCursor,omitempty"`
	}
}

// discrepancies lists what does not fit in what banks say, newest first.
func (a API) discrepancies(ctx context.Context, in *discrepanciesInput) (*discrepanciesOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	found, err := a.Banks.Discrepancies(ctx, in.Bank, in.Case, eventlog.Position(before), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &discrepanciesOutput{}
	out.Body.Items = make([]discrepancyRow, len(found))
	for n, d := range found {
		out.Body.Items[n] = discrepancy(d)
	}
	if len(found) == in.Limit {
		out.Body.NextCursor = service.Cursor(uint64(found[len(found)-1].Position))
	}
	return out, nil
}

func discrepancy(d view.Discrepancy) discrepancyRow {
	row := discrepancyRow{Kind: d.Kind, Bank: d.Bank, Case: d.Case, Account: d.Account}
	switch e := d.Event.(type) {
	case event.BankDiscrepancyFound:
		row.At, row.Code, row.Order, row.Expected, row.Found, row.Row = e.At, e.Kind, e.Order, e.Expected, e.Found, e.Row
	case event.OrderDeliveryFailed:
		row.At, row.Code, row.Order, row.Attempts = e.At, e.Cause, e.Order, e.Attempts
	case event.StrayAnswerReceived:
		row.At, row.Code, row.Order, row.Channel, row.Digest = e.At, e.Reason, identity.OrderID(e.Order), e.Channel, e.Digest
	case event.StrayAnswersDropped:
		row.At, row.Since = e.At, e.Since
	}
	row.KindText, row.CodeText = findingName(row.Kind), codeName(row.Kind, row.Code)
	return row
}
