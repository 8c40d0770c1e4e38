package rest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

// orderRoutes puts the paths of lifts, papers, batches and clocks on the edge.
func (a API) orderRoutes(api huma.API, op func(method, path, id, summary string, status int) huma.Operation) {
	huma.Register(api, op("POST", "/v1/standing-approvals/{approval}/narrowing", "narrow-standing-approval", "收窄常设批准 Lower the limits of a standing approval", http.StatusOK), a.narrowStanding)
	huma.Register(api, op("POST", "/v1/accounts/{account}/orders/{order}/lift", "lift-stop", "解除止付 Lift a stop, or reduce its amount", http.StatusOK), a.lift)
	huma.Register(api, op("POST", "/v1/orders/approvals", "approve-orders", "批量审批 Approve many orders", http.StatusOK), a.approveMany)
	huma.Register(api, op("POST", "/v1/pursuits/{case}/paper-orders", "register-paper-order", "后补登记 Register a telephone or paper order", http.StatusCreated), a.registerPaper)
	huma.Register(api, op("POST", "/v1/pursuits/{case}/paper-orders/{registration}/papers", "reconcile-paper-order", "后补完成 The papers are there", http.StatusOK), a.reconcilePaper)
	huma.Register(api, op("GET", "/v1/clocks", "list-clocks", "时钟登记 Running clocks, soonest first", http.StatusOK), a.clocks)
}

// kindOfRow names what an order asks for. An order that changes the amount of a
// stop goes out under the code of a stop.
func kindOfRow(r view.Row) string {
	switch {
	case r.Type == "stop-raise-requested.v1":
		return "raise"
	case r.Type == "lift-requested.v1" && r.TxCode != bank.TxLift:
		return "narrowing"
	}
	return kindOf(r.TxCode)
}

// kindOfOrder names the same of an order of an account.
func kindOfOrder(o domain.Order) string {
	switch {
	case o.Kind == domain.KindRaise:
		return "raise"
	case o.Kind == domain.KindLift && o.Amount > 0:
		return "narrowing"
	}
	return kindOf(o.TxCode())
}

// changeAnswer reads the answer to an order that lifts a stop or changes what it
// holds.
func (a API) changeAnswer(r *reader, id identity.OrderID, in bank.Answer) domain.AnswerStopChange {
	return domain.AnswerStopChange{
		Order: id, Done: in.Result == bank.ResultOK, ResultCode: in.Result, Cause: in.FailureCause,
		ExecutedAt: r.time(in.StartTime, "/startTime"), Held: r.amount(in.StoppedAmount, "/stoppedAmount"), At: a.App.City.Clock.Now(), Findings: r.unread,
	}
}

// former is the earlier measure that an answer names in fields of its own, as the
// answer to a freeze does; none if it names none.
func former(r *reader, in bank.Answer) []domain.Measure {
	if in.FormerApplicationDepartment == "" {
		return nil
	}
	return []domain.Measure{{
		Kind: cmp.Or(formerKind(in), bank.MeasurePoliceFreeze), By: r.agency(in.FormerApplicationDepartment, "/formerApplicationDepartment"),
		Amount: r.amount(in.FormerFrozenBalance, "/formerFrozenBalance"), Until: r.time(in.FormerFrozenExpireTime, "/formerFrozenExpireTime"),
	}}
}

// formerKind is the kind of the measure of the same department, if the answer
// lists it.
func formerKind(in bank.Answer) string {
	for _, m := range in.Measures {
		if m.Department == in.FormerApplicationDepartment {
			return measureKind(m.Type)
		}
	}
	return ""
}

// rowOf shows one order of an account in full.
func rowOf(id identity.AccountID, o domain.Order) orderRow {
	row := orderRow{
		Order: o.ID, Account: id, Case: o.Case, Kind: kindOfOrder(o), State: o.State, Level: o.Level, RequestAt: o.RequestAt,
		ExecutedAt: o.ExecutedAt, ExpiresAt: o.ExpiresAt, Balance: balanceOf(o), Cause: cmp.Or(o.Refused, o.Cause), Operator: signed(o.Officers[0]),
		Investigator: signed(o.Officers[1]), Approver: signed(o.Approver), Standing: o.Standing, Target: o.Target, Registration: o.Registration,
	}
	switch o.Kind {
	case domain.KindStop:
		row.Scope, row.Asked, row.Held = o.Hold.Scope, o.Hold.Asked, o.Hold.Held
	case domain.KindLift, domain.KindRaise:
		row.Asked = o.Amount
	case domain.KindFreeze, domain.KindRenewal, domain.KindRelease, domain.KindQuery:
	}
	return row.inWords()
}

// balanceOf is the balance that a bank has told with its answer; nil if it has not.
func balanceOf(o domain.Order) *money.Fen {
	switch {
	case o.Kind == domain.KindQuery:
		return o.Reported
	case (o.Kind == domain.KindStop || o.Kind == domain.KindFreeze) && !o.ExecutedAt.IsZero():
		return &o.Balance
	}
	return nil
}

