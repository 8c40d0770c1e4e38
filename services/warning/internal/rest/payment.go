package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
)

type paymentBody struct {
	Investigator entry.Officer    `json:"investigator,omitzero" doc:"协查人, not the operator himself"`
	Brief        string           `json:"brief,omitempty" doc:"简要案情; sealed" maxLength:"20000"`
	Transfers    []entry.Transfer `json:"transfers" doc:"what the subject paid" maxItems:"200"`
}

type paymentInput struct {
	service.Command
	AlertPath
	Body paymentBody
}

type paymentOutput struct {
	service.Answer
	Location string `header:"Location" doc:"of the case, once it has opened"`
	Body     struct {
		Case     identity.CaseID `json:"case" doc:"opens by itself"`
		Warnings []entry.Finding `json:"warnings" doc:"soft findings; they stop nothing"`
	}
}

// payment tells that the subject has paid. The case that follows is opened by
// another service, which hears of it from the log.
func (a API) payment(ctx context.Context, in *paymentInput) (*paymentOutput, error) {
	who, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	cmd, err := a.paid(ctx, who, in.Alert, in.Body)
	if err != nil {
		return nil, err
	}
	done, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, cmd)
	if err != nil {
		return nil, err
	}
	out := &paymentOutput{Answer: service.Answered(done.Revision, done.Repeated), Location: "/v1/cases/" + string(done.State.Case)}
	out.Body.Case, out.Body.Warnings = done.State.Case, []entry.Finding{}
	for _, e := range done.Events {
		if paid, ok := e.(event.PaymentDiscovered); ok {
			out.Body.Warnings = append(out.Body.Warnings, entry.Told(paid.Warnings)...)
		}
	}
	return out, nil
}

// paid checks and seals what was typed in.
func (a API) paid(ctx context.Context, who access.Person, id identity.AlertID, body paymentBody) (domain.DiscoverPayment, error) {
	now := a.App.City.Clock.Now()
	investigator, err := second(body.Investigator, "/investigator")
	if err != nil {
		return domain.DiscoverPayment{}, err
	}
	brief, err := a.Desk.Keys.Seal(ctx, string(domain.CaseOf(id)), "brief", body.Brief)
	if err != nil {
		return domain.DiscoverPayment{}, fmt.Errorf("seal brief: %w", err)
	}
	cmd := domain.DiscoverPayment{Brief: brief, Operator: who.Officer(), Investigator: investigator, At: now}
	for n, t := range body.Transfers {
		name := identity.Derive("paid", string(id), fmt.Sprint(n), t.Serial, t.At.UTC().Format(time.RFC3339), t.AmountFen.Decimal())
		transfer, warnings, err := a.Desk.Transfer(ctx, t, identity.TransferID(name.String()), now, fmt.Sprintf("/transfers/%d", n))
		if err != nil {
			return domain.DiscoverPayment{}, err
		}
		cmd.Transfers, cmd.Warnings = append(cmd.Transfers, transfer), append(cmd.Warnings, warnings...)
	}
	return cmd, nil
}
