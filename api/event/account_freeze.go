package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// FreezeRenewalRequested (续冻申请), the platform's 100205. Stored as
// "freeze-renewal-requested.v1".
type FreezeRenewalRequested struct {
	Order        identity.OrderID `json:"order"`
	Target       identity.OrderID `json:"target"` // the freeze
	Case         identity.CaseID  `json:"case"`
	Account      Account          `json:"account"`
	NoticeNo     string           `json:"noticeNo"`
	TermMonths   int              `json:"termMonths"`
	Grave        bool             `json:"grave,omitempty"`
	Ordinal      int              `json:"ordinal"` // 1 = first renewal
	Approver     Officer          `json:"approver"`
	Operator     Officer          `json:"operator"`
	Investigator Officer          `json:"investigator"`
	At           time.Time        `json:"at"`
}

// FreezeRenewed (续冻成功): the freeze goes on until ExpiresAt. Stored as
// "freeze-renewed.v1".
type FreezeRenewed struct {
	Order      identity.OrderID `json:"order"` // the freeze
	By         identity.OrderID `json:"by"`
	Ordinal    int              `json:"ordinal"`
	ExpiresAt  time.Time        `json:"expiresAt"`
	ResultCode string           `json:"resultCode"`
	At         time.Time        `json:"at"`
}

// FreezeReleaseRequested (解冻申请), the platform's 100203: the whole freeze
// (Amount 0) or a part of it. Stored as "freeze-release-requested.v1".
type FreezeReleaseRequested struct {
	Order        identity.OrderID     `json:"order"`
	Target       identity.OrderID     `json:"target"` // the freeze
	Case         identity.CaseID      `json:"case"`
	Account      Account              `json:"account"`
	Amount       money.Fen            `json:"amountFen,omitempty"`
	Cause        string               `json:"cause"` // unrelated | error | objection | disproportionate | concluded | unlawful-hold
	Objection    identity.ObjectionID `json:"objection,omitempty"`
	Approver     Officer              `json:"approver"`
	Operator     Officer              `json:"operator"`
	Investigator Officer              `json:"investigator"`
	Due          time.Time            `json:"due,omitzero"` // by when the bank has done it and the owner knows (art. 247)
	At           time.Time            `json:"at"`
	Repeats      identity.OrderID     `json:"repeats,omitempty"` // the release that the bank could not carry out, of which this is the next attempt
}

// FreezeLifted (解冻): the freeze has ended by order. Of one that was over before it
// tells that the bank has let go of what it still held; the freeze stays as it
// ended. Stored as "freeze-lifted.v1".
type FreezeLifted struct {
	Order identity.OrderID `json:"order"`
	By    identity.OrderID `json:"by,omitempty"`
	Cause string           `json:"cause"`
	At    time.Time        `json:"at"`
}

// FreezePartiallyReleased (部分解冻). Stored as "freeze-partially-released.v1".
type FreezePartiallyReleased struct {
	Order     identity.OrderID `json:"order"`
	By        identity.OrderID `json:"by"`
	Amount    money.Fen        `json:"amountFen"`
	Remaining money.Fen        `json:"remainingFen"`
	Cause     string           `json:"cause"`
	At        time.Time        `json:"at"`
}

// FreezeFollowUpFailed (续冻或解冻失败): the bank could not carry out a renewal
// or a release. Stored as "freeze-follow-up-failed.v1".
type FreezeFollowUpFailed struct {
	Order      identity.OrderID `json:"order"` // the renewal or release
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause"`
	At         time.Time        `json:"at"`
}

// FreezePromoted (轮候转正): the freeze before it has ended, so the bank is asked
// to carry out the one that waited longest. Stored as "freeze-promoted.v1".
type FreezePromoted struct {
	Order identity.OrderID `json:"order"`
	After identity.OrderID `json:"after,omitempty"` // the city's own freeze that has ended
	At    time.Time        `json:"at"`
}

// FreezeExpiryWarned (冻结到期预警): a freeze ends soon and is not renewed.
// Stored as "freeze-expiry-warned.v1".
type FreezeExpiryWarned struct {
	Order     identity.OrderID `json:"order"`
	Case      identity.CaseID  `json:"case"`
	ExpiresAt time.Time        `json:"expiresAt"`
	Days      int              `json:"days"`
}

// FrozenFundsTransferred (法院划拨): a court took money out of the freeze.
// Stored as "frozen-funds-transferred.v1".
type FrozenFundsTransferred struct {
	Order     identity.OrderID `json:"order"`
	Court     string           `json:"court"` // the court, never a person
	Document  string           `json:"document"`
	Amount    money.Fen        `json:"amountFen"`
	Remaining money.Fen        `json:"remainingFen"`
	Officer   Officer          `json:"officer"`
	At        time.Time        `json:"at"`
}
