package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// ApprovalEvent is something that has happened to the standing approvals of a
// unit. Owner: stoppayment.
//
//sumtype:decl
type ApprovalEvent interface {
	Event
	isApproval()
}

// StandingApprovalGranted (常设批准): a shift leader approves stop orders in
// advance, within limits. Stored as "standing-approval-granted.v1".
type StandingApprovalGranted struct {
	Approval  identity.ApprovalID `json:"approval"`
	Unit      identity.Unit       `json:"unit"`
	MaxAmount money.Fen           `json:"maxAmountFen"` // of the transfer that an order follows
	MaxLevel  int                 `json:"maxLevel"`
	From      time.Time           `json:"from"`
	Until     time.Time           `json:"until"` // exclusive
	By        Officer             `json:"by"`
}

// StandingApprovalRevoked (撤销常设批准). Stored as
// "standing-approval-revoked.v1".
type StandingApprovalRevoked struct {
	Approval identity.ApprovalID `json:"approval"`
	By       Officer             `json:"by"`
	At       time.Time           `json:"at"`
}

// StandingApprovalNarrowed (收窄常设批准): the limits are lower, or the end is
// earlier, from now on. Stored as "standing-approval-narrowed.v1".
type StandingApprovalNarrowed struct {
	Approval  identity.ApprovalID `json:"approval"`
	MaxAmount money.Fen           `json:"maxAmountFen"`
	MaxLevel  int                 `json:"maxLevel"`
	Until     time.Time           `json:"until"`
	By        Officer             `json:"by"`
	At        time.Time           `json:"at"`
}

// StandingApprovalExpired (常设批准到期). Stored as
// "standing-approval-expired.v1".
type StandingApprovalExpired struct {
	Approval identity.ApprovalID `json:"approval"`
	Until    time.Time           `json:"until"`
}
