package rest

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// flowBody is the fund flow as JSON. Amounts are fen, times UTC.
type flowBody struct {
	Case       identity.CaseID `json:"case"`
	CaseNo     identity.CaseNo `json:"caseNo,omitempty"`
	At         time.Time       `json:"at" doc:"the cut-off: what was recorded until then"`
	ReportedAt time.Time       `json:"reportedAt"`
	Version    string          `json:"version"`
	Masked     bool            `json:"masked"`
	Totals     flowTotals      `json:"totals"`
	Nodes      []flowNode      `json:"nodes"`
	Edges      []flowEdge      `json:"edges"`
}

type flowTotals struct {
	Reported     money.Fen `json:"reportedFen" doc:"what the victims declared; the sum of where"`
	Traced       money.Fen `json:"tracedFen" doc:"of it, confirmed by the rows of the first accounts"`
	Attributable money.Fen `json:"attributableFen" doc:"of the victims, on accounts now, by the banks' rows"`
	Stopped      money.Fen `json:"stoppedFen" doc:"balances under stops of this case, whoever's"`
	Frozen       money.Fen `json:"frozenFen" doc:"balances under freezes of this case, whoever's"`
	Escaped      money.Fen `json:"escapedFen" doc:"of what was reported, out of reach or free to leave"`
	Where        []placed  `json:"where"`
	Accounts     int       `json:"accounts"`
	Banks        int       `json:"banks"`
	Levels       int       `json:"levels"`
	Transfers    int       `json:"transfers"`
}

type flowNode struct {
	ID           string             `json:"id"`
	Kind         flow.NodeKind      `json:"kind" enum:"victim,account,cash,unknown"`
	Account      identity.AccountID `json:"account,omitempty"`
	Number       string             `json:"number,omitempty"`
	Holder       string             `json:"holder,omitempty"`
	Bank         identity.BankCode  `json:"bank,omitempty"`
	BankName     string             `json:"bankName,omitempty"`
	AccountKind  string             `json:"accountKind,omitempty"`
	KindName     string             `json:"accountKindName,omitempty" doc:"个人, 对公, 公共事业, 商户（收单）, 支付机构, 支付订单号"`
	KindNameEN   string             `json:"accountKindNameEn,omitempty" doc:"person, firm, public utility, merchant, payment institution, payment order number"`
	Level        int                `json:"level"`
	In           money.Fen          `json:"inFen"`
	Left         money.Fen          `json:"leftFen"`
	Here         money.Fen          `json:"hereFen" doc:"inFen less leftFen; the sum of where"`
	Where        []placed           `json:"where"`
	Attributable money.Fen          `json:"attributableFen"`
	Stopped      money.Fen          `json:"stoppedFen"`
	Frozen       money.Fen          `json:"frozenFen"`
	Returned     money.Fen          `json:"returnedFen"`
	Balance      *money.Fen         `json:"balanceFen,omitempty" doc:"as its bank last told"`
	Method       event.Method       `json:"method,omitempty"`
	Exact        bool               `json:"exact,omitempty"`
	Withheld     string             `json:"withheld,omitempty"`
	WithheldText string             `json:"withheldText,omitempty" doc:"withheld, in Chinese"`
	Measures     []flowMeasure      `json:"measures,omitempty"`
	Prior        []flow.Prior       `json:"prior,omitempty" doc:"restraints by other cases or agencies"`
	Odd          int                `json:"discrepancies,omitempty"`
}

type flowMeasure struct {
	Order      identity.OrderID `json:"order"`
	Kind       flow.MeasureKind `json:"kind" enum:"stop,freeze"`
	State      flow.State       `json:"state"`
	Ordinal    int              `json:"ordinal,omitempty"`
	Requested  time.Time        `json:"requestedAt,omitzero"`
	ExecutedAt time.Time        `json:"executedAt,omitzero"`
	Until      time.Time        `json:"until,omitzero"`
	Held       money.Fen        `json:"heldFen,omitempty" doc:"of a stop of an amount; absent: all"`
	Cause      string           `json:"cause,omitempty"`
	Former     string           `json:"former,omitempty" doc:"who froze before"`
	Text       string           `json:"text"`
}

type flowEdge struct {
	ID       identity.TransferID `json:"id"`
	From     string              `json:"from"`
	To       string              `json:"to"`
	Amount   money.Fen           `json:"amountFen"`
	Carried  money.Fen           `json:"carriedFen" doc:"of this case"`
	At       time.Time           `json:"at"`
	Serial   string              `json:"serial,omitempty"`
	Cash     bool                `json:"cash,omitempty"`
	Declared bool                `json:"declared,omitempty" doc:"by the victim"`
	Manual   bool                `json:"manual,omitempty" doc:"named by an officer, not shown by a bank's rows yet"`
	After    *money.Fen          `json:"balanceAfterFen,omitempty"`
	Lots     []event.Lot         `json:"lots"`
	Evidence *flow.Evidence      `json:"evidence,omitempty" doc:"the statement that shows it"`
}

func (a API) flowBody(g flow.Graph, faces map[identity.AccountID]chart.Face, full bool) flowBody {
	t := g.Totals
	body := flowBody{
		Case: g.Case, CaseNo: g.CaseNo, At: g.At, ReportedAt: g.ReportedAt, Version: flow.Version, Masked: !full,
		Totals: flowTotals{
			t.Reported, t.Traced, t.Attributable, t.Stopped, t.Frozen, t.Escaped, placedAt(t.Shares), t.Accounts, t.Banks, t.Levels, t.Transfers,
		},
		Nodes: []flowNode{}, Edges: []flowEdge{},
	}
	for _, n := range g.Nodes {
		body.Nodes = append(body.Nodes, a.flowNode(n, faces[n.Ref.ID]))
	}
	for _, e := range g.Edges {
		body.Edges = append(body.Edges, flowEdge{
			e.ID, e.From, e.To, e.Transfer.Amount, e.Carried, e.Transfer.At, e.Transfer.Serial, e.Cash, e.Declared, e.Manual, e.After,
			append([]event.Lot{}, e.Lots...), e.Evidence,
		})
	}
	return body
}

func (a API) flowNode(n flow.Node, face chart.Face) flowNode {
	row := flowNode{
		ID: n.ID, Kind: n.Kind, Account: n.Ref.ID, Number: face.Number, Holder: face.Holder, Bank: n.Ref.Bank, AccountKind: string(n.Ref.Kind),
		KindName: chart.KindName(n.Ref.Kind), KindNameEN: chart.KindNameEN(n.Ref.Kind),
		Level: n.Level, In: n.In, Left: n.Left, Here: n.Here, Where: placedAt(n.Shares), Attributable: n.Held, Stopped: n.Stopped, Frozen: n.Frozen,
		Returned: n.Returned, Method: n.Method, Exact: n.Exact, Withheld: n.Withheld, WithheldText: withheldName(n.Withheld), Prior: n.Prior, Odd: n.Odd,
	}
	if named, ok := a.App.City.Banks.Lookup(n.Ref.Bank); ok {
		row.BankName = named.Name
	}
	if n.Told {
		row.Balance = &n.Balance
	}
	for _, m := range n.Measures {
		row.Measures = append(row.Measures, flowMeasure{
			m.Order, m.Kind, m.State, m.Ordinal, m.RequestAt, m.ExecutedAt, m.Until, m.Held, m.Cause, m.Former, chart.Told(m),
		})
	}
	return row
}
