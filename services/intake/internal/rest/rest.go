// Package rest is the web edge of intake: it decodes, authorises and carries.
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
	"github.com/yuanlu/yuanlu/services/intake/internal/app"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
	"github.com/yuanlu/yuanlu/services/intake/internal/view"
)

// API is what the handlers need.
type API struct {
	App   app.App
	Cases view.Cases
	Desk  entry.Desk
}

// Routes puts the paths of intake on a mux.
func (a API) Routes(mux *http.ServeMux) huma.API {
	api := service.NewAPI(mux, app.Name, "接警服务 Intake")
	op := func(method, path, id, summary string, status int) huma.Operation {
		return service.Operation(method, path, id, "intake", summary, status)
	}
	huma.Register(api, op("POST", "/v1/reports", "report-fraud", "接警登记 Take in a report", http.StatusCreated), a.report)
	huma.Register(api, op("POST", "/v1/cases/{case}/transfers", "declare-transfer", "补充转账 Declare another transfer", http.StatusCreated), a.declare)
	huma.Register(api, op("POST", "/v1/cases/{case}/classification", "classify-case", "类型认定 Classify", http.StatusOK), a.classify)
	huma.Register(api, op("POST", "/v1/cases/{case}/filing-proposal", "propose-filing", "呈请立案 Propose filing", http.StatusOK), a.propose)
	huma.Register(api, op("POST", "/v1/cases/{case}/filing", "file-case", "立案 File the case", http.StatusOK), a.file)
	huma.Register(api, op("POST", "/v1/cases/{case}/filing-refusal", "decline-filing", "不予立案 Decline filing", http.StatusOK), a.decline)
	huma.Register(api, op("GET", "/v1/cases/{case}", "get-case", "案件 One case", http.StatusOK), a.one)
	huma.Register(api, op("GET", "/v1/cases", "list-cases", "案件列表 Cases, newest first", http.StatusOK), a.list)
	return api
}

// named is an officer as answers name him.
func named(o event.Officer) entry.Officer {
	return entry.Officer{PoliceNo: o.PoliceNo, Unit: string(o.Unit)}
}

// carry gives one command of a person to a case.
func (a API) carry(ctx context.Context, who access.Person, id identity.CaseID, in service.Command, body any, cmd domain.Command) (es.Outcome[domain.Case, event.CaseEvent], error) {
	cause, expected, err := a.App.City.Given(ctx, in, body, who, string(id))
	if err != nil {
		return es.Outcome[domain.Case, event.CaseEvent]{}, err
	}
	return a.App.Handle(ctx, id, cause, expected, cmd)
}
