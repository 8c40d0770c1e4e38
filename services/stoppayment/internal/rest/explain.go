package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

type explainInput struct {
	Asked
	Account identity.AccountID `path:"account" maxLength:"64"`
	Order   identity.OrderID   `path:"order" maxLength:"64"`
}

// explanation answers "why was this account stopped?" for people and programs.
type explanation struct {
	Text         string              `json:"text" doc:"in Chinese"`
	TextEN       string              `json:"textEn"`
	Order        identity.OrderID    `json:"order"`
	Asked        identity.OrderID    `json:"asked,omitempty" doc:"the order asked about, if it changes the one explained"`
	Change       string              `json:"change,omitempty" enum:"raise,lift,renewal,release"`
	Case         identity.CaseID     `json:"case"`
	Account      identity.AccountID  `json:"account"`
	Number       string              `json:"number"`
	Holder       string              `json:"holder"`
	Bank         identity.BankCode   `json:"bank"`
	Level        int                 `json:"level"`
	At           time.Time           `json:"at" doc:"the cut-off: what was recorded until then"`
	Kind         flow.MeasureKind    `json:"kind" enum:"stop,freeze"`
	State        flow.State          `json:"state"`
	StateText    string              `json:"stateText" doc:"state, in Chinese"`
	Cause        string              `json:"cause,omitempty" doc:"of a failure, a refusal or an early end"`
	CauseText    string              `json:"causeText,omitempty" doc:"cause, in Chinese"`
	Ordinal      int                 `json:"ordinal,omitempty" doc:"of a stop: 1 or 2"`
	Basis        flow.Basis          `json:"basis" enum:"automatic,manual,second,freeze"`
	Articles     []string            `json:"articles" doc:"of the law"`
	RequestedAt  time.Time           `json:"requestedAt"`
	Scope        string              `json:"scope,omitempty"`
	Amount       money.Fen           `json:"amountFen,omitempty"`
	ParentOrder  identity.OrderID    `json:"parentOrder,omitempty"`
	NoticeNo     string              `json:"noticeNo,omitempty"`
	Operator     event.Officer       `json:"operator"`
	Investigator event.Officer       `json:"investigator"`
	Approver     *event.Officer      `json:"approver,omitempty"`
	ApprovedAt   time.Time           `json:"approvedAt,omitzero"`
	Standing     *standingLimits     `json:"standing,omitempty" doc:"the standing approval that it was given under"`
	Policy       *chasePolicy        `json:"policy,omitempty" doc:"the city's limits on what the chase orders by itself, as they are now"`
	Reached      money.Fen           `json:"reachedFen" doc:"of this case, to the account"`
	Attributable money.Fen           `json:"attributableFen" doc:"of this case, on the account"`
	Paths        [][]explainedStep   `json:"paths" doc:"from a victim's transfer to the account; the one that the order follows first"`
	More         bool                `json:"more" doc:"there are more paths"`
	standing     identity.ApprovalID // as the order cites it
}

type standingLimits struct {
	Approval  identity.ApprovalID `json:"approval"`
	MaxAmount money.Fen           `json:"maxAmountFen"`
	MaxLevel  int                 `json:"maxLevel"`
	From      time.Time           `json:"from"`
	Until     time.Time           `json:"until"`
	By        event.Officer       `json:"by"`
}

type chasePolicy struct {
	MaxLevel  int       `json:"maxLevel"`
	MinAmount money.Fen `json:"minAmountFen"`
	Method    string    `json:"method"`
}

// explainedStep is one transfer on the way, and the row that shows it.
type explainedStep struct {
	flowEdge
	FromNumber string            `json:"fromNumber"`
	FromHolder string            `json:"fromHolder"`
	FromBank   identity.BankCode `json:"fromBank"`
	ToNumber   string            `json:"toNumber"`
	ToHolder   string            `json:"toHolder"`
	ToBank     identity.BankCode `json:"toBank"`
}

type explainOutput struct {
	Cache string `header:"Cache-Control"`
	Body  explanation
}

// explain finds the order's case in the account's own history, and from the
// picture of the case the ways on which the money came.
func (a API) explain(ctx context.Context, in *explainInput) (*explainOutput, error) {
	if _, err := a.mayLook(ctx, Asked{}, "", ""); err != nil {
		return nil, err
	}
	_, until, err := a.cutoff(in.At)
	if err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.LoadAt(ctx, string(in.Account), until)
	if err != nil {
		return nil, err
	}
	about, known := asked(past.Events, in.Order)
	if !known {
		return nil, domain.ErrNoOrder
	}
	full, err := a.mayLook(ctx, in.Asked, about.kase, asExplanation)
	if err != nil {
		return nil, err
	}
	histories, graph, err := a.read(ctx, about.kase, in.At)
	if err != nil {
		return nil, err
	}
	histories.Accounts[in.Account] = past.Events
	x, known := flow.Explain(graph, histories, in.Account, about.measure)
	if !known {
		return nil, domain.ErrNoOrder
	}
	faces, err := a.faces(ctx, along(graph, x), full)
	if err != nil {
		return nil, err
	}
	body := a.explained(graph, x, faces)
	if in.Order != about.measure {
		body.Asked, body.Change = in.Order, about.change
	}
	if x.Standing != "" {
		if body.Standing, err = a.standingAt(ctx, x, until); err != nil {
			return nil, err
		}
	}
	body.Text, body.TextEN = a.inChinese(body), a.inEnglish(body)
	return &explainOutput{Cache: "no-store", Body: body}, nil
}

