package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Kind (指令类型) is what an order asks the bank for.
type Kind string

// The kinds of orders on an account.
const (
	KindStop    Kind = "stop"    // 止付; with Ordinal 2 the second 48 hours (再次止付)
	KindLift    Kind = "lift"    // 止付解除, or its reduction to an amount
	KindRaise   Kind = "raise"   // 提高止付金额: no second stop
	KindFreeze  Kind = "freeze"  // 冻结
	KindRenewal Kind = "renewal" // 续冻
	KindRelease Kind = "release" // 冻结解除, whole or in part
	KindQuery   Kind = "query"   // 查询
)

// OrderState (指令状态) is where an order stands.
type OrderState string

// The states of an order.
const (
	Waiting  OrderState = "waiting"  // 待审批
	Approved OrderState = "approved" // 已批准, visible to the bank
	Sent     OrderState = "sent"     // 银行已接收
	Executed OrderState = "executed" // 已执行
	Queued   OrderState = "queued"   // 轮候
	Failed   OrderState = "failed"   // 未能执行
	Rejected OrderState = "rejected" // 审批驳回
	Lapsed   OrderState = "lapsed"   // 到期失效
	Lifted   OrderState = "lifted"   // 已解除
)

// Open tells whether the order still waits for someone.
func (s OrderState) Open() bool { return s == Waiting || s == Approved || s == Sent }

// Order (指令) is one order on the account.
type Order struct {
	ID         identity.OrderID
	Case       identity.CaseID
	Kind       Kind
	Target     identity.OrderID // of a lift, renewal or release: the measure it changes
	Ordinal    int              // of a stop: 1 or 2
	Prolongs   identity.OrderID // of a second stop: the first
	From       time.Time        // of a second stop carried out before the first had ended: that end, from which its 48 hours run
	Level      int
	State      OrderState
	Unit       identity.Unit
	Officers   [2]event.Officer // operator and investigator
	Approver   event.Officer    // zero while it waits
	Standing   identity.ApprovalID
	Source     event.Transfer
	Lots       []event.Lot
	RequestAt  time.Time
	ExecutedAt time.Time
	ExpiresAt  time.Time
	Balance    money.Fen // before the measure
	Cause      string    // of a failure
	Request    event.FreezeRequested
	Query      event.AccountQueryRequested
	Reported   *money.Fen           // balance in the answer to a query, if it has one
	Term       int                  // of a renewal, in months
	Amount     money.Fen            // that the order is about; 0 = all
	Overdue    bool                 // its term has passed and was reported
	Hold       Hold                 // of a stop
	FailedAt   time.Time            // when the bank said that it could not carry it out, or not yet
	Refused    string               // why not, of an order that changes a measure
	Repeats    identity.OrderID     // of a lift or release: the one that failed and of which this is the next attempt
	Objection  identity.ObjectionID // of a lift or release: what was objected
	Promotions int                  // of a freeze: how often it was asked for anew after it had waited (轮候转正)
	Frozen     money.Fen            // of a freeze: what its bank froze
	BankUntil  time.Time            // of a stop or freeze: until when its bank holds on though it ends, or has ended, before; zero if it does not
	// Registration of an order of type 04 or 05 (后补) is the one it follows.
	Registration identity.RegistrationID
	AskedAt      time.Time // when its bank was asked by telephone or on paper; zero if it was not
	// Counted is, of a stop of an amount, what was traced when the amount was
	// decided; of a raise, what had been before it.
	Counted     []Counted
	Sources     []identity.TransferID // of a raise: the transfers that brought more, if there are several
	Undelivered bool                  // the machine channel has not delivered it, and that was reported
}

// TxCode is the platform's code of the order.
func (o Order) TxCode() string {
	switch o.Kind {
	case KindStop:
		if o.Ordinal == MaxStops {
			return bank.TxSecondStop
		}
	case KindLift:
		if o.Amount == 0 {
			return bank.TxLift
		}
	case KindRaise: // like a narrowing, a stop that names the one it changes
	case KindFreeze:
		return bank.TxFreeze
	case KindRenewal:
		return bank.TxRenewFreeze
	case KindRelease:
		return bank.TxUnfreeze
	case KindQuery:
		return o.Query.TxCode
	}
	return bank.TxStop
}

// signedBy tells whether an officer has signed the order as operator or
// investigator.
func (o Order) signedBy(who event.Officer) bool {
	return who.PoliceNo == o.Officers[0].PoliceNo || who.PoliceNo == o.Officers[1].PoliceNo
}
