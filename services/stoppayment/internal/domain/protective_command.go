package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules of protective stops.
var (
	ErrNoProtective    = rule.New("protective-unknown", "没有此保护性止付", "there is no such protective stop", "").As(rule.NotFound)
	ErrNotOwnAccount   = rule.New("protective-account-not-own", "保护性止付仅限当事人本人账户（户名与证件号码须与本人一致）", "a protective stop is for the subject's own accounts alone: name and document of the holder are his", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrProtectiveCap   = rule.New("protective-cap", "保护性止付总期限超过上限（同一账户各次合并计算）", "the protective stop, or all of the account together, would last longer than the cap", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrProtectiveUnit  = rule.New("protective-responsible-unit", "须由责任单位（审批、异议亦可由其上级）办理", "the responsible unit, or for approval and objections one above it, acts on this protective stop", "反电信网络诈骗法 art. 32").As(rule.Forbidden)
	ErrProtectedByUnit = rule.New("protective-in-force", "该账户已有保护性止付", "the account is under a protective stop already", "反电信网络诈骗法 art. 32")
	ErrProtectedList   = rule.New("protective-accounts", "保护性止付须有 1 至 50 个互不相同的账户", "a protective stop has 1 to 50 different accounts", "").As(rule.Invalid)
	ErrConsent         = rule.New("protective-consent", "须记明当事人是否同意，及法律依据", "whether the subject consents, and the legal basis, are recorded", "").As(rule.Invalid)
	ErrRenewalReason   = rule.New("protective-renewal-reason", "续期须由责任单位以新的决定说明：当事人仍同意，或危险仍存在", "a renewal is a new decision with a reason: the subject still consents, or is still in danger", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrRenewing        = rule.New("protective-renewal-under-way", "续期正在办理", "a renewal is under way", "")
	ErrNotProtected    = rule.New("protective-not-in-force", "保护性止付未生效或已结束", "the protective stop is not in force", "")
	ErrExemption       = rule.New("protective-exemption", "豁免须有用途（生活、还贷、学费、医疗）与金额，且低于账户所余；全部豁免应予解除", "an exemption has a purpose (living, loan, tuition, medical) and an amount below what the account holds; else release it", "").As(rule.Invalid)
	ErrReleaseReason   = rule.New("protective-release-reason", "未知的解除原因", "unknown reason for a release", "").As(rule.Invalid)
)

func protectiveRules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrNoProtective, ErrNotOwnAccount, ErrProtectiveCap, ErrProtectiveUnit, ErrProtectedByUnit, ErrProtectedList, ErrConsent, ErrRenewalReason,
		ErrRenewing, ErrNotProtected, ErrExemption, ErrReleaseReason,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// naming tells which unit is responsible, so that nobody is sent from one to the
// other. A unit's code is not personal data.
func naming(v *rule.Violation, unit identity.Unit) *rule.Violation {
	named := *v
	named.Rule.ZH += "，责任单位：" + string(unit)
	named.Rule.EN += "; responsible unit: " + string(unit)
	return &named
}

// ProtectiveCommand is something that can be asked of a protective stop.
//
//sumtype:decl
type ProtectiveCommand interface{ isProtectiveCommand() }

// OwnAccount is an account with the keyed hash of its holder's name and document.
type OwnAccount struct {
	Account event.Account
	Order   identity.OrderID
	Holder  string
}

// RequestProtective (保护性止付申请). Subject is the keyed hash of the subject's
// name and document; each account's holder must have the same. Most is the
// city's longest term.
type RequestProtective struct {
	Protective   identity.ProtectiveID
	Case         identity.CaseID
	Alert        string
	Party        event.Party
	Subject      string
	Accounts     []OwnAccount
	Basis        string
	Consent      string
	Responsible  identity.Unit
	CapAt        time.Time
	Most         time.Duration
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// ApproveProtective (批准) by another than the two officers.
type ApproveProtective struct {
	Approver event.Officer
	At       time.Time
}

// RejectProtective (驳回).
type RejectProtective struct {
	Approver event.Officer
	Reason   string
	At       time.Time
}

// RenewProtective (续期) for 48 hours more, up to the cap.
type RenewProtective struct {
	Reason       string // consent-stands | danger-stands
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// ExemptProtective (生活必需豁免) lets the owner spend an amount.
type ExemptProtective struct {
	Account identity.AccountID
	Purpose string
	Amount  money.Fen
	Officer event.Officer
	At      time.Time
}

// ReleaseProtective (解除) all accounts in one step.
type ReleaseProtective struct {
	Reason  string // subject-asks | danger-over | error
	Officer event.Officer
	At      time.Time
}

// NotifySubject (告知当事人) notes that reason, remedy, papers and end were told.
type NotifySubject struct {
	Reason    string
	Remedy    string
	Documents []string
	Via       string
	Officer   event.Officer
	At        time.Time
}

// ProtectiveSent notes that a bank has taken an order.
type ProtectiveSent struct {
	Order   identity.OrderID
	Channel string
	At      time.Time
}

// AnswerProtective is a bank's answer to an order of any kind.
type AnswerProtective struct {
	Order      identity.OrderID
	Done       bool
	ResultCode string
	Cause      string
	ExecutedAt time.Time
	// BankExpires is when the bank says it ends; zero if it does not.
	BankExpires time.Time
	Balance     money.Fen
	At          time.Time
}

// ExpireProtected wakes an account at the end of its 48 hours.
type ExpireProtected struct {
	Account identity.AccountID
	At      time.Time
}

// LiftAgain wakes an account that its bank may hold though nothing else does any
// more.
type LiftAgain struct {
	Account identity.AccountID
	At      time.Time
}

// CapReached wakes the protective stop when it may not last any longer.
type CapReached struct{ At time.Time }

func (RequestProtective) isProtectiveCommand() {}
func (ApproveProtective) isProtectiveCommand() {}
func (RejectProtective) isProtectiveCommand()  {}
func (RenewProtective) isProtectiveCommand()   {}
func (ExemptProtective) isProtectiveCommand()  {}
func (ReleaseProtective) isProtectiveCommand() {}
func (NotifySubject) isProtectiveCommand()     {}
func (ProtectiveSent) isProtectiveCommand()    {}
func (AnswerProtective) isProtectiveCommand()  {}
func (ExpireProtected) isProtectiveCommand()   {}
func (CapReached) isProtectiveCommand()        {}
func (LiftAgain) isProtectiveCommand()         {}

// ProtectiveWord reads what a bank says to an order as what it says to one of a
// protective stop: banks answer both alike.
func ProtectiveWord(cmd AccountCommand) (ProtectiveCommand, bool) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // banks say nothing else to a stop
	case MarkSent:
		return ProtectiveSent(cmd), true
	case AnswerStop:
		return AnswerProtective{
			Order: cmd.Order, Done: cmd.Done, ResultCode: cmd.ResultCode, Cause: cmd.Cause, ExecutedAt: cmd.ExecutedAt,
			BankExpires: cmd.BankExpires, Balance: max(cmd.BalanceBefore, 0), At: cmd.At,
		}, true
	}
	return nil, false
}
