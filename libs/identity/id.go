// Package identity names things and people: ids of cases, accounts, orders and
// parties, and the numbers that citizens, banks and police units go by.
package identity

import (
	"strings"

	"github.com/google/uuid"
)

// Distinct things have distinct types, though all are UUIDs in text form.
type (
	// CaseID (案件) names one reported fraud.
	CaseID string
	// AlertID (预警) names one warning order.
	AlertID string
	// AccountID (账户) names one bank account, the same in every case.
	AccountID string
	// PartyID (当事人) names one person or firm.
	PartyID string
	// TransferID (转账) names one declared or traced transfer.
	TransferID string
	// OrderID (指令) names one stop or freeze order (ApplicationID).
	OrderID string
	// ProcedureID (返还程序) names one refund procedure for one frozen account.
	ProcedureID string
	// ApprovalID (常设批准) names one standing approval.
	ApprovalID string
	// ObjectionID (异议) names one objection of a holder.
	ObjectionID string
	// RegistrationID (后补登记) names one order given on paper or by telephone.
	RegistrationID string
	// ProposalID (人工认定) names one proposal of whose money is where.
	ProposalID string
	// ProtectiveID (保护性止付) names one protective stop.
	ProtectiveID string
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
