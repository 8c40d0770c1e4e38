// Package rest is the web edge of warning: it decodes, authorises and carries.
package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/app"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
	"github.com/yuanlu/yuanlu/services/warning/internal/view"
)

// API is what the handlers need.
type API struct {
	App    app.App
	Alerts view.Alerts
	Desk   entry.Desk
}

// Routes puts the paths of warning on a mux.
func (a API) Routes(mux *http.ServeMux) huma.API {
	api := service.NewAPI(mux, app.Name, "预警服务 Warning")
	op := func(method, path, id, summary string, status int) huma.Operation {
		return service.Operation(method, path, id, "warning", summary, status)
	}
	huma.Register(api, op("POST", "/v1/alerts", "import-alert", "预警接收 Import an order", http.StatusCreated), a.imported)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/dispatch", "dispatch-alert", "下发 Dispatch to a station", http.StatusOK), a.dispatch)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/signature", "sign-alert", "签收 Sign", http.StatusOK), a.sign)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/contacts", "contact-subject", "联系 One attempt to reach the subject", http.StatusCreated), a.contact)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/dissuasion", "dissuade-subject", "劝阻 Dissuasion", http.StatusOK), a.dissuade)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/payment", "discover-payment", "已转账 The subject has paid", http.StatusCreated), a.payment)
	huma.Register(api, op("POST", "/v1/alerts/{alert}/closing", "close-alert", "办结 Close", http.StatusOK), a.closing)
	huma.Register(api, op("GET", "/v1/alerts/{alert}", "get-alert", "预警 One alert", http.StatusOK), a.one)
	huma.Register(api, op("GET", "/v1/alerts", "list-alerts", "预警队列 Alerts, most urgent first", http.StatusOK), a.list)
	return api
}

// named is an officer as answers name him.
func named(o event.Officer) entry.Officer {
	return entry.Officer{PoliceNo: o.PoliceNo, Unit: string(o.Unit)}
}

// second is an officer named in a request; zero if none is.
func second(o entry.Officer, pointer string) (event.Officer, error) {
	no, unit, err := o.Check(pointer)
	return event.Officer{PoliceNo: no, Unit: unit}, err
}

// acting tells who works on an alert: the centre's duty officers and those of
// the stations.
func acting(ctx context.Context) (access.Person, error) {
	return access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
}

// directing tells who takes alerts in and sends them out.
func directing(ctx context.Context) (access.Person, error) {
	return access.Require(ctx, access.DutyOfficer, access.ShiftLeader)
}

// reading tells who sees alerts: the police, and those who look over its
// shoulder.
func reading(ctx context.Context) error {
	_, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator, access.Chief, access.Auditor)
	return err
}

// carry gives one command of a person to an alert. While there is no case, the
// alert itself is what its events belong together by.
func (a API) carry(ctx context.Context, who access.Person, id identity.AlertID, in service.Command, body any, cmd domain.Command) (es.Outcome[domain.Alert, event.AlertEvent], error) {
	correlation := string(id)
	if _, opens := cmd.(domain.DiscoverPayment); opens {
		correlation = string(domain.CaseOf(id))
	}
	cause, expected, err := a.App.City.Given(ctx, in, body, who, correlation)
	if err != nil {
		return es.Outcome[domain.Alert, event.AlertEvent]{}, err
	}
	return a.App.Handle(ctx, id, cause, expected, cmd)
}
