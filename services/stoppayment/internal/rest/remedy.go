package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

type unrelatedInput struct {
	service.Command
	Case    identity.CaseID    `path:"case" maxLength:"64"`
	Account identity.AccountID `path:"account" maxLength:"64"`
	Body    struct {
		Reason string `json:"reason" enum:"lawful-income,not-involved,wrong-account,false-report,repaid,other"`
	}
}

// unrelated ends what the case has on the account, at once.
func (a API) unrelated(ctx context.Context, in *unrelatedInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.act(ctx, who, in.Account, in.Case, in.Command, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.ProveUnrelated{Case: in.Case, Reason: in.Body.Reason, Officer: who.Officer(), At: c.At}
	})
}

type wrongStopInput struct {
	OnOrder
	Body struct {
		Objection   identity.ObjectionID `json:"objection,omitempty" maxLength:"64"`
		Cause       string               `json:"cause" enum:"wrong-account,wrong-attribution,bank-error,false-report,disproportionate,other"`
		Damage      money.Fen            `json:"damageFen,omitempty"`
		Responsible identity.Unit        `json:"responsible" doc:"12-digit code of the responsible unit" maxLength:"12"`
		Follow      []string             `json:"follow,omitempty" enum:"compensation,discipline,rule-change,bank-notice" maxItems:"4"`
	}
}

func (a API) wrongStop(ctx context.Context, in *wrongStopInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	unit, err := identity.ParseUnit(string(in.Body.Responsible))
	if err != nil {
		return nil, err
	}
	return a.on(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.ConfirmWrongStop{
			Order: in.Order, Objection: in.Body.Objection, Cause: in.Body.Cause, Damage: in.Body.Damage, Responsible: unit, Follow: in.Body.Follow,
			Officer: who.Officer(), At: c.At,
		}
	})
}

type wrongStopsInput struct {
	service.Page
	From time.Time `query:"from" doc:"RFC 3339; from the beginning if absent"`
	To   time.Time `query:"to" doc:"RFC 3339, up to and without; now if absent"`
}

type wrongStopRow struct {
	Account     identity.AccountID   `json:"account"`
	Order       identity.OrderID     `json:"order"`
	Case        identity.CaseID      `json:"case"`
	Objection   identity.ObjectionID `json:"objection,omitempty"`
	Cause       string               `json:"cause"`
	Damage      money.Fen            `json:"damageFen"`
	Responsible identity.Unit        `json:"responsible"`
	Follow      []string             `json:"follow"`
	At          time.Time            `json:"at"`
}

type wrongTotal struct {
	Cause  string    `json:"cause"`
	Count  int       `json:"count"`
	Damage money.Fen `json:"damageFen"`
}

type wrongStopsOutput struct {
	Body struct {
		Items      []wrongStopRow `json:"items"`
		Totals     []wrongTotal   `json:"totals" doc:"of the whole period, by cause"`
		NextCursor string         `json:"nextCursor,omitempty"`
	}
}

func (a API) wrongStops(ctx context.Context, in *wrongStopsInput) (*wrongStopsOutput, error) {
	after, err := paged(ctx, in.Page)
	if err != nil {
		return nil, err
	}
	from, to := in.From, in.To
	if from.IsZero() {
		from = time.UnixMilli(0)
	}
	if to.IsZero() {
		to = a.App.City.Clock.Now().Add(time.Second)
	}
	rows, err := a.Lists.WrongStops(ctx, from, to, after, in.Limit)
	if err != nil {
		return nil, err
	}
	totals, err := a.Lists.WrongTotals(ctx, from, to)
	if err != nil {
		return nil, err
	}
	out := &wrongStopsOutput{}
	out.Body.Items, out.Body.Totals = []wrongStopRow{}, []wrongTotal{}
	for _, w := range rows {
		out.Body.Items = append(out.Body.Items, wrongStopRow{w.Account, w.Order, w.Case, w.Objection, w.Cause, w.Damage, w.Responsible, w.Follow, w.At})
	}
	for _, t := range totals {
		out.Body.Totals = append(out.Body.Totals, wrongTotal(t))
	}
	out.Body.NextCursor = next(in.Page, rows, func(w view.WrongStop) eventlog.Position { return w.Position })
	return out, nil
}

type narrowMeasureInput struct {
	OnOrder
	Body struct{}
}

// narrowMeasure lowers a measure to what was traced and the city's margin, in one step.
func (a API) narrowMeasure(ctx context.Context, in *narrowMeasureInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.on(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.NarrowMeasure{Order: in.Order, Percent: a.App.Percent(), Officer: who.Officer(), At: c.At}
	})
}

type disproportionsInput struct{ service.Page }

type disproportionRow struct {
	Account      identity.AccountID `json:"account"`
	Order        identity.OrderID   `json:"order"`
	Case         identity.CaseID    `json:"case"`
	Held         money.Fen          `json:"heldFen"`
	Attributable money.Fen          `json:"attributableFen"`
	At           time.Time          `json:"at"`
}

type disproportionsOutput struct {
	Body struct {
		Items      []disproportionRow `json:"items"`
		NextCursor string             `json:"nextCursor,omitempty"`
	}
}

func (a API) disproportions(ctx context.Context, in *disproportionsInput) (*disproportionsOutput, error) {
	after, err := paged(ctx, in.Page)
	if err != nil {
		return nil, err
	}
	rows, err := a.Lists.Disproportions(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &disproportionsOutput{}
	out.Body.Items = []disproportionRow{}
	for _, d := range rows {
		out.Body.Items = append(out.Body.Items, disproportionRow{d.Account, d.Order, d.Case, d.Held, d.Attributable, d.At})
	}
	out.Body.NextCursor = next(in.Page, rows, func(d view.Disproportion) eventlog.Position { return d.Position })
	return out, nil
}
