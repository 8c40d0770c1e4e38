package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
	"github.com/yuanlu/yuanlu/services/warning/internal/view"
)

// summary is an alert as it stands.
type summary struct {
	Alert      identity.AlertID `json:"alert"`
	Supplier   string           `json:"supplier"`
	ExternalID string           `json:"externalId"`
	Grade      string           `json:"grade" doc:"as the supplier graded it"`
	Level      event.AlertLevel `json:"level"`
	Reasons    []string         `json:"reasons"`
	FraudType  string           `json:"fraudType,omitempty"`
	To         identity.Unit    `json:"to,omitempty"`
	SignDue    time.Time        `json:"signDue,omitzero"`
	ContactDue time.Time        `json:"contactDue,omitzero"`
	SignedBy   entry.Officer    `json:"signedBy,omitzero"`
	Contacts   int              `json:"contacts"`
	Reached    bool             `json:"reached"`
	Dissuaded  bool             `json:"dissuaded"`
	Breached   []string         `json:"breached" doc:"clocks that ran out"`
	Case       identity.CaseID  `json:"case,omitempty"`
	Outcome    string           `json:"outcome,omitempty"`
}

type alertOutput struct {
	service.Answer
	Body summary
}

func show(id identity.AlertID, a domain.Alert, revision int64, repeated bool) *alertOutput {
	return &alertOutput{Answer: service.Answered(revision, repeated), Body: summary{
		Alert: id, Supplier: a.Supplier, ExternalID: a.ExternalID, Grade: a.Grade, Level: a.Level, Reasons: a.Reasons, FraudType: a.FraudType,
		To: a.To, SignDue: a.SignDue, ContactDue: a.ContactDue, SignedBy: named(a.SignedBy), Contacts: a.Contacts, Reached: a.Reached, Dissuaded: a.Dissuaded,
		Breached: append([]string{}, a.Breached...), Case: a.Case, Outcome: a.Outcome,
	}}
}

func shown(id identity.AlertID, out es.Outcome[domain.Alert, event.AlertEvent], err error) (*alertOutput, error) {
	if err != nil {
		return nil, err
	}
	return show(id, out.State, out.Revision, out.Repeated), nil
}

// AlertPath is the alert that a path names. It is exported because huma fills
// only embedded structs that are.
type AlertPath struct {
	Alert identity.AlertID `path:"alert" maxLength:"64"`
}

func (a API) one(ctx context.Context, in *AlertPath) (*alertOutput, error) {
	if err := reading(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Alerts.Load(ctx, string(in.Alert))
	if err != nil {
		return nil, err
	}
	if !past.State.Imported() {
		return nil, domain.ErrNoAlert
	}
	return show(in.Alert, past.State, past.Revision, false), nil
}

type listInput struct {
	service.Page
	State string `query:"state" enum:"open,closed" default:"open"`
}

type listOutput struct {
	Body struct {
		Items      []view.Row `json:"items"`
		NextCursor string     `json:"nextCursor,omitempty"`
	}
}

func (a API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	if err := reading(ctx); err != nil {
		return nil, err
	}
	after, err := in.After()
	if err != nil {
		return nil, err
	}
	rows, err := a.Alerts.Page(ctx, in.State == "closed", after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = rows
	if len(rows) == in.Limit {
		out.Body.NextCursor = service.Cursor(rows[len(rows)-1].Place)
	}
	return out, nil
}

type dispatchInput struct {
	service.Command
	AlertPath
	Body struct {
		To string `json:"to" doc:"12-digit code of the station" maxLength:"12"`
	}
}

func (a API) dispatch(ctx context.Context, in *dispatchInput) (*alertOutput, error) {
	who, err := directing(ctx)
	if err != nil {
		return nil, err
	}
	to, err := identity.ParseUnit(in.Body.To)
	if err != nil {
		return nil, identity.ErrUnitMalformed.At("/to")
	}
	out, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, domain.Dispatch{To: to, At: a.App.City.Clock.Now()})
	return shown(in.Alert, out, err)
}

type signInput struct {
	service.Command
	AlertPath
	Body struct{}
}

func (a API) sign(ctx context.Context, in *signInput) (*alertOutput, error) {
	who, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, domain.Sign{By: who.Officer(), At: a.App.City.Clock.Now()})
	return shown(in.Alert, out, err)
}

type contactInput struct {
	service.Command
	AlertPath
	Body struct {
		Channel string        `json:"channel" enum:"phone,sms,door"`
		Target  string        `json:"target" enum:"self,relative"`
		Result  string        `json:"result" enum:"reached,unanswered,busy,refused,invalid-number,powered-off"`
		Partner entry.Officer `json:"partner,omitzero" doc:"the second officer; a door visit takes two"`
	}
}

func (a API) contact(ctx context.Context, in *contactInput) (*alertOutput, error) {
	who, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	partner, err := second(in.Body.Partner, "/partner")
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, domain.Contact{
		Channel: in.Body.Channel, Target: in.Body.Target, Result: in.Body.Result, By: who.Officer(), Partner: partner, At: a.App.City.Clock.Now(),
	})
	return shown(in.Alert, out, err)
}

type dissuadeInput struct {
	service.Command
	AlertPath
	Body struct {
		State        string        `json:"state" enum:"convinced,doubtful,refused"`
		NoticeSigned bool          `json:"noticeSigned" doc:"告知书已签"`
		Partner      entry.Officer `json:"partner,omitzero" doc:"the second officer, if there was one"`
	}
}

func (a API) dissuade(ctx context.Context, in *dissuadeInput) (*alertOutput, error) {
	who, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	partner, err := second(in.Body.Partner, "/partner")
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, domain.Dissuade{
		State: in.Body.State, NoticeSigned: in.Body.NoticeSigned, By: who.Officer(), Partner: partner, At: a.App.City.Clock.Now(),
	})
	return shown(in.Alert, out, err)
}

type closeInput struct {
	service.Command
	AlertPath
	Body struct {
		Outcome string `json:"outcome" enum:"dissuaded,mismatch,duplicate,not-found,paid"`
	}
}

func (a API) closing(ctx context.Context, in *closeInput) (*alertOutput, error) {
	who, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	out, err := a.carry(ctx, who, in.Alert, in.Command, in.Body, domain.Close{
		Outcome: in.Body.Outcome, By: who.Officer(), At: a.App.City.Clock.Now(),
	})
	return shown(in.Alert, out, err)
}
