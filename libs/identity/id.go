// Package identity names things and people: ids of cases, accounts, orders and
// parties, and the numbers that citizens, banks and police units go by.
package identity

import (
	"strings"

	"github.com/google/uuid"
)

// Distinct things have distinct types, though all are UUIDs in text form.
type (
	CaseID      string // 案件: one reported fraud
	AlertID     string // 预警: one warning order
	AccountID   string // 账户: one bank account, the same in every case
	PartyID     string // 当事人: one person or firm
	TransferID  string // 转账: one declared or traced transfer
	OrderID     string // 指令: one stop or freeze order (ApplicationID)
	ProcedureID string // 返还程序: one refund procedure for one frozen account
	ApprovalID  string // 常设批准: one standing approval
)

// namespace is the root of all derived ids. It is a contract: stored ids
// depend on it.
var namespace = uuid.MustParse("6f1c3b1e-2a0d-5c1b-9f43-7a1d2b7c9e10")

// Derive returns the UUIDv5 of the given parts, so that the same cause names
// the same thing each time. The separator cannot occur in a part that is an id,
// a code or a hash.
func Derive(parts ...string) uuid.UUID {
	return uuid.NewSHA1(namespace, []byte(strings.Join(parts, "\x1f")))
}
