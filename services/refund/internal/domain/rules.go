package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// Numbers of the law and of the house.
const (
	// NoticeDays is how many full days, Asia/Shanghai, a proportional plan is
	// on public notice (41号 art. 8).
	NoticeDays = 30
	// FormulaVersion names the formula of art. 8(3) as this build works it out.
	FormulaVersion = "41-8-3/largest-remainder/v1"
	// MaxFlowRows bounds a flow table, so that it fits into one append.
	MaxFlowRows = 400
	// ClockSkew is how far a bank's clock may go apart from ours.
	ClockSkew = 5 * time.Minute
	// MaxClaims bounds a procedure: as many as a report declares transfers.
	MaxClaims = 200
	// MaxObjections bounds what one procedure takes in.
	MaxObjections = 200
	// MaxReceipt bounds the number of a bank's receipt, in bytes.
	MaxReceipt = 64
)

// Rules of a refund.
var (
	ErrNoProcedure     = rule.New("refund-unknown", "没有此返还程序", "there is no such refund procedure", "").As(rule.NotFound)
	ErrNotFrozen       = rule.New("refund-not-frozen", "仅可返还已冻结的涉案资金，止付资金不得返还", "only frozen money can be returned, never money that is merely stopped", "41号 art. 2; 170号 art. 2-3")
	ErrClaimUndeclared = rule.New("claim-undeclared", "权属份额没有对应的申报转账", "a lot on the account belongs to no declared transfer", "41号 art. 6")
	ErrTooManyClaims   = rule.New("claims-too-many", "返还请求权数量超出上限", "the account has more claims than a procedure takes", "")
	ErrTotal           = rule.New("amount-total-overflow", "转账合计金额超出范围", "the transfers add up to more than can be", "").As(rule.Invalid)
	ErrVictim          = rule.New("victim-not-of-refund", "该人不是此账户资金的被害人", "this person has no claim on the account", "41号 art. 6").As(rule.Invalid)
	ErrCode            = rule.New("code-malformed", "应为小写代码，不得填写自由文本", "a code of lower-case letters, digits and hyphens is asked for, not prose", "").As(rule.Invalid)
	ErrClaim           = rule.New("claim-unknown", "该被害人没有此笔转账的返还请求权", "this victim has no claim by this transfer on the account", "41号 art. 6").As(rule.Invalid)
	ErrTwoOfficers     = rule.New("two-officers-required", "须由两名民警（经办人、协查人）共同办理，且不得为同一人", "two different officers with police IDs are required, operator and investigator", "银发〔2016〕86号; 41号 art. 10").As(rule.Invalid)
	ErrPayeeNotOrig    = rule.New("payee-not-original", "应返还至原转出账户；确不可用的须说明理由（closed、lost、frozen）", "the money goes back to the original out-account; another one needs a reason (closed, lost, frozen)", "41号 art. 6").As(rule.Invalid)
	ErrPayeeNotOwn     = rule.New("payee-not-own", "替代收款账户须为被害人本人账户", "another payee account must be in the victim's own name", "41号 art. 6").As(rule.Invalid)
	ErrApprovedAlready = rule.New("refund-approved-already", "返还已批准，方案及其依据不得变更", "the refund has been approved; neither the plan nor what it rests on can change", "41号 art. 6")
	ErrSelfCheck       = rule.New("checker-is-compiler", "资金流向表的复核人不得为编制人", "the flow table is checked by another officer than the one who compiled it", "41号 art. 7").As(rule.Invalid)
	ErrFlowIncomplete  = rule.New("flow-table-incomplete", "资金流向表未连通被害人账户与冻结账户", "the flow table does not lead from each victim's account to the frozen one", "41号 art. 7")
	ErrFlowTooLong     = rule.New("flow-table-too-long", "资金流向表不得超过 400 行", "a flow table has at most 400 rows", "")
	ErrNotInformed     = rule.New("victim-not-informed", "尚未将冻结情况告知全部被害人", "not every victim has been told of the freeze", "41号 art. 6")
	ErrNotApplied      = rule.New("application-missing", "尚无被害人提出返还申请", "no victim has applied for the refund", "41号 art. 6")
	ErrNoFlowTable     = rule.New("flow-table-missing", "尚未编制资金流向表", "there is no flow table yet", "41号 art. 6-7")
	ErrNothing         = rule.New("nothing-to-return", "按方案无可返还金额", "the plan returns nothing", "41号 art. 8")
	ErrNoPlan          = rule.New("plan-missing", "没有生效的返还方案", "there is no plan in force", "41号 art. 8")
	ErrNoticeNotAsked  = rule.New("notice-not-required", "该方案无须公告", "this plan needs no public notice", "41号 art. 8")
	ErrNoticePosted    = rule.New("notice-posted-already", "该方案已公告", "this plan has been posted already", "41号 art. 8")
	ErrNoticeRunning   = rule.New("notice-not-ended", "按比例返还须公告满三十日", "a proportional refund waits for thirty full days of public notice", "41号 art. 8")
	ErrObjectionTwice  = rule.New("objection-filed-already", "该异议已登记", "this objection has been filed already", "")
	ErrTooManyObjected = rule.New("objections-too-many", "异议数量超出上限", "the procedure takes no more objections", "")
	ErrNoObjection     = rule.New("objection-unknown", "没有此异议", "there is no such objection", "").As(rule.NotFound)
	ErrObjectionClosed = rule.New("objection-decided-already", "该异议已审查完毕", "the objection has been decided already", "")
	ErrObjectionOpen   = rule.New("objection-open", "尚有未审结的异议，不得批准返还", "an objection is open; the refund cannot be approved", "41号 art. 8")
	ErrNotReported     = rule.New("refund-not-reported", "尚未呈请返还", "the refund has not been reported for approval", "41号 art. 6")
	ErrApproverLevel   = rule.New("approver-level-city", "返还须经设区的市一级以上公安机关批准", "a chief of city level or above approves a refund", "41号 art. 6").As(rule.Forbidden)
	ErrSelfApproval    = rule.New("approver-is-reporter", "批准人不得为呈请人", "the approver may not be the one who reported", "").As(rule.Forbidden)
	ErrDecisionNumber  = rule.New("refund-decision-no-missing", "缺少返还决定书文号", "the number of the refund decision is missing", "41号 art. 6").As(rule.Invalid)
	ErrPlanChanged     = rule.New("plan-changed", "返还方案或其依据已变更，须重新提出方案", "the plan or what it rests on has changed; propose it anew", "41号 art. 8")
	ErrNotDirect       = rule.New("direct-without-proof", "直接返还须有时间戳一一对应的证明", "a direct refund needs a one-to-one proof by time stamps", "41号 art. 8")
	ErrFreezeExpired   = rule.New("freeze-expired", "冻结已到期，不得返还", "the freeze has expired", "程序规定 art. 240")
	ErrNotApproved     = rule.New("refund-not-approved", "返还尚未批准", "the refund has not been approved", "41号 art. 6, 10")
	ErrServed          = rule.New("assist-notice-served-already", "协助返还通知书已送达", "the assist notice has been served already", "41号 art. 10")
	ErrServerApproved  = rule.New("officer-is-approver", "送达民警不得为批准人", "the approver may not serve the notice", "41号 art. 10").As(rule.Invalid)
	ErrNoNotice        = rule.New("refund-notice-unknown", "没有此返还通知", "there is no such refund notice", "").As(rule.NotFound)
	ErrOtherBank       = rule.New("refund-notice-of-another-bank", "该返还通知属于其他银行", "the refund notice is for another bank", "41号 art. 12").As(rule.Forbidden)
	ErrAmountDiffers   = rule.New("refund-amount-differs", "返还金额与通知书不符", "the amount differs from that of the notice", "41号 art. 12").As(rule.Invalid)
	ErrExceedsFrozen   = rule.New("refund-exceeds-frozen", "返还合计超过冻结金额", "the refunds would add up to more than is frozen", "41号 art. 8")
	ErrPaidAlready     = rule.New("refund-paid-already", "该笔返还已有不同的回执", "this refund has been answered differently already", "41号 art. 12")
	ErrPaidWhen        = rule.New("refund-paid-implausible", "返还时间早于协助返还通知书送达时间", "the payment lies before the notice was served", "41号 art. 12").As(rule.Invalid)
	ErrReceipt         = rule.New("bank-receipt-missing", "银行回执编号缺失或过长", "the number of the bank's receipt is missing or too long", "41号 art. 12").As(rule.Invalid)
	ErrCause           = rule.New("failure-cause-unknown", "未知的失败原因代码", "unknown code of a failure cause", "").As(rule.Invalid)
)

// Rules lists them for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrNoProcedure, ErrNotFrozen, ErrClaimUndeclared, ErrTooManyClaims, ErrTotal, ErrVictim, ErrCode, ErrClaim, ErrTwoOfficers,
		ErrPayeeNotOrig, ErrPayeeNotOwn, ErrApprovedAlready, ErrSelfCheck, ErrFlowIncomplete, ErrFlowTooLong, ErrNotInformed,
		ErrNotApplied, ErrNoFlowTable, ErrNothing, ErrNoPlan, ErrNoticeNotAsked, ErrNoticePosted, ErrNoticeRunning, ErrObjectionTwice,
		ErrTooManyObjected, ErrNoObjection, ErrObjectionClosed, ErrObjectionOpen, ErrNotReported, ErrApproverLevel, ErrSelfApproval,
		ErrDecisionNumber, ErrPlanChanged, ErrNotDirect, ErrFreezeExpired, ErrNotApproved, ErrServed, ErrServerApproved, ErrNoNotice,
		ErrOtherBank, ErrAmountDiffers, ErrExceedsFrozen, ErrPaidAlready, ErrPaidWhen, ErrReceipt, ErrCause,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}
