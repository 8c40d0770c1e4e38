// Package rest is the web edge of refund, for officers and for bank desks: it
// decodes, authorises and carries.
package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/app"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"github.com/yuanlu/yuanlu/services/refund/internal/view"
)

// API is what the handlers need.
type API struct {
	App     app.App
	Refunds view.Refunds
	Desk    entry.Desk
}

// Routes puts the paths of refund on a mux.
func (a API) Routes(mux *http.ServeMux) huma.API {
	api := service.NewAPI(mux, app.Name, "返还服务 Refund")
	op := func(method, path, id, summary string, status int) huma.Operation {
		return service.Operation(method, path, id, "refund", summary, status)
	}
	const one = "/v1/refunds/{procedure}"
	huma.Register(api, op("GET", "/v1/refunds", "list-refunds", "返还列表 Refunds of a case, oldest first", http.StatusOK), a.list)
	huma.Register(api, op("GET", one, "get-refund", "返还程序 One refund", http.StatusOK), a.one)
	huma.Register(api, op("POST", one+"/victim-notice", "inform-victim", "冻结告知 Tell a victim of the freeze", http.StatusOK), a.inform)
	huma.Register(api, op("POST", one+"/application", "apply-for-refund", "返还申请 Apply for a refund", http.StatusOK), a.apply)
	huma.Register(api, op("POST", one+"/flow-table", "compile-flow-table", "资金流向表 Compile the flow table", http.StatusOK), a.flowTable)
	huma.Register(api, op("POST", one+"/plan", "propose-plan", "返还方案 Propose the plan", http.StatusOK), a.plan)
	huma.Register(api, op("POST", one+"/public-notice", "post-notice", "公告 Post the public notice", http.StatusOK), a.notice)
	huma.Register(api, op("POST", one+"/objections", "file-objection", "异议 File an objection", http.StatusCreated), a.object)
	huma.Register(api, op("POST", one+"/objections/{objection}/decision", "decide-objection", "异议审查 Decide an objection", http.StatusOK), a.decideObjection)
	huma.Register(api, op("POST", one+"/report", "report-refund", "呈请返还 Report for approval", http.StatusOK), a.report)
	huma.Register(api, op("POST", one+"/approval", "approve-refund", "返还决定 Approve", http.StatusOK), a.approve)
	huma.Register(api, op("POST", one+"/rejection", "reject-refund", "不予批准返还 Reject", http.StatusOK), a.reject)
	huma.Register(api, op("POST", one+"/assist-notice", "serve-assist-notice", "送达协助返还通知书 Serve the assist notice", http.StatusOK), a.serve)
	huma.Register(api, op("GET", "/v1/bank/refund-notices", "list-bank-refund-notices", "银行待办返还通知 Open notices of the caller's bank", http.StatusOK), a.bankNotices)
	huma.Register(api, op("POST", "/v1/bank/refund-notices/{notice}/answer", "answer-refund-notice", "返还回执 Answer a notice", http.StatusOK), a.answer)
	return api
}

// named is another officer, as a request names him.
func named(o entry.Officer, pointer string) (event.Officer, error) {
	policeNo, unit, err := o.Check(pointer)
	return event.Officer{PoliceNo: policeNo, Unit: unit}, err
}

// handler asks who may give a command.
func handler(ctx context.Context) (access.Person, error) {
	return access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
}

// carry gives one command of a person to a procedure.
func (a API) carry(ctx context.Context, who access.Person, id identity.ProcedureID, in service.Command, body any, cmd domain.Command) (app.Outcome, error) {
	past, err := a.App.Load(ctx, id)
	if err != nil {
		return app.Outcome{}, err
	}
	cause, expected, err := a.App.City.Given(ctx, in, body, who, string(past.State.Case))
	if err != nil {
		return app.Outcome{}, err
	}
	return a.App.Handle(ctx, id, cause, expected, cmd)
}
