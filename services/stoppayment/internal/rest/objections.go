package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// operation describes one path; see [service.Operation].
type operation func(method, path, id, summary string, status int) huma.Operation

// remedyRoutes are the paths of objections, notices, wrong stops and proportion.
func (a API) remedyRoutes(api huma.API, op operation) {
	const order = "/v1/accounts/{account}/orders/{order}"
	huma.Register(api, op("POST", order+"/objections", "file-stop-objection", "异议 File an objection of the holder", http.StatusCreated), a.object)
	huma.Register(api, op("POST", "/v1/bank/orders/{order}/objections", "file-stop-objection-at-bank", "银行代收异议 File an objection at the bank", http.StatusCreated), a.objectAtBank)
	huma.Register(api, op("POST", "/v1/accounts/{account}/objections/{objection}/acceptance", "accept-stop-objection", "受理异议 Accept an objection", http.StatusOK), a.acceptObjection)
	huma.Register(api, op("POST", "/v1/accounts/{account}/objections/{objection}/decision", "decide-stop-objection", "异议决定 Decide on an objection", http.StatusOK), a.decideObjection)
	huma.Register(api, op("GET", "/v1/accounts/{account}/objections/{objection}", "get-stop-objection", "异议详情 One objection, with the words of its holder", http.StatusOK), a.objection)
	huma.Register(api, op("GET", "/v1/objections", "list-stop-objections", "异议列表 Objections, oldest first", http.StatusOK), a.objections)
	huma.Register(api, op("POST", order+"/notices", "notify-holder", "告知持有人 Note that the holder was told", http.StatusCreated), a.notify)
	huma.Register(api, op("POST", order+"/notice-deferral", "defer-notice", "暂缓告知 Put telling the holder off", http.StatusOK), a.deferNotice)
	huma.Register(api, op("GET", order+"/notice-text", "write-notice", "告知书 What to tell the holder", http.StatusOK), a.noticeText)
	huma.Register(api, op("GET", "/v1/notices", "list-notices", "未告知列表 Holders who were not told", http.StatusOK), a.notices)
	huma.Register(api, op("POST", "/v1/pursuits/{case}/accounts/{account}/unrelated", "prove-unrelated", "查明无关 The account has nothing to do with the case", http.StatusOK), a.unrelated)
	huma.Register(api, op("POST", order+"/wrong-stop", "confirm-wrong-stop", "误止认定 A measure that should not have been", http.StatusCreated), a.wrongStop)
	huma.Register(api, op("GET", "/v1/wrong-stops", "list-wrong-stops", "误止列表 Wrong stops, with totals by cause", http.StatusOK), a.wrongStops)
	huma.Register(api, op("POST", order+"/narrowing", "narrow-measure", "缩减控制范围 Narrow a measure to what was traced", http.StatusOK), a.narrowMeasure)
	huma.Register(api, op("GET", "/v1/disproportions", "list-disproportions", "超范围提示 Measures that hold much more than was traced", http.StatusOK), a.disproportions)
}

// readers are those who may look at what concerns remedies.
func readers(ctx context.Context) error {
	_, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor)
	return err
}

// act gives one command of a person to an account for a case.
func (a API) act(ctx context.Context, who access.Person, account identity.AccountID, c identity.CaseID, in service.Command, body any, command func(es.Cause) domain.AccountCommand) (*accountOutput, error) {
	cause, expected, err := a.App.City.Given(ctx, in, body, who, string(c))
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, account, cause, expected, command(cause))
	if err != nil {
		return nil, err
	}
	return a.remedied(a.restrained(show(account, done.State, done.Revision, done.Repeated), done.State), done.State), nil
}

// on gives one command about an order of an account, be it one by telephone or on
// paper.
func (a API) on(ctx context.Context, who access.Person, in OnOrder, body any, command func(es.Cause) domain.AccountCommand) (*accountOutput, error) {
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	order, ok := past.State.OrderNamed(in.Order)
	if !ok {
		return nil, domain.ErrNoOrder
	}
	return a.act(ctx, who, in.Account, order.Case, in.Command, body, command)
}

