// Package domain folds the amounts of one case from its events. It is pure.
package domain

import (
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Said is one event with the stream that it is in.
type Said struct {
	Stream string
	Event  event.Event
}

// Figures (案件金额) are the amounts of one case in fen, each the sum of events.
type Figures struct {
	Case               identity.CaseID `json:"case"`
	Reported           money.Fen       `json:"reportedFen" doc:"申报损失: what the victims have declared"`
	AccountsRestrained int             `json:"accountsRestrained" doc:"止付冻结账户数: accounts with an executed stop or freeze of this case"`
	Banks              int             `json:"banks" doc:"涉及银行数: banks of those accounts"`
	Levels             int             `json:"levels" doc:"最深层级: deepest level among them"`
	Stopped            money.Fen       `json:"stoppedFen" doc:"止付金额: what stood on each account when its first stop was executed"`
	StoppedLevel1      money.Fen       `json:"stoppedLevel1Fen" doc:"一级账户止付金额: of it, on level 1"`
	Attributable       money.Fen       `json:"attributableFen" doc:"权属金额: of what stands on them, this case's victims' own"`
	Frozen             money.Fen       `json:"frozenFen" doc:"冻结金额"`
	Returned           money.Fen       `json:"returnedFen" doc:"返还金额: paid to victims, as the refunds say"`
	RemainingFrozen    money.Fen       `json:"remainingFrozenFen" doc:"剩余冻结金额: frozen less what left, as the accounts say"`
	Balanced           bool            `json:"balanced" doc:"no contradiction between the services' events"`
	Contradictions     []Contradiction `json:"contradictions"`
}

// Contradiction (账目矛盾) is a place where two events do not agree. While money
// is on its way between two services it is no fault: their events follow each
// other.
type Contradiction struct {
	Code     string    `json:"code"`
	Stream   string    `json:"stream"`
	Expected money.Fen `json:"expectedFen"`
	Found    money.Fen `json:"foundFen"`
}

// Codes of contradictions.
const (
	// ReturnedUnequal: the refunds say other than the account has given away.
	ReturnedUnequal = "returned-unequal"
	// RemainingUnequal: a freeze says other than it held less what left it.
	RemainingUnequal = "remaining-unequal"
	// ReturnedBeyondFrozen: more has left a freeze than it held.
	ReturnedBeyondFrozen = "returned-beyond-frozen"
	// ReturnedBeyondAttributable: victims got more than their own money.
	ReturnedBeyondAttributable = "returned-beyond-attributable"
	// AttributionUnbalanced: Σ held = balance, or reached = held + left of one
	// owner, does not hold.
	AttributionUnbalanced = "attribution-unbalanced"
	// ClosedUnequal: a closed refund says other than it has paid.
	ClosedUnequal = "closed-unequal"
	// ForeignCurrency: an amount is not in CNY and is left out.
	ForeignCurrency = "foreign-currency"
	// AmountOverflow: a sum is beyond what can be; the amount is left out.
	AmountOverflow = "amount-overflow"
)
