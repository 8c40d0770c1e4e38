package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
)

type importBody struct {
	ExternalID string       `json:"externalId" doc:"the supplier's number of the order" maxLength:"64"`
	Supplier   string       `json:"supplier" doc:"who sent it" maxLength:"64"`
	Grade      string       `json:"grade" doc:"as the supplier graded it; mapped by the city's table" maxLength:"32"`
	Subject    entry.Person `json:"subject" doc:"预警对象; sealed"`
	FraudType  string       `json:"fraudType,omitempty" doc:"code of the fraud type" maxLength:"8"`
	SignalAt   time.Time    `json:"signalAt" doc:"when the signal was seen, RFC 3339"`
}

type importInput struct {
	service.Command
	Body importBody
}

type importOutput struct {
	service.Answer
	Location string `header:"Location"`
	Body     struct {
		Alert    identity.AlertID `json:"alert"`
		Level    event.AlertLevel `json:"level"`
		Reasons  []string         `json:"reasons" doc:"why it has this level"`
		Warnings []entry.Finding  `json:"warnings" doc:"soft findings; they stop nothing"`
	}
}

// imported takes an order in. The same order sent again, under whatever key, is
// the same alert.
func (a API) imported(ctx context.Context, in *importInput) (*importOutput, error) {
	who, err := directing(ctx)
	if err != nil {
		return nil, err
	}
	id := domain.AlertIDOf(in.Body.Supplier, in.Body.ExternalID)
	cmd, err := a.order(ctx, id, in.Body)
	if err != nil {
		return nil, err
	}
	done, err := a.carry(ctx, who, id, in.Command, in.Body, cmd)
	if err != nil {
		return nil, err
	}
	out := &importOutput{Answer: service.Answered(done.Revision, done.Repeated), Location: "/v1/alerts/" + string(id)}
	out.Body.Alert, out.Body.Level, out.Body.Reasons, out.Body.Warnings = id, done.State.Level, done.State.Reasons, []entry.Finding{}
	for _, e := range done.Events {
		if order, ok := e.(event.WarningOrderImported); ok {
			out.Body.Warnings = append(out.Body.Warnings, entry.Told(order.Warnings)...)
		}
	}
	return out, nil
}

// order checks and seals what the supplier sent.
func (a API) order(ctx context.Context, id identity.AlertID, body importBody) (domain.Import, error) {
	now := a.App.City.Clock.Now()
	body.SignalAt = body.SignalAt.UTC() // the same moment, however it is written
	if err := entry.Time(body.SignalAt, now, "/signalAt"); err != nil {
		return domain.Import{}, err
	}
	subject, warnings, err := a.Desk.Person(ctx, body.Subject, now, string(id), "/subject")
	if err != nil {
		return domain.Import{}, err
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return domain.Import{}, fmt.Errorf("fingerprint of an order: %w", err)
	}
	return domain.Import{
		Supplier: body.Supplier, ExternalID: body.ExternalID, Grade: body.Grade, Subject: subject, FraudType: body.FraudType,
		SignalAt: body.SignalAt, PayloadHash: a.Desk.Keys.Index(privacy.Input, string(payload)), Warnings: warnings,
	}, nil
}
