// Package flow has the picture of where the money of one case went (资金流向): who
// paid, through which accounts it passed, and where every fen of it is now. It
// is folded from the histories of the chase and of its accounts, and is pure:
// the same histories make the same picture, to the last byte.
package flow

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Version names the way in which the picture is made. It is printed on every
// table, so that two tables can be compared (I71).
const Version = "flow-1"

// NodeKind (节点类别) is what a node of the picture stands for.
type NodeKind string

// The kinds of node.
const (
	Victim  NodeKind = "victim"  // 被害人账户, where the money came from
	Account NodeKind = "account" // 涉案账户
	Cash    NodeKind = "cash"    // 取现: it has left the banks
	Unknown NodeKind = "unknown" // 去向不明: the bank does not say where it went
)

// Where (资金去处) is where a fen of the victims' money is at the instant.
type Where string

// The places where the money can be. They do not overlap, and together they are
// what was reported.
const (
	Returned     Where = "returned"      // 已返还
	Frozen       Where = "frozen"        // 已冻结
	Stopped      Where = "stopped"       // 已止付, on the account under a stop of this case
	Transferred  Where = "transferred"   // 法院划拨
	Elsewhere    Where = "elsewhere"     // 他方控制: restrained by another case or agency
	Pending      Where = "pending"       // 待反馈: ordered, or found, and not answered yet
	Unverified   Where = "unverified"    // 待核实: the bank's rows do not confirm it; below zero when they show more
	Withheld     Where = "withheld"      // 待人工决定: the policy leaves the order to a person
	UnderMinimum Where = "under-minimum" // 低于起点金额, no order given
	BeyondLevel  Where = "beyond-level"  // 超出追踪层级, no order given
	Unstopped    Where = "unstopped"     // 未控制: the stop failed, was refused, has lapsed or was lifted
	CashedOut    Where = "cashed-out"    // 已取现
	Untraceable  Where = "untraceable"   // 去向不明
)

// Everywhere lists the places in the order in which they are told.
func Everywhere() []Where {
	return []Where{
		Returned, Frozen, Stopped, Transferred, Elsewhere, Pending, Unverified, Withheld, UnderMinimum, BeyondLevel, Unstopped, CashedOut, Untraceable,
	}
}

// Escaped tells whether money at that place is out of reach or free to leave.
func (w Where) Escaped() bool {
	switch w {
	case Withheld, UnderMinimum, BeyondLevel, Unstopped, CashedOut, Untraceable:
		return true
	case Returned, Frozen, Stopped, Transferred, Elsewhere, Pending, Unverified:
	}
	return false
}

// Share is an amount of the case's money, in fen, at one place.
type Share struct {
	Where  Where     `json:"where"`
	Amount money.Fen `json:"amountFen"`
}

// Node is one account of the picture, or a place where money ends. All amounts
// are in fen; those not named otherwise are money of this case.
type Node struct {
	ID       string
	Kind     NodeKind
	Ref      event.Account // of a victim or an account
	Level    int           // 0 victim, 1 the account he paid to; a sink stands one beyond its source
	In       money.Fen     // what reached it (涉案流入)
	Left     money.Fen     // what went on from it (涉案流出)
	Here     money.Fen     // In - Left
	Shares   []Share       // of Here, in the order of [Everywhere]
	Held     money.Fen     // of the victims, by the bank's rows (权属, attributable)
	Balance  money.Fen     // on the account, whoever's, as last told
	Told     bool          // the bank has told the balance
	Stopped  money.Fen     // of the balance under a stop of this case (止付), whoever's
	Frozen   money.Fen     // of the balance under a freeze of this case (冻结), less what was returned
	Returned money.Fen     // 已返还
	Method   event.Method  // of the attribution
	Revision int           // of the attribution; 0: none yet
	Exact    bool          // every debit of a victim's money matches its credits one to one
	Withheld string        // why the chase gave no order
	Measures []Measure     // of this case, oldest first
	Prior    []Prior       // of others
	Odd      int           // 反馈差异: what banks said that did not fit
	Chased   bool          // the chase has met it
}

