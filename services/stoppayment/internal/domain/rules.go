package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// Numbers of the law.
const (
	// StopWindow is how long a bank holds the money without a filed case,
	// from the moment it carried the stop out (银发〔2016〕86号 §2).
	StopWindow = 48 * time.Hour
	// MaxStops is how often the same account may be stopped in one case by one
	// agency (银发〔2016〕86号 §2: 止付次数以两次为限).
	MaxStops = 2
	// MaxFreezeMonths is the longest term a county can give (程序规定 art. 243).
	MaxFreezeMonths = 6
	// ClockSkew is how far a bank's clock may go apart from ours.
	ClockSkew = 5 * time.Minute
)

// Rules of stop, freeze and chase.
var (
	ErrTwoOfficers     = rule.New("two-officers-required", "须由两名民警（经办人、协查人）共同办理，且不得为同一人", "two different officers with police IDs are required, operator and investigator", "银发〔2016〕86号; 41号 art. 10").As(rule.Invalid)
	ErrNoOrder         = rule.New("order-unknown", "没有此指令", "there is no such order", "").As(rule.NotFound)
	ErrNotApproved     = rule.New("order-not-approved", "指令未经审批，不得执行", "the order has not been approved", "银发〔2016〕86号")
	ErrSelfApproval    = rule.New("approver-is-operator", "审批人不得为经办人或协查人", "the approver may be neither officer of the order", "").As(rule.Forbidden)
	ErrDecided         = rule.New("order-decided-already", "该指令已审批", "the order has been decided already", "")
	ErrFailedFinal     = rule.New("order-failed-final", "该指令已反馈失败，须重新申请", "the order failed for good; a corrected order is needed", "银发〔2016〕86号 §2")
	ErrAnswered        = rule.New("order-answered-differently", "该指令已有不同的反馈", "the order has been answered differently already", "")
	ErrStoppedAlready  = rule.New("account-stopped-already", "该案件对此账户的止付正在办理或生效", "a stop of this case on this account is under way or in force", "")
	ErrThirdStop       = rule.New("third-stop", "同一账户止付以两次为限", "the same account may be stopped twice at most", "银发〔2016〕86号 §2")
	ErrNoFirstStop     = rule.New("first-stop-not-executed", "首次止付尚未执行，不能再次止付", "the first stop has not been carried out", "银发〔2016〕86号 §2")
	ErrFrozenAlready   = rule.New("account-frozen-already", "账户已冻结，无需止付", "the account is frozen already", "银发〔2016〕86号 §2")
	ErrChainParent     = rule.New("chain-parent-missing", "延伸止付须载明上级指令与转账依据", "a chain order names its parent order and source transfer", "银发〔2016〕86号")
	ErrChainTime       = rule.New("chain-time-order", "转账时间早于上级资金到账时间", "the transfer is earlier than the money's arrival at the parent", "银发〔2016〕86号")
	ErrChainAmount     = rule.New("chain-amount", "转账金额须大于零", "the transfer amount must be greater than zero", "银发〔2016〕86号").As(rule.Invalid)
	ErrExecutedAt      = rule.New("executed-at-missing", "反馈缺少止付（冻结）时点", "the answer lacks the time of execution", "银发〔2016〕86号 §2").As(rule.Invalid)
	ErrExecutedWhen    = rule.New("executed-at-implausible", "止付（冻结）时点早于指令或晚于当前时间", "the time of execution lies before the order or in the future", "银发〔2016〕86号 §2").As(rule.Invalid)
	ErrNegative        = rule.New("amount-negative", "金额不得为负", "an amount may not be negative", "").As(rule.Invalid)
	ErrCause           = rule.New("failure-cause-unknown", "未知的失败原因代码", "unknown code of a failure cause", "").As(rule.Invalid)
	ErrTooManyRows     = rule.New("transactions-too-many", "单页反馈交易明细超过上限", "a page holds more rows than it may", "").As(rule.Invalid)
	ErrNotFiled        = rule.New("case-not-filed", "案件未立案，不得冻结", "money can be frozen only in a filed case", "程序规定 art. 174, 178")
	ErrFreezeLevel     = rule.New("freeze-approver-level", "冻结须经县级以上公安机关负责人批准", "a chief of county level or above approves a freeze", "程序规定 art. 239").As(rule.Forbidden)
	ErrFreezeTerm      = rule.New("freeze-term", "冻结期限超过法定上限：存款六个月（重大、复杂案件经设区的市级以上批准一年），证券二年，股权六个月", "the term exceeds the law's: six months for a deposit (one year in a grave case approved at city level), two years for securities, six months for equity", "程序规定 art. 243–245").As(rule.Invalid)
	ErrGraveLevel      = rule.New("freeze-grave-level", "超过六个月的冻结须经设区的市级以上公安机关负责人批准，且案件重大、复杂", "a freeze beyond six months takes a chief of city level or above, in a grave or complex case", "程序规定 art. 243").As(rule.Forbidden)
	ErrAsset           = rule.New("freeze-asset-unknown", "未知的财产种类", "unknown kind of asset", "程序规定 art. 243–245").As(rule.Invalid)
	ErrNotChased       = rule.New("account-not-chased", "该账户不在本案资金链中", "the account is not part of this chase", "").As(rule.Invalid)
	ErrFreezeOpen      = rule.New("freeze-under-way", "本案对此账户的冻结正在办理或生效", "a freeze of this case on this account is under way or in force", "程序规定 art. 242")
	ErrNothingToFreeze = rule.New("freeze-nothing-left", "本案没有尚未下达冻结的账户；再次冻结须指明账户", "no account of the case is left without a freeze; to freeze one again, name it", "程序规定 art. 242")
	ErrReleaseTooMuch  = rule.New("released-above-frozen", "解冻金额超过冻结余额", "more is released than is frozen", "程序规定 art. 241").As(rule.Invalid)
	ErrReleaseCause    = rule.New("release-cause-unknown", "未知的解冻原因", "unknown cause of a release", "程序规定 art. 241").As(rule.Invalid)
	ErrRenewalOpen     = rule.New("renewal-under-way", "续冻正在办理", "a renewal is under way", "程序规定 art. 240")
	ErrCourtPaper      = rule.New("court-document-missing", "缺少法院名称或文书号", "the court or its document is missing", "").As(rule.Invalid)
	ErrNoticeNumber    = rule.New("freeze-notice-missing", "缺少协助冻结财产通知书文号", "the number of the freeze notice is missing", "程序规定 art. 239").As(rule.Invalid)
	ErrNoFreeze        = rule.New("freeze-not-in-force", "账户没有生效的冻结", "no freeze is in force on the account", "")
	ErrReturnTooMuch   = rule.New("returned-above-frozen", "返还金额超过冻结余额", "more is returned than is frozen", "41号 art. 8")
	ErrNoPursuit       = rule.New("pursuit-unknown", "没有此案件的追踪", "there is no chase for this case", "").As(rule.NotFound)
	ErrNoAccount       = rule.New("account-unknown", "没有此账户的记录", "nothing is known of this account", "").As(rule.NotFound)
	ErrNoParent        = rule.New("parent-account-unknown", "上级账户不在本案资金链中", "the parent account is not part of the chase", "银发〔2016〕86号").As(rule.Invalid)
	ErrOtherBank       = rule.New("order-of-another-bank", "该指令属于其他银行", "the order is for another bank", "").As(rule.Forbidden)
	ErrShiftLeader     = rule.New("standing-approval-limits", "常设批准须有金额（不超过一万亿元）、层级（不超过 50）上限与有效期（不超过 31 天）", "a standing approval has an amount (at most 10^12 yuan), a level (at most 50) and a term of at most 31 days", "").As(rule.Invalid)
	ErrNoSheet         = rule.New("sheet-unknown", "没有这一页；页码须与纸张（paper）同用", "there is no such sheet; a sheet goes with paper", "").As(rule.Invalid)
	ErrNoApproval      = rule.New("standing-approval-unknown", "没有此常设批准", "there is no such standing approval", "").As(rule.NotFound)
)

// Rules lists them for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrTwoOfficers, ErrNoOrder, ErrNotApproved, ErrSelfApproval, ErrDecided, ErrFailedFinal, ErrAnswered, ErrStoppedAlready, ErrThirdStop,
		ErrNoFirstStop, ErrFrozenAlready, ErrChainParent, ErrChainTime, ErrChainAmount, ErrExecutedAt, ErrExecutedWhen, ErrNegative, ErrCause,
		ErrTooManyRows, ErrNotFiled, ErrFreezeLevel, ErrFreezeTerm, ErrGraveLevel, ErrAsset, ErrNotChased, ErrFreezeOpen, ErrNothingToFreeze, ErrReleaseTooMuch, ErrReleaseCause, ErrRenewalOpen, ErrCourtPaper, ErrNoticeNumber, ErrNoFreeze, ErrReturnTooMuch, ErrNoPursuit, ErrNoAccount,
		ErrNoParent, ErrOtherBank, ErrShiftLeader, ErrNoApproval, ErrPurpose, ErrOtherUnit, ErrNoSheet,
	} {
		rules = append(rules, v.Rule)
	}
	return slices.Concat(rules, orderRules(), remedyRules(), protectiveRules(), ledgerRules())
}
