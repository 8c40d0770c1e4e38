package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// StopExpiryWarned (到期预警): a stop ends soon and the money is still not
// secured. Stored as "stop-expiry-warned.v1".
type StopExpiryWarned struct {
	Order     identity.OrderID `json:"order"`
	Case      identity.CaseID  `json:"case"`
	ExpiresAt time.Time        `json:"expiresAt"`
	Hours     int              `json:"hours"`  // before the end: 24, 6 or 1
	Awaits    string           `json:"awaits"` // what is missing: filing (立案) | freeze (冻结)
}

// LiftRequested (解除止付申请), the platform's 100103: the stop Target is to end
// early, or to shrink to Keep. It is approved when it is stored. Stored as
// "lift-requested.v1".
type LiftRequested struct {
	Order        identity.OrderID     `json:"order"`
	Target       identity.OrderID     `json:"target"`
	Case         identity.CaseID      `json:"case"`
	Account      Account              `json:"account"`
	Cause        string               `json:"cause"` // as of [StopLifted]
	Keep         money.Fen            `json:"keepFen,omitempty"`
	Objection    identity.ObjectionID `json:"objection,omitempty"`
	Approver     Officer              `json:"approver"`
	Operator     Officer              `json:"operator"`
	Investigator Officer              `json:"investigator"`
	Due          time.Time            `json:"due"` // by when the bank has done it and the owner knows (程序规定 art. 247)
	At           time.Time            `json:"at"`
	Repeats      identity.OrderID     `json:"repeats,omitempty"` // the lift that the bank could not carry out, of which this is the next attempt
}

// StopNarrowed (缩减止付金额): the bank holds Held fen from now on instead of
// all, or instead of more. Stored as "stop-narrowed.v1".
type StopNarrowed struct {
	Order identity.OrderID `json:"order"` // the stop
	By    identity.OrderID `json:"by"`    // the lift order with an amount to keep
	Held  money.Fen        `json:"heldFen"`
	At    time.Time        `json:"at"`
}

// StopRaiseRequested (提高止付金额申请): more of the victims' money was traced to an
// account of which only an amount is stopped, so the stop Target is to hold
// Amount in all from now on. It begins no new 48 hours and is no second stop; it
// is approved like a stop. Stored as "stop-raise-requested.v1".
type StopRaiseRequested struct {
	Order        identity.OrderID `json:"order"`
	Target       identity.OrderID `json:"target"`
	Case         identity.CaseID  `json:"case"`
	Account      Account          `json:"account"`
	Level        int              `json:"level"`
	Amount       money.Fen        `json:"amountFen"`
	Source       Transfer         `json:"source"` // the latest transfer that brought more
	Unit         identity.Unit    `json:"unit"`
	Operator     Officer          `json:"operator"`
	Investigator Officer          `json:"investigator"`
	At           time.Time        `json:"at"`
	// Sources are all the transfers that brought more, if there are several.
	Sources []identity.TransferID `json:"sources,omitempty"`
}

// StopRaised (提高止付金额): the bank holds Held fen from now on. Stored as
// "stop-raised.v1".
type StopRaised struct {
	Order identity.OrderID `json:"order"` // the stop
	By    identity.OrderID `json:"by"`
	Held  money.Fen        `json:"heldFen"`
	At    time.Time        `json:"at"`
}

// LiftFailed (解除止付失败). Stored as "lift-failed.v1".
type LiftFailed struct {
	Order      identity.OrderID `json:"order"`
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause"`
	At         time.Time        `json:"at"`
}

// LiftOverdue (解除逾期): the term to lift has passed and the bank has not done
// it, or the owner was not told. Stored as "lift-overdue.v1".
type LiftOverdue struct {
	Order  identity.OrderID `json:"order"`
	Due    time.Time        `json:"due"`
	Awaits string           `json:"awaits"` // bank | notice
}

// PaperOrderRegistered (纸质或电话止付登记): a bank was asked by telephone or on
// paper; the order follows by the channel (后补, 04 or 05) until Due or is lifted.
// Stored as "paper-order-registered.v1".
type PaperOrderRegistered struct {
	Registration identity.RegistrationID `json:"registration"`
	Case         identity.CaseID         `json:"case"`
	Account      Account                 `json:"account"`
	Channel      string                  `json:"channel"` // phone | paper
	AskedAt      time.Time               `json:"askedAt"`
	Contact      seal.Box                `json:"contact"` // who took it at the bank
	Document     string                  `json:"document,omitempty"`
	Operator     Officer                 `json:"operator"`
	Investigator Officer                 `json:"investigator"`
	Due          time.Time               `json:"due"`
	At           time.Time               `json:"at"`
	// Order is the measure of the case by the channel that was in force when this was
	// registered, and is in its place: no papers are owed.
	Order identity.OrderID `json:"order,omitempty"`
}

// PaperOrderReconciled (后补完成): the papers of a registered order are there.
// Stored as "paper-order-reconciled.v1".
type PaperOrderReconciled struct {
	Registration identity.RegistrationID `json:"registration"`
	Order        identity.OrderID        `json:"order,omitempty"`
	Document     string                  `json:"document"`
	Officer      Officer                 `json:"officer"`
	At           time.Time               `json:"at"`
}

// PaperOrderExpired (后补逾期): no papers came in time, what it stopped is to be
// lifted. Stored as "paper-order-expired.v1".
type PaperOrderExpired struct {
	Registration identity.RegistrationID `json:"registration"`
	Order        identity.OrderID        `json:"order,omitempty"`
	Due          time.Time               `json:"due"`
}

// PriorRestraintFound (在先措施): someone else restrains the account already.
// Stored as "prior-restraint-found.v1".
type PriorRestraintFound struct {
	Order  identity.OrderID `json:"order"`
	Kind   string           `json:"kind"` // 0001 公安止付 | 0002 公安冻结 | 1001 高法冻结
	By     string           `json:"by"`   // the other agency, never a person
	Case   identity.CaseID  `json:"case,omitempty"`
	Amount money.Fen        `json:"amountFen,omitempty"`
	Until  time.Time        `json:"until,omitzero"`
	At     time.Time        `json:"at"`
	Ended  bool             `json:"ended,omitempty"` // it stands no more: it is not on the bank's list of all that does
}

// StopAnswerCorrected (更正反馈): the bank takes back what it said of an executed
// stop and says this instead. Stored as "stop-answer-corrected.v1".
type StopAnswerCorrected struct {
	Order         identity.OrderID `json:"order"`
	ExecutedAt    time.Time        `json:"executedAt"`
	ExpiresAt     time.Time        `json:"expiresAt"`
	BalanceBefore money.Fen        `json:"balanceBeforeFen"`
	Held          money.Fen        `json:"heldFen,omitempty"`
	ResultCode    string           `json:"resultCode"`
	At            time.Time        `json:"at"`
	// BankExpiresAt is as in [StopExecuted].
	BankExpiresAt time.Time `json:"bankExpiresAt,omitzero"`
	// Said is what the bank says that it held at first, where an order has changed
	// the amount since: then Held is what that order has brought.
	Said money.Fen `json:"saidFen,omitempty"`
	// From is as in [StopExecuted].
	From time.Time `json:"from,omitzero"`
}

// OrderDeliveryFailed (指令送达失败): the machine channel cannot deliver an
// order; it stays open to the bank's desk. Stored as "order-delivery-failed.v1".
type OrderDeliveryFailed struct {
	Order    identity.OrderID `json:"order"`
	Cause    string           `json:"cause"`
	Attempts int              `json:"attempts"`
	At       time.Time        `json:"at"`
}
