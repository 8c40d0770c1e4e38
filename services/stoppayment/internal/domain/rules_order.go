package domain

import "github.com/yuanlu/yuanlu/libs/rule"

// Rules of lifts, amounts, papers and approvers.
var (
	ErrLiftCause   = rule.New("lift-cause-unknown", "未知的解除原因", "unknown cause of a lift", "").As(rule.Invalid)
	ErrLiftOpen    = rule.New("lift-under-way", "该止付的缩减正在办理", "a reduction of this stop is under way", "")
	ErrNotInForce  = rule.New("stop-not-in-force", "止付尚未执行，只能全部撤回，不能缩减金额", "the stop has not been carried out: it can be withdrawn, not reduced", "")
	ErrKeep        = rule.New("lift-keep", "缩减后的金额须小于现止付金额，且不超过查明流入账户的涉案金额", "what is kept is less than what is held now and no more than was traced to the account", "银发〔2016〕86号").As(rule.Invalid)
	ErrScopeAmount = rule.New("stop-amount", "金额止付的金额须大于零，且不超过查明流入账户的涉案金额", "the amount of a stop is greater than zero and no more than was traced to the account", "银发〔2016〕86号").As(rule.Invalid)
	ErrNotSuperior = rule.New("approver-not-superior", "审批人须属该指令的承办单位或其上级单位", "the approver belongs to the order's own unit or one superior to it", "").As(rule.Forbidden)
	ErrAuthority   = rule.New("freeze-authority", "续冻、解冻须由不低于批准该冻结（或最近一次续冻）级别的负责人批准", "a renewal or a release takes a chief of at least the level that approved the freeze or its last renewal", "程序规定 art. 240, 241").As(rule.Forbidden)
	ErrForeignUnit = rule.New("order-of-another-unit", "经办人须属该指令的承办单位或其上级单位", "the officer belongs to the order's own unit or one superior to it", "").As(rule.Forbidden)
	ErrTakenBack   = rule.New("stop-taken-back", "本案对此账户的止付已经查明无关、有误或异议成立而解除，不得再次止付", "a stop of this case on this account was lifted as unrelated, wrong or on an objection; there is no second one", "程序规定 art. 247")
	ErrNotNarrower = rule.New("standing-approval-not-narrower", "常设批准只能收窄：金额、层级、有效期均不得高于原限，且至少一项更低", "a standing approval can only be narrowed: no limit may rise and one at least must fall", "").As(rule.Invalid)
	ErrNoPaper     = rule.New("paper-order-unknown", "后补（04、05）指令须引用本案对此账户已登记的纸质或电话止付", "an order of type 04 or 05 names a paper or telephone order registered for this case and account", "银发〔2016〕86号").As(rule.Invalid)
	ErrPaperUsed   = rule.New("paper-order-used", "该登记已有后补指令或后补材料", "an order or papers have followed this registration already", "")
	ErrPaperLate   = rule.New("paper-order-expired", "后补期限已过，止付须解除", "the term for the papers has passed; what it stopped is to be lifted", "") // the term is the city's own (K)
	ErrPaperNumber = rule.New("paper-document-missing", "缺少后补材料文号", "the number of the papers is missing", "").As(rule.Invalid)
	// ErrProtectiveWhole is that the accounts of a protective stop are not approved one by one.
	ErrProtectiveWhole = rule.New("protective-approved-as-a-whole", "保护性止付须整单审批，不得逐户审批", "a protective stop is approved as a whole, not account by account", "")
	ErrNamedTwice      = rule.New("order-named-twice", "同一指令重复列出", "an order is named twice", "").As(rule.Invalid)
	ErrPaperStood      = rule.New("paper-order-followed", "该登记已由系统内的止付或冻结接续，请对该指令办理", "an order by the channel stands in the place of this telephone or paper order: act on that one", "")
	ErrAskedLong       = rule.New("paper-asked-too-long-ago", "登记的通知时间过早：自该时间起算的后补期限已过，请核对日期，或另行办理止付", "the bank was asked so long ago that the term for the papers has passed: check the date, or order a new stop", "").As(rule.Invalid)
	ErrScopeBoth       = rule.New("stop-scope-contradiction", "全额止付不得写明金额；须限定金额的，止付范围应为金额止付（AMOUNT）", "a stop of the whole account names no amount; with an amount the scope is AMOUNT", "").As(rule.Invalid)
	ErrAskedAt         = rule.New("paper-asked-at", "登记的通知时间不得晚于当前时间或后补期限", "the bank cannot have been asked in the future or after the term for the papers", "").As(rule.Invalid)
)

// orderRules lists them.
func orderRules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrLiftCause, ErrLiftOpen, ErrNotInForce, ErrKeep, ErrScopeAmount, ErrNotSuperior, ErrForeignUnit, ErrTakenBack, ErrAuthority, ErrNotNarrower, ErrNoPaper, ErrPaperUsed, ErrPaperLate, ErrPaperNumber, ErrAskedAt, ErrPaperStood, ErrAskedLong, ErrScopeBoth, ErrNamedTwice, ErrProtectiveWhole,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}
