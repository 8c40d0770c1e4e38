package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
)

// DeskEvent is something that has happened between the city and one bank,
// outside any account. Owner: stoppayment.
//
//sumtype:decl
type DeskEvent interface {
	Event
	isDesk()
}

// StrayAnswerReceived (无主反馈): a bank answered an order that is not known or
// not its own. What came is not kept, only its digest. Stored as
// "stray-answer-received.v1".
type StrayAnswerReceived struct {
	Bank    identity.BankCode `json:"bank"`
	Order   string            `json:"order"`  // as the bank named it, if it looks like an order id
	Reason  string            `json:"reason"` // order-unknown | order-of-another-bank
	Digest  string            `json:"digest"`
	Channel string            `json:"channel"` // desk | machine
	At      time.Time         `json:"at"`
}

// StrayAnswersDropped (无主反馈过多): more strays came than are kept one by one.
// Stored as "stray-answers-dropped.v1".
type StrayAnswersDropped struct {
	Bank  identity.BankCode `json:"bank"`
	Since time.Time         `json:"since"`
	At    time.Time         `json:"at"`
}

// BankUnreachable (银行通道中断): orders for the bank wait, the desk still has
// them. Stored as "bank-unreachable.v1".
type BankUnreachable struct {
	Bank  identity.BankCode `json:"bank"`
	Cause string            `json:"cause"` // code: timeout | refused | tls | status | malformed | signature
	At    time.Time         `json:"at"`
}

// BankReachable (银行通道恢复). Stored as "bank-reachable.v1".
type BankReachable struct {
	Bank identity.BankCode `json:"bank"`
	At   time.Time         `json:"at"`
}