// about is what an order that is asked about concerns: itself, or the measure
// that it changes.
type about struct {
	kase    identity.CaseID
	measure identity.OrderID
	change  string // raise | lift | renewal | release
}

// asked finds out what an order of an account concerns.
func asked(events []event.AccountEvent, order identity.OrderID) (about, bool) {
	for _, e := range events {
		var id identity.OrderID
		var found about
		switch e := any(e).(type) {
		case event.StopRequested:
			id, found = e.Order, about{e.Case, e.Order, ""}
		case event.FreezeRequested:
			id, found = e.Order, about{e.Case, e.Order, ""}
		case event.StopRaiseRequested:
			id, found = e.Order, about{e.Case, e.Target, "raise"}
		case event.LiftRequested:
			id, found = e.Order, about{e.Case, e.Target, "lift"}
		case event.FreezeRenewalRequested:
			id, found = e.Order, about{e.Case, e.Target, "renewal"}
		case event.FreezeReleaseRequested:
			id, found = e.Order, about{e.Case, e.Target, "release"}
		}
		if id != "" && id == order {
			return found, true
		}
	}
	return about{}, false
}

// along keeps of a picture what an explanation tells of, so that no other
// account is opened.
func along(g flow.Graph, x flow.Explanation) flow.Graph {
	keep := map[string]bool{}
	for _, path := range x.Paths {
		for _, e := range path {
			keep[e.From], keep[e.To] = true, true
		}
	}
	some := flow.Graph{Nodes: []flow.Node{{Ref: x.Account}}}
	for _, n := range g.Nodes {
		if keep[n.ID] {
			some.Nodes = append(some.Nodes, n)
		}
	}
	return some
}

func (a API) explained(g flow.Graph, x flow.Explanation, faces map[identity.AccountID]chart.Face) explanation {
	face := faces[x.Account.ID]
	body := explanation{
		Order: x.Order, Case: x.Case, Account: x.Account.ID, Number: face.Number, Holder: face.Holder, Bank: x.Account.Bank, Level: x.Level, At: g.At,
		Kind: x.Kind, State: x.Measure.State, StateText: stateName(x.Measure.State), Cause: x.Measure.Cause, CauseText: causeName(x.Measure.Cause), Ordinal: x.Ordinal, Basis: x.Basis, Articles: articles(x), RequestedAt: x.RequestedAt, Scope: x.Scope, Amount: x.Amount,
		ParentOrder: x.ParentOrder, NoticeNo: x.NoticeNo, Operator: x.Operator, Investigator: x.Investigator, ApprovedAt: x.ApprovedAt,
		Reached: x.Reached, Attributable: x.Held, Paths: [][]explainedStep{}, More: x.More, standing: x.Standing,
	}
	if !x.Approver.Zero() {
		body.Approver = &x.Approver
	}
	if x.Basis == flow.Automatic {
		p := a.App.City.Policy.Chase
		body.Policy = &chasePolicy{p.MaxLevel, p.MinAmount, p.Method}
	}
	for _, path := range x.Paths {
		steps := []explainedStep{}
		for _, e := range path {
			from, to := e.Transfer.From, e.Transfer.To
			steps = append(steps, explainedStep{
				flowEdge: flowEdge{
					e.ID, e.From, e.To, e.Transfer.Amount, e.Carried, e.Transfer.At, e.Transfer.Serial, e.Cash, e.Declared, e.Manual, e.After,
					append([]event.Lot{}, e.Lots...), e.Evidence,
				},
				FromNumber: faces[from.ID].Number, FromHolder: faces[from.ID].Holder, FromBank: from.Bank,
				ToNumber: faces[to.ID].Number, ToHolder: faces[to.ID].Holder, ToBank: to.Bank,
			})
		}
		body.Paths = append(body.Paths, steps)
	}
	return body
}

// articles are those that an order rests on.
func articles(x flow.Explanation) []string {
	if x.Kind == flow.Freeze {
		return []string{"公安机关办理刑事案件程序规定 第二百三十八条、第二百三十九条、第二百四十三条"}
	}
	law := []string{"银发〔2016〕86号 第二条", "反电信网络诈骗法 第二十条"}
	return law
}

// standingAt finds the standing approval that an order cites, with its limits at
// the time of the approval.
func (a API) standingAt(ctx context.Context, x flow.Explanation, until time.Time) (*standingLimits, error) {
	past, err := a.App.Approvals.LoadAt(ctx, string(x.Operator.Unit), until)
	if err != nil {
		return nil, err
	}
	var found *standingLimits
	for n, e := range past.Events {
		if past.Metas[n].RecordedAt.After(x.ApprovedAt) && found != nil {
			break
		}
		switch e := any(e).(type) {
		case event.StandingApprovalGranted:
			if e.Approval == x.Standing {
				found = &standingLimits{e.Approval, e.MaxAmount, e.MaxLevel, e.From, e.Until, e.By}
			}
		case event.StandingApprovalNarrowed:
			if e.Approval == x.Standing && found != nil {
				found.MaxAmount, found.MaxLevel, found.Until = e.MaxAmount, e.MaxLevel, e.Until
			}
		}
	}
	return found, nil
}