// objectionBody is an objection as it is typed in.
type objectionBody struct {
	Holder    string   `json:"holder" doc:"异议人姓名（名称）, is sealed" maxLength:"120"`
	Contact   string   `json:"contact,omitempty" doc:"联系方式, is sealed" maxLength:"120"`
	Text      string   `json:"text,omitempty" doc:"异议内容, is sealed" maxLength:"4000"`
	Grounds   string   `json:"grounds" enum:"lawful-income,not-involved,wrong-account,too-much,livelihood,no-danger,other"`
	Documents []string `json:"documents" doc:"hash of each paper handed in; one is enough" maxItems:"20"`
	Channel   string   `json:"channel,omitempty" enum:"counter,phone,bank,online,letter" default:"counter"`
}

type objectInput struct {
	OnOrder
	Body objectionBody
}

type objectionOutput struct {
	service.Answer
	Body objectionRow
}

// objectionRow is one objection as it stands. It names nobody.
type objectionRow struct {
	Objection identity.ObjectionID `json:"objection"`
	Account   identity.AccountID   `json:"account"`
	Order     identity.OrderID     `json:"order"`
	// Protective is the protective stop it is against, instead of account and order.
	Protective identity.ProtectiveID `json:"protective,omitempty" doc:"against a protective stop; account and order are empty then"`
	Case       identity.CaseID       `json:"case"`
	Unit       identity.Unit         `json:"unit" doc:"that answers for the measure"`
	Grounds    string                `json:"grounds"`
	Channel    string                `json:"channel"`
	FiledAt    time.Time             `json:"filedAt"`
	Due        time.Time             `json:"due"`
	Accepted   time.Time             `json:"acceptedAt,omitzero"`
	Overdue    bool                  `json:"overdue"`
	Outcome    string                `json:"outcome,omitempty"`
	Reason     string                `json:"reason,omitempty"`
	Keep       money.Fen             `json:"keepFen,omitempty"`
	LiftOrder  identity.OrderID      `json:"liftOrder,omitempty"`
	DecidedAt  time.Time             `json:"decidedAt,omitzero"`
}

func objectionShown(account identity.AccountID, o domain.Objection) objectionRow {
	return objectionRow{
		Objection: o.ID, Account: account, Order: o.Order, Case: o.Case, Unit: o.Unit, Grounds: o.Grounds, Channel: o.Channel, FiledAt: o.FiledAt, Due: o.Due,
		Accepted: o.AcceptedAt, Overdue: o.Overdue, Outcome: o.Outcome, Reason: o.Reason, Keep: o.Keep, LiftOrder: o.Lift, DecidedAt: o.DecidedAt,
	}
}

func (a API) object(ctx context.Context, in *objectInput) (*objectionOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator, access.BankDesk)
	if err != nil {
		return nil, err
	}
	return a.file(ctx, who, in.OnOrder, in.Body)
}

type objectAtBankInput struct {
	service.Command
	Order identity.OrderID `path:"order" maxLength:"64"`
	Body  objectionBody
}

// objectAtBank takes an objection that a holder leaves at his bank, which knows
// the order and not our name of the account.
func (a API) objectAtBank(ctx context.Context, in *objectAtBankInput) (*objectionOutput, error) {
	who, row, err := a.own(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	if row.Protective != "" {
		return a.fileProtective(ctx, who, OnProtective{Command: in.Command, Protective: row.Protective}, in.Body)
	}
	return a.file(ctx, who, OnOrder{Command: in.Command, Account: row.Account, Order: in.Order}, in.Body)
}

func (a API) file(ctx context.Context, who access.Person, in OnOrder, body objectionBody) (*objectionOutput, error) {
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	order, ok := past.State.OrderNamed(in.Order)
	switch {
	case !ok:
		return nil, domain.ErrNoOrder
	case who.Role == access.BankDesk && past.State.Ref.Bank != who.Bank:
		return nil, domain.ErrOtherBank
	}
	if err := entry.Name(body.Holder, "/holder"); err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, body, who, string(order.Case))
	if err != nil {
		return nil, err
	}
	id := identity.ObjectionID(service.NewID("objection-"+string(in.Order), who, in.Command))
	boxes, err := a.Desk.Keys.SealAll(ctx, string(in.Account), map[string]string{
		"objection-holder": body.Holder, "objection-contact": body.Contact, "objection-text": body.Text,
	})
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, in.Account, cause, expected, domain.FileObjection{
		Objection: id, Order: in.Order, Holder: boxes["objection-holder"], Contact: boxes["objection-contact"], Text: boxes["objection-text"],
		Grounds: body.Grounds, Documents: body.Documents, Channel: body.Channel, Officer: who.Officer(), Due: a.App.ObjectionDue(cause.At), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	filed, _ := done.State.Remedy.Objection(id)
	return &objectionOutput{Answer: service.Answered(done.Revision, done.Repeated), Body: objectionShown(in.Account, filed)}, nil
}

// OnObjection is the path of an act on one objection.
type OnObjection struct {
	service.Command
	Account   identity.AccountID   `path:"account" maxLength:"64"`
	Objection identity.ObjectionID `path:"objection" maxLength:"64"`
}

func (a API) actOnObjection(ctx context.Context, who access.Person, in OnObjection, body any, command func(es.Cause) domain.AccountCommand) (*accountOutput, error) {
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	o, ok := past.State.Remedy.Objection(in.Objection)
	if !ok {
		return nil, domain.ErrNoObjection
	}
	return a.act(ctx, who, in.Account, o.Case, in.Command, body, command)
}

type acceptObjectionInput struct {
	OnObjection
	Body struct{}
}

func (a API) acceptObjection(ctx context.Context, in *acceptObjectionInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnObjection(ctx, who, in.OnObjection, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.AcceptObjection{Objection: in.Objection, Officer: who.Officer(), At: c.At}
	})
}