// Measure is one stop or freeze order of the case on an account.
type Measure struct {
	Order      identity.OrderID
	Kind       MeasureKind
	State      State
	Ordinal    int
	RequestAt  time.Time
	ExecutedAt time.Time
	Until      time.Time // 到期, of one in force
	Balance    money.Fen // before it
	Held       money.Fen // of a stop of an amount: what may not leave; 0 = all
	Cause      string    // of a failure, a refusal or an early end
	Former     string    // who froze before (轮候)
	Denied     bool      // of a stop: its bank has taken back that it ever held
}

// MeasureKind (措施类别) is stop or freeze.
type MeasureKind string

// The kinds of measure.
const (
	Stop   MeasureKind = "stop"   // 止付
	Freeze MeasureKind = "freeze" // 冻结
)

// State (措施状态) is where a measure stands.
type State string

// The states of a measure.
const (
	Waiting  State = "waiting"  // 待审批
	Approved State = "approved" // 已批准
	Sent     State = "sent"     // 银行已接收
	Executed State = "executed" // 执行中
	Queued   State = "queued"   // 轮候
	Failed   State = "failed"   // 未能执行
	Rejected State = "rejected" // 审批驳回
	Lapsed   State = "lapsed"   // 到期失效
	Lifted   State = "lifted"   // 已解除
)

// Prior (在先措施) is a restraint by another case or agency.
type Prior struct {
	Kind   string    `json:"kind"` // 0001 公安止付 | 0002 公安冻结 | 1001 高法冻结
	By     string    `json:"by,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Amount money.Fen `json:"amountFen,omitempty" doc:"absent: the whole account"`
}

// Edge is one movement of the money.
type Edge struct {
	ID       identity.TransferID
	From, To string // ids of nodes
	Transfer event.Transfer
	Carried  money.Fen   // of this case, in fen
	Lots     []event.Lot // of this case
	Cash     bool
	Declared bool       // 报案申报: by the victim; else from a bank's rows
	Manual   bool       // named by an officer; carries nothing until a bank's rows show it
	After    *money.Fen // balance of the paying account after it, if its bank has told
	Evidence *Evidence
}

// Evidence is the row of a bank's statement that shows a movement.
type Evidence struct {
	Account identity.AccountID `json:"account"` // whose statement it is
	Order   identity.OrderID   `json:"order"`   // whose answer brought the statement
	Row     event.Row          `json:"-"`
}

// Graph (资金流向) is the whole picture of one case at one instant.
type Graph struct {
	Case       identity.CaseID
	CaseNo     identity.CaseNo // "" until the case is filed
	At         time.Time       // the cut-off: what was recorded until then
	ReportedAt time.Time
	Nodes      []Node // by level, then the larger inflow, then id
	Edges      []Edge // by time, then id
	Totals     Totals
}

// Totals (合计) sums up the case. Reported is the sum of Shares, always.
type Totals struct {
	Reported     money.Fen // 报案损失: what the victims declared
	Traced       money.Fen // 已追踪: of it, what a bank's rows confirm to have arrived at level 1
	Attributable money.Fen // 权属: on accounts now, by the banks' rows
	Stopped      money.Fen // 止付: balances under stops of the case, whoever's
	Frozen       money.Fen // 冻结: balances under freezes of the case, whoever's
	Escaped      money.Fen // of Reported, out of reach or free to leave
	Shares       []Share   // where Reported is; only places with money
	Accounts     int
	Banks        int
	Transfers    int
	Levels       int
}

// Node finds a node by its id.
func (g Graph) Node(id string) (Node, bool) {
	for _, n := range g.Nodes {
		if n.ID == id {
			return n, true
		}
	}
	return Node{}, false
}

// Share is the part of the node's money at one place, in fen.
func (n Node) Share(w Where) money.Fen {
	for _, s := range n.Shares {
		if s.Where == w {
			return s.Amount
		}
	}
	return 0
}

// holds tells whether a measure restrains the account now, by its bank's last word.
func (m Measure) holds() bool { return m.State == Executed && !m.Denied }

// InForce finds the measure of a kind that restrains the account now, the one
// that ends last.
func (n Node) InForce(kind MeasureKind) (Measure, bool) {
	var last Measure
	for _, m := range n.Measures {
		if m.Kind == kind && m.holds() && !m.Until.Before(last.Until) {
			last = m
		}
	}
	return last, last.Order != ""
}
