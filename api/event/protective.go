package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// ProtectiveEvent is something that has happened to a protective stop (保护性止付)
// of a person's own accounts. Owner: stoppayment.
//
//sumtype:decl
type ProtectiveEvent interface {
	Event
	isProtective()
}

// ProtectiveStopRequested (保护性止付申请) for the subject's own accounts, by one
// responsible unit, with a cap that no renewal exceeds. Stored as
// "protective-stop-requested.v1".
type ProtectiveStopRequested struct {
	Protective   identity.ProtectiveID `json:"protective"`
	Case         identity.CaseID       `json:"case,omitempty"`
	Alert        string                `json:"alert,omitempty"`
	Subject      Party                 `json:"subject"`
	Accounts     []ProtectedAccount    `json:"accounts"`
	Basis        string                `json:"basis"`   // code of the legal basis
	Consent      string                `json:"consent"` // given | refused | unreachable
	Responsible  identity.Unit         `json:"responsible"`
	CapAt        time.Time             `json:"capAt"`
	Operator     Officer               `json:"operator"`
	Investigator Officer               `json:"investigator"`
	At           time.Time             `json:"at"`
}

// ProtectedAccount is one of the subject's own accounts with its first order.
type ProtectedAccount struct {
	Account Account          `json:"account"`
	Order   identity.OrderID `json:"order"`
}

// ProtectiveStopApproved (保护性止付批准). Stored as
// "protective-stop-approved.v1".
type ProtectiveStopApproved struct {
	Approver Officer   `json:"approver"`
	At       time.Time `json:"at"`
}

// ProtectiveStopRejected (保护性止付驳回). Stored as
// "protective-stop-rejected.v1".
type ProtectiveStopRejected struct {
	Approver Officer   `json:"approver"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// ProtectiveOrderSent (发送): the bank has taken one order. Stored as
// "protective-order-sent.v1".
type ProtectiveOrderSent struct {
	Order   identity.OrderID `json:"order"`
	Channel string           `json:"channel"`
	At      time.Time        `json:"at"`
}

// ProtectiveStopApplied (保护性止付生效) on one account. Stored as
// "protective-stop-applied.v1".
type ProtectiveStopApplied struct {
	Order      identity.OrderID   `json:"order"`
	Account    identity.AccountID `json:"account"`
	Ordinal    int                `json:"ordinal"`
	ExecutedAt time.Time          `json:"executedAt"`
	ExpiresAt  time.Time          `json:"expiresAt"` // never after the cap
	Balance    money.Fen          `json:"balanceFen"`
	ResultCode string             `json:"resultCode"`
	// BankExpiresAt is the end that the bank named, if it is later than ExpiresAt.
	BankExpiresAt time.Time `json:"bankExpiresAt,omitzero"`
}

// ProtectiveStopFailed (保护性止付未成) on one account. Stored as
// "protective-stop-failed.v1".
type ProtectiveStopFailed struct {
	Order      identity.OrderID `json:"order"`
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause"`
	At         time.Time        `json:"at"`
	// ExecutedAt and BankExpiresAt are of what the bank carried out after the end.
	ExecutedAt    time.Time `json:"executedAt,omitzero"`
	BankExpiresAt time.Time `json:"bankExpiresAt,omitzero"`
}

// ProtectiveRenewalRequested (保护性止付续期) for all accounts, up to the cap.
// Stored as "protective-renewal-requested.v1".
type ProtectiveRenewalRequested struct {
	Ordinal      int                `json:"ordinal"`
	Accounts     []ProtectedAccount `json:"accounts"` // with the order of the renewal
	Reason       string             `json:"reason"`
	Approver     Officer            `json:"approver"`
	Operator     Officer            `json:"operator"`
	Investigator Officer            `json:"investigator"`
	At           time.Time          `json:"at"`
}

// ProtectiveExemptionGranted (生活必需豁免): what the subject may spend in spite
// of the stop. Stored as "protective-exemption-granted.v1".
type ProtectiveExemptionGranted struct {
	Account identity.AccountID `json:"account"`
	Order   identity.OrderID   `json:"order"`   // tells the bank
	Purpose string             `json:"purpose"` // living | loan | tuition | medical
	Amount  money.Fen          `json:"amountFen"`
	Officer Officer            `json:"officer"`
	At      time.Time          `json:"at"`
}