func signed(o event.Officer) *event.Officer {
	if o.Zero() {
		return nil
	}
	return &o
}

// restraintRow is something that holds the account.
type restraintRow struct {
	Kind   string           `json:"kind" doc:"0001 公安止付, 0002 公安冻结, 1001 高法冻结"`
	By     string           `json:"by" doc:"who ordered it: a unit of the city, or another agency as the bank names it"`
	Order  identity.OrderID `json:"order,omitempty"`
	Case   identity.CaseID  `json:"case,omitempty"`
	Amount money.Fen        `json:"amountFen,omitempty" doc:"absent: the whole account"`
	Until  time.Time        `json:"until,omitzero"`
	Whose  string           `json:"whose" enum:"own,foreign" doc:"own: this city's; foreign: another agency's (轮候)"`
	Over   bool             `json:"over,omitempty" doc:"已失效而银行仍在控制: the measure has ended and its bank holds on without right; it has been asked to let go"`
}

func restraintRows(all []domain.Restraint) []restraintRow {
	rows := []restraintRow{}
	for _, r := range all {
		row := restraintRow{Kind: r.Kind, By: r.By, Order: r.Order, Case: r.Case, Amount: r.Amount, Until: r.Until, Over: r.Over, Whose: "foreign"}
		if r.Own {
			row.Whose = "own"
		}
		rows = append(rows, row)
	}
	return rows
}

// restrained adds to an account what holds it now.
func (a API) restrained(out *accountOutput, s domain.Account) *accountOutput {
	out.Body.Restraints = restraintRows(s.Restraints(a.App.City.Clock.Now()))
	return out
}

type manyInput struct {
	service.Command
	Body struct {
		Orders []identity.OrderID `json:"orders" minItems:"1" maxItems:"500" doc:"waiting orders of any accounts"`
	}
}

// decided is what has become of one order.
type decided struct {
	Order   identity.OrderID   `json:"order"`
	Account identity.AccountID `json:"account,omitempty"`
	State   domain.OrderState  `json:"state,omitempty"`
	Text    string             `json:"stateText,omitempty" doc:"state, in Chinese"`
	Code    string             `json:"code,omitempty" doc:"of the rule that refuses this one; absent: approved"`
	Title   string             `json:"title,omitempty"`
	TitleEN string             `json:"titleEn,omitempty"`
}

type manyOutput struct {
	Body struct {
		Approved int       `json:"approved"`
		Refused  int       `json:"refused"`
		Items    []decided `json:"items" doc:"in the order in which they were named"`
	}
}

// approvalsAtOnce is how many accounts a batch approves side by side.
const approvalsAtOnce = 16

// approveMany (批量审批) approves many orders in one step, each for itself: what
// one of them is refused for does not keep back the others. After a fault the
// same request, sent again, completes what is left.
func (a API) approveMany(ctx context.Context, in *manyInput) (*manyOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	named := slices.Clone(in.Body.Orders)
	slices.Sort(named)
	if len(slices.Compact(named)) != len(in.Body.Orders) {
		return nil, domain.ErrNamedTwice.At("/orders")
	}
	out := &manyOutput{}
	out.Body.Items = make([]decided, len(in.Body.Orders))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(approvalsAtOnce)
	for n, id := range in.Body.Orders {
		group.Go(func() error {
			done, err := a.approveOne(ctx, who, in, id)
			out.Body.Items[n] = done
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, d := range out.Body.Items {
		if d.Code == "" {
			out.Body.Approved++
		} else {
			out.Body.Refused++
		}
	}
	return out, nil
}

func (a API) approveOne(ctx context.Context, who access.Person, in *manyInput, id identity.OrderID) (decided, error) {
	done := decided{Order: id}
	row, err := a.Orders.One(ctx, id)
	if err == nil {
		done.Account, done.State = row.Account, row.State
		err = a.approveRow(ctx, who, in, row, &done)
	}
	done.Text = orderStateName(done.State)
	if refused, ok := errors.AsType[*rule.Violation](err); ok {
		done.Code, done.Title, done.TitleEN = refused.Rule.Code, refused.Rule.ZH, refused.Rule.EN
		return done, nil
	}
	return done, err
}

func (a API) approveRow(ctx context.Context, who access.Person, in *manyInput, row view.Row, done *decided) error {
	if row.Protective != "" {
		return domain.ErrProtectiveWhole
	}
	cause, _, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(row.Case))
	if err != nil {
		return err
	}
	cause.Command = identity.Derive("approve-many", cause.Command.String(), string(row.Order))
	approved, err := a.App.Account(ctx, row.Account, cause, es.AnyRevision, domain.ApproveStop{Order: row.Order, Approver: who.Officer(), At: cause.At})
	if err != nil {
		return err
	}
	order, _ := approved.State.Find(row.Order)
	done.State = order.State
	return nil
}
