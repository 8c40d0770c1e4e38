package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// HolderNotified (告知持有人): the holder was told the reason of a measure, the
// remedy and the papers it needs (反电信网络诈骗法 art. 32). Stored as
// "holder-notified.v1".
type HolderNotified struct {
	Order     identity.OrderID `json:"order"`
	Case      identity.CaseID  `json:"case"`
	About     string           `json:"about"`     // measure | lift
	Reason    string           `json:"reason"`    // code
	Remedy    string           `json:"remedy"`    // code: how to object
	Documents []string         `json:"documents"` // codes: what to bring
	Via       string           `json:"via"`       // sms | phone | letter | counter | bank
	Officer   Officer          `json:"officer"`
	At        time.Time        `json:"at"`
}

// HolderNoticeDeferred (暂缓告知): the holder is told later, because telling now
// would obstruct the investigation. Stored as "holder-notice-deferred.v1".
type HolderNoticeDeferred struct {
	Order   identity.OrderID `json:"order"`
	Case    identity.CaseID  `json:"case"`
	About   string           `json:"about"`  // measure | lift
	Reason  string           `json:"reason"` // code
	Until   time.Time        `json:"until"`
	Officer Officer          `json:"officer"`
	At      time.Time        `json:"at"`
}

// ObjectionFiled (异议申请) by the holder against a measure. Stored as
// "objection-filed.v1".
type ObjectionFiled struct {
	Objection identity.ObjectionID `json:"objection"`
	Order     identity.OrderID     `json:"order"`
	Case      identity.CaseID      `json:"case"`
	Holder    seal.Box             `json:"holder"`
	Contact   seal.Box             `json:"contact"`
	Text      seal.Box             `json:"text,omitzero"`
	Grounds   string               `json:"grounds"`             // code
	Documents []string             `json:"documents,omitempty"` // hashes of what was handed in
	Channel   string               `json:"channel"`             // counter | phone | bank | online | letter
	FiledAt   time.Time            `json:"filedAt"`
	Due       time.Time            `json:"due"` // of the decision
	Unit      identity.Unit        `json:"unit"`
	Officer   Officer              `json:"officer"`
}

// ObjectionAccepted (异议受理). Stored as "objection-accepted.v1".
type ObjectionAccepted struct {
	Objection identity.ObjectionID `json:"objection"`
	Officer   Officer              `json:"officer"`
	At        time.Time            `json:"at"`
}

// ObjectionDecided (异议决定). One that was closed by itself, because the measure
// was over, has no officer. Stored as "objection-decided.v1".
type ObjectionDecided struct {
	Objection identity.ObjectionID `json:"objection"`
	Order     identity.OrderID     `json:"order"`
	Outcome   string               `json:"outcome"` // upheld | partly | dismissed | withdrawn
	Reason    string               `json:"reason"`  // code
	Keep      money.Fen            `json:"keepFen,omitempty"`
	LiftOrder identity.OrderID     `json:"liftOrder,omitempty"`
	Document  string               `json:"document,omitempty"` // withdrawn: hash of the holder's paper
	Officer   Officer              `json:"officer"`
	At        time.Time            `json:"at"`
}

// ObjectionOverdue (异议逾期): the term to decide has passed. Stored as
// "objection-overdue.v1".
type ObjectionOverdue struct {
	Objection identity.ObjectionID `json:"objection"`
	Due       time.Time            `json:"due"`
	Unit      identity.Unit        `json:"unit"`
}

// WrongStopConfirmed (误止认定): a measure should not have been. Stored as
// "wrong-stop-confirmed.v1".
type WrongStopConfirmed struct {
	Order       identity.OrderID     `json:"order"`
	Case        identity.CaseID      `json:"case"`
	Objection   identity.ObjectionID `json:"objection,omitempty"`
	Cause       string               `json:"cause"` // code: wrong-account | wrong-attribution | bank-error | false-report | disproportionate | other
	Damage      money.Fen            `json:"damageFen,omitempty"`
	Responsible identity.Unit        `json:"responsible"`
	Follow      []string             `json:"follow,omitempty"` // codes of consequences: compensation | discipline | rule-change | bank-notice
	Officer     Officer              `json:"officer"`
	At          time.Time            `json:"at"`
}

// DisproportionFound (超范围提示): much more is held than was traced to the
// account. Stored as "disproportion-found.v1".
type DisproportionFound struct {
	Order        identity.OrderID `json:"order"`
	Case         identity.CaseID  `json:"case"`
	Held         money.Fen        `json:"heldFen"`
	Attributable money.Fen        `json:"attributableFen"` // of all cases that restrain the account
	At           time.Time        `json:"at"`
}

// UnrelatedProven (查明无关): the money, or the account, has nothing to do with
// the case; what restrains it ends by Due and the owner is told (程序规定
// art. 247). Stored as "unrelated-proven.v1".
type UnrelatedProven struct {
	Case    identity.CaseID `json:"case"`
	Reason  string          `json:"reason"` // code
	Due     time.Time       `json:"due"`
	Officer Officer         `json:"officer"`
	At      time.Time       `json:"at"`
}
