package rest

import (
	"cmp"
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
	"golang.org/x/sync/errgroup"
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
		Warnings  []entry.Finding `json:"warnings" doc:"soft findings; they stop nothing"`
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
	out.Body.Case, out.Body.ReceiptNo, out.Body.Warnings = id, done.State.ReceiptNo, entry.Told(found(done.Events))
	return out, nil
}

// reported checks and seals what was typed in.
func (a API) reported(ctx context.Context, who access.Person, id identity.CaseID, body reportBody) (domain.Report, error) {
	now := a.App.City.Clock.Now()
	received := body.ReceivedAt.UTC()
	if body.ReceivedAt.IsZero() {
		received = now
	}
	if err := entry.Time(received, now, "/receivedAt"); err != nil {
		return domain.Report{}, err
	}
	second, unit, err := body.Investigator.Check("/investigator")
	if err != nil {
		return domain.Report{}, err
	}
	operator := who.Officer()
	cmd := domain.Report{
		Received: event.FraudReportReceived{
			Channel: body.Channel, ReceivedAt: received, Urgency: body.Urgency, Unit: operator.Unit,
			Operator: operator, Investigator: event.Officer{PoliceNo: second, Unit: unit},
			Warnings: identity.At(identity.CheckDivision(operator.Unit.Division(), received), "/unit"),
		},
		FraudType: body.FraudType, ReceiptNo: domain.ReceiptNo(operator.Unit, id, now), At: now,
	}
	if cmd.Received.Urgency == "" {
		cmd.Received.Urgency = "urgent"
	}
	err = a.seal(ctx, id, body, now, &cmd)
	return cmd, err
}

// seal checks and seals everybody and everything in a report side by side: a
// subject seen for the first time costs an append for its key, and appends
// share their fsync. The first error in the order of the request counts.
func (a API) seal(ctx context.Context, id identity.CaseID, body reportBody, now time.Time, cmd *domain.Report) error {
	cmd.Transfers = make([]domain.Declared, len(body.Transfers))
	errs := make([]error, len(body.Transfers)+2)
	var sealed errgroup.Group
	sealed.SetLimit(16)
	sealed.Go(func() error {
		cmd.Victim, cmd.VictimWarnings, errs[0] = a.Desk.Person(ctx, body.Victim, now, string(id), "/victim")
		return nil
	})
	sealed.Go(func() error {
		cmd.Received.Brief, errs[1] = a.Desk.Keys.Seal(ctx, string(id), "brief", body.Brief)
		return nil
	})
	for n, t := range body.Transfers {
		sealed.Go(func() error {
			cmd.Transfers[n], errs[n+2] = a.declared(ctx, id, strconv.Itoa(n), t, now, fmt.Sprintf("/transfers/%d", n))
			return nil
		})
	}
	_ = sealed.Wait() // each keeps its own error
	return cmp.Or(errs...)
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