// ProtectiveReleaseRequested (解除保护性止付申请) by the responsible unit, for all
// accounts in one step. Stored as "protective-release-requested.v1".
type ProtectiveReleaseRequested struct {
	Accounts []ProtectedAccount `json:"accounts"` // with the lift order
	Reason   string             `json:"reason"`   // subject-asks | danger-over | error | objection | cap
	Officer  Officer            `json:"officer"`
	At       time.Time          `json:"at"`
}

// ProtectiveLiftRequested (再次解除): a bank that may still hold accounts which
// nothing holds any more is asked to let go, by itself. Stored as
// "protective-lift-requested.v1".
type ProtectiveLiftRequested struct {
	Accounts []ProtectedAccount `json:"accounts"` // with the lift order
	Reason   string             `json:"reason"`   // lapsed | late | again
	At       time.Time          `json:"at"`
}

// ProtectiveStopLifted (解除保护性止付) on one account. Stored as
// "protective-stop-lifted.v1".
type ProtectiveStopLifted struct {
	Order   identity.OrderID   `json:"order,omitempty"` // the lift order
	Account identity.AccountID `json:"account"`
	At      time.Time          `json:"at"`
}

// ProtectiveStopLapsed (保护性止付到期) on one account. Stored as
// "protective-stop-lapsed.v1".
type ProtectiveStopLapsed struct {
	Account   identity.AccountID `json:"account"`
	ExpiredAt time.Time          `json:"expiredAt"`
}

// ProtectiveSubjectNotified (告知当事人): reason, remedy, papers and the end
// (反电信网络诈骗法 art. 32). Stored as "protective-subject-notified.v1".
type ProtectiveSubjectNotified struct {
	Reason    string    `json:"reason"`
	Remedy    string    `json:"remedy"`
	Documents []string  `json:"documents"`
	Via       string    `json:"via"`
	Officer   Officer   `json:"officer"`
	At        time.Time `json:"at"`
}

// ProtectiveObjectionFiled (解除申请、异议) by the subject against the stop of his
// own accounts. Stored as "protective-objection-filed.v1".
type ProtectiveObjectionFiled struct {
	Objection identity.ObjectionID `json:"objection"`
	Holder    seal.Box             `json:"holder"`
	Contact   seal.Box             `json:"contact,omitzero"`
	Text      seal.Box             `json:"text,omitzero"`
	Grounds   string               `json:"grounds"`             // code
	Documents []string             `json:"documents,omitempty"` // hashes of what was handed in
	Channel   string               `json:"channel"`             // counter | phone | bank | online | letter
	FiledAt   time.Time            `json:"filedAt"`
	Due       time.Time            `json:"due"` // of the decision
	Unit      identity.Unit        `json:"unit"`
	Officer   Officer              `json:"officer"`
}

// ProtectiveObjectionDecided (异议决定). One that is upheld releases all accounts.
// Stored as "protective-objection-decided.v1".
type ProtectiveObjectionDecided struct {
	Objection identity.ObjectionID `json:"objection"`
	Outcome   string               `json:"outcome"` // upheld | dismissed | withdrawn
	Reason    string               `json:"reason"`  // code
	Officer   Officer              `json:"officer"`
	At        time.Time            `json:"at"`
}

// ProtectiveObjectionOverdue (异议逾期): the term to decide has passed. Stored as
// "protective-objection-overdue.v1".
type ProtectiveObjectionOverdue struct {
	Objection identity.ObjectionID `json:"objection"`
	Due       time.Time            `json:"due"`
	Unit      identity.Unit        `json:"unit"`
}

// ShieldEvent is something that has happened to the claim (占用) of protective
// stops on one account: one at a time, and how long it was held in all. Owner:
// stoppayment.
//
//sumtype:decl
type ShieldEvent interface {
	Event
	isShield()
}

// ProtectiveAccountClaimed (保护性止付占用): no other protective stop takes the
// account until this one has let go of it. Stored as
// "protective-account-claimed.v1".
type ProtectiveAccountClaimed struct {
	Protective  identity.ProtectiveID `json:"protective"`
	Responsible identity.Unit         `json:"responsible"`
	CapAt       time.Time             `json:"capAt"`
	At          time.Time             `json:"at"`
}

// ProtectiveAccountFreed (占用解除): what the former protective stop came to, noted
// when it is settled. Since and Until are when its bank held the account, absent if
// it never did. Stored as "protective-account-freed.v1".
type ProtectiveAccountFreed struct {
	Protective identity.ProtectiveID `json:"protective"`
	Since      time.Time             `json:"since,omitzero"`
	Until      time.Time             `json:"until,omitzero"`
	At         time.Time             `json:"at"`
}
