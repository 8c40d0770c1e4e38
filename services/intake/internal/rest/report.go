package rest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
)

type reportBody struct {
	Channel      string           `json:"channel" enum:"110,96110,window,bank,transfer"`
	ReceivedAt   time.Time        `json:"receivedAt,omitzero" doc:"now if absent"`
	Urgency      string           `json:"urgency,omitempty" doc:"normal, or urgent (加急, default)"`
	Brief        string           `json:"brief,omitempty" doc:"简要案情; sealed" maxLength:"20000"`
	FraudType    string           `json:"fraudType,omitempty" doc:"code of the fraud type" maxLength:"8"`
	Investigator entry.Officer    `json:"investigator,omitzero" doc:"协查人, not the operator himself"`
	Victim       entry.Person     `json:"victim"`
	Transfers    []entry.Transfer `json:"transfers" doc:"what the victim paid" maxItems:"200"`
}

type reportInput struct {
	service.Command
	Body reportBody
}

type reportOutput struct {
	service.Answer
	Location string `header:"Location"`
	Body     struct {
		Case      identity.CaseID `json:"case"`
		ReceiptNo string          `json:"receiptNo"`
		Warnings  []event.Warning `json:"warnings" doc:"soft findings; they stop nothing"`
	}
}

// report takes in a report. The stop orders that follow from it are given by
// another service, which hears of it from the log.
func (a API) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	id := identity.CaseID(service.NewID("case", who, in.Command))
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(id))
	if err != nil {
		return nil, err
	}
	cmd, err := a.reported(ctx, who, id, in.Body)
	if err != nil {
		return nil, err
	}
	done, err := a.App.Handle(ctx, id, cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	out := &reportOutput{Answer: service.Answered(done.Revision, done.Repeated), Location: "/v1/cases/" + string(id)}
	out.Body.Case, out.Body.ReceiptNo, out.Body.Warnings = id, done.State.ReceiptNo, found(done.Events)
	return out, nil
}

// reported checks and seals what was typed in.
func (a API) reported(ctx context.Context, who access.Person, id identity.CaseID, body reportBody) (domain.Report, error) {
	now := a.App.City.Clock.Now()
	received := body.ReceivedAt.UTC()
	if body.ReceivedAt.IsZero() {
		received = now
	}
	if received.After(now.Add(time.Minute)) {
		return domain.Report{}, entry.ErrTimeAhead.At("/receivedAt")
	}
	second, unit, err := body.Investigator.Check("/investigator")
	if err != nil {
		return domain.Report{}, err
	}
	victim, victimWarnings, err := a.Desk.Person(ctx, body.Victim, now, string(id), "/victim")
	if err != nil {
		return domain.Report{}, err
	}
	brief, err := a.Desk.Keys.Seal(ctx, string(id), "brief", body.Brief)
	if err != nil {
		return domain.Report{}, fmt.Errorf("seal brief: %w", err)
	}
	operator := officer(who)
	cmd := domain.Report{
		Received: event.FraudReportReceived{
			Channel: body.Channel, ReceivedAt: received, Urgency: body.Urgency, Brief: brief, Unit: operator.Unit,
			Operator: operator, Investigator: event.Officer{PoliceNo: second, Unit: unit},
			Warnings: identity.At(identity.CheckDivision(operator.Unit.Division(), received), "/unit"),
		},
		Victim: victim, VictimWarnings: victimWarnings, FraudType: body.FraudType,
		ReceiptNo: domain.ReceiptNo(operator.Unit, id, now), At: now,
	}
	if cmd.Received.Urgency == "" {
		cmd.Received.Urgency = "urgent"
	}
	for n, t := range body.Transfers {
		declared, err := a.declared(ctx, id, strconv.Itoa(n), t, now, fmt.Sprintf("/transfers/%d", n))
		if err != nil {
			return domain.Report{}, err
		}
		cmd.Transfers = append(cmd.Transfers, declared)
	}
	return cmd, nil
}

// declared checks and seals a transfer. Its place in the declaration is part of
// its name, since victims do pay the same amount twice within a minute.
func (a API) declared(ctx context.Context, id identity.CaseID, place string, t entry.Transfer, now time.Time, pointer string) (domain.Declared, error) {
	name := identity.TransferID(identity.Derive("declared", string(id), place, t.Serial, t.At.UTC().Format(time.RFC3339), t.AmountFen.Decimal()).String())
	transfer, warnings, err := a.Desk.Transfer(ctx, t, name, now, pointer)
	return domain.Declared{Transfer: transfer, Channel: t.Channel, Warnings: warnings}, err
}

// found collects the soft findings of events for the one who typed them in.
func found(events []event.CaseEvent) []event.Warning {
	all := []event.Warning{}
	for _, e := range events {
		switch e := e.(type) {
		case event.FraudReportReceived:
			all = append(all, e.Warnings...)
		case event.VictimIdentified:
			all = append(all, e.Warnings...)
		case event.LossTransferDeclared:
			all = append(all, e.Warnings...)
		case event.IntakeReceiptIssued, event.FraudTypeClassified, event.CaseFilingProposed, event.CaseFiled, event.CaseFilingDeclined:
		}
	}
	return all
}