type decideObjectionInput struct {
	OnObjection
	Body struct {
		Outcome string    `json:"outcome" enum:"upheld,partly,dismissed,withdrawn"`
		Reason  string    `json:"reason" enum:"lawful-income,not-involved,wrong-account,too-much,livelihood,involved,no-proof,holder-asks,other"`
		Keep    money.Fen `json:"keepFen,omitempty" doc:"what stays held, if it is right in part"`
		Paper   string    `json:"paper,omitempty" doc:"withdrawn: hash of the paper in which the holder says so" maxLength:"64"`
	}
}

func (a API) decideObjection(ctx context.Context, in *decideObjectionInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnObjection(ctx, who, in.OnObjection, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.DecideObjection{
			Objection: in.Objection, Outcome: in.Body.Outcome, Reason: in.Body.Reason, Keep: in.Body.Keep, Document: in.Body.Paper, Officer: who.Officer(), At: c.At,
		}
	})
}

type objectionsInput struct {
	service.Page
	State string        `query:"state" default:"open" enum:"open,decided"`
	Unit  identity.Unit `query:"unit" maxLength:"12" doc:"of the responsible unit; of all if absent"`
}

type objectionsOutput struct {
	Body struct {
		Items      []objectionRow `json:"items"`
		NextCursor string         `json:"nextCursor,omitempty"`
	}
}

func (a API) objections(ctx context.Context, in *objectionsInput) (*objectionsOutput, error) {
	after, err := paged(ctx, in.Page)
	if err != nil {
		return nil, err
	}
	rows, err := a.Lists.Objections(ctx, in.State == "open", in.Unit, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &objectionsOutput{}
	out.Body.Items = []objectionRow{}
	for _, o := range rows {
		out.Body.Items = append(out.Body.Items, objectionRow{
			Objection: o.ID, Account: o.Account, Order: o.Order, Protective: o.Protective, Case: o.Case, Unit: o.Unit, Grounds: o.Grounds, Channel: o.Channel, FiledAt: o.Filed,
			Due: o.Due, Accepted: o.Accepted, Overdue: o.Overdue, Outcome: o.Outcome, Reason: o.Reason, DecidedAt: o.Decided,
		})
	}
	out.Body.NextCursor = next(in.Page, rows, func(o view.Objection) eventlog.Position { return o.Position })
	return out, nil
}

// paged checks who looks at a list, and where the page begins.
func paged(ctx context.Context, p service.Page) (eventlog.Position, error) {
	if err := readers(ctx); err != nil {
		return 0, err
	}
	after, err := p.After()
	return eventlog.Position(after), err
}

// next is the cursor of the page after, "" if this is the last.
func next[T any](p service.Page, rows []T, at func(T) eventlog.Position) string {
	if len(rows) == 0 || len(rows) < p.Limit {
		return ""
	}
	return service.Cursor(uint64(at(rows[len(rows)-1])))
}
