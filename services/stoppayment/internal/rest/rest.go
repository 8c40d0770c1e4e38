// Package rest is the web edge of stop-payment, for officers and for bank
// desks: it decodes, authorises and carries.
package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// API is what the handlers need.
type API struct {
	App    app.App
	Orders view.Orders
	Banks  view.Banks
	Clocks view.Clocks
	Lists  view.Remedies
	Desk   entry.Desk

	requests event.Codec[event.Event]
	verifier *channel.Verifier
}

// New makes the edge of the service.
func New(a app.App, orders view.Orders, banks view.Banks, lists view.Remedies, desk entry.Desk) API {
	return API{App: a, Orders: orders, Banks: banks, Lists: lists, Desk: desk, requests: event.Codecs(), verifier: verifier(a.City.Channels)}
}

// Routes puts the paths of stop-payment on a mux.
func (a API) Routes(mux *http.ServeMux) huma.API {
	api := service.NewAPI(mux, app.Name, "止付冻结服务 Stop and freeze")
	op := func(method, path, id, summary string, status int) huma.Operation {
		return service.Operation(method, path, id, "stoppayment", summary, status)
	}
	huma.Register(api, op("POST", "/v1/standing-approvals", "grant-standing-approval", "常设批准 Approve stops in advance", http.StatusCreated), a.grant)
	huma.Register(api, op("POST", "/v1/standing-approvals/{approval}/revocation", "revoke-standing-approval", "撤销常设批准 Revoke", http.StatusOK), a.revoke)
	huma.Register(api, op("GET", "/v1/standing-approvals", "list-standing-approvals", "有效的常设批准 In force now", http.StatusOK), a.standing)
	huma.Register(api, op("GET", "/v1/pursuits/{case}", "get-pursuit", "资金追踪 The chase of a case", http.StatusOK), a.pursuit)
	huma.Register(api, op("GET", "/v1/pursuits/{case}/flow", "get-fund-flow", "资金流向 Where the money went", http.StatusOK), a.flow)
	huma.Register(api, produces(op("GET", "/v1/pursuits/{case}/flow.svg", "draw-fund-flow", "资金流向图 The fund-flow graph", http.StatusOK), svgType), a.drawing)
	huma.Register(api, produces(op("GET", "/v1/pursuits/{case}/flow.xlsx", "write-fund-flow", "资金流向表 The fund-flow table", http.StatusOK), xlsxType), a.table)
	huma.Register(api, op("GET", "/v1/accounts/{account}/orders/{order}/explanation", "explain-order", "止付说明 Why this account was stopped", http.StatusOK), a.explain)
	huma.Register(api, op("POST", "/v1/pursuits/{case}/orders", "order-stop", "人工止付 Order a stop", http.StatusCreated), a.order)
	huma.Register(api, op("POST", "/v1/pursuits/{case}/freeze", "approve-freeze", "批准冻结 Approve the freeze", http.StatusOK), a.freeze)
	huma.Register(api, op("GET", "/v1/orders", "list-orders", "指令列表 Orders by state, oldest first", http.StatusOK), a.list)
	huma.Register(api, op("GET", "/v1/accounts/{account}", "get-account", "涉案账户 One account", http.StatusOK), a.account)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/approval", "approve-order", "审批通过 Approve", http.StatusOK), a.approve)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/rejection", "reject-order", "审批驳回 Reject", http.StatusOK), a.reject)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/second-stop", "second-stop", "再次止付 Second stop", http.StatusCreated), a.second)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/renewal", "renew-freeze", "续冻 Renew a freeze", http.StatusCreated), a.renew)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/release", "release-freeze", "解冻 Release a freeze or a part of it", http.StatusCreated), a.release)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/court-transfer", "note-court-transfer", "法院划拨 Note what a court took", http.StatusOK), a.court)
	huma.Register(api, op("GET", "/v1/bank/orders", "list-bank-orders", "银行待办指令 Open orders of the caller's bank", http.StatusOK), a.bankOrders)
	huma.Register(api, op("POST", "/v1/bank/orders/{order}/receipt", "take-order", "接收指令 Take an order", http.StatusOK), a.receipt)
	a.ledgerRoutes(api, op)
	a.orderRoutes(api, op)
	a.bankRoutes(api, op)
	a.remedyRoutes(api, op)
	a.protectiveRoutes(api, op)
	a.protectiveObjectionRoutes(api, op)
	return api
}

// named is a second officer, as a request names him.
func named(o entry.Officer, pointer string) (event.Officer, error) {
	policeNo, unit, err := o.Check(pointer)
	return event.Officer{PoliceNo: policeNo, Unit: unit}, err
}
