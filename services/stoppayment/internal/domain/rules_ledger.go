package domain

import (
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Bounds of a bank's statement.
const (
	// MaxRows bounds the rows of one answer.
	MaxRows = 5_000
	// MaxParts bounds how many parts a statement comes in, and with
	// [bank.RowsPerAnswer] rows in each the rows that an account is attributed by.
	MaxParts = 64
	// maxManualParts bounds what one proposal can say by hand.
	maxManualParts = 200
	// maxManualLots bounds the lots of all its parts.
	maxManualLots = 1_000
	// maxProposals bounds how many may wait for a second signature.
	maxProposals = 50
)

// Rules of the money ledger and of queries.
var (
	ErrMethod        = rule.New("attribution-method-unknown", "未知的认定方法", "unknown method of attribution", "41号 art. 7–8").As(rule.Invalid)
	ErrMethodReason  = rule.New("attribution-reason-missing", "不按时间戳认定须载明理由", "a method other than the time stamps takes a reason", "41号 art. 8(3)").As(rule.Invalid)
	ErrMethodTaken   = rule.New("attribution-method-of-another-case", "其他案件已为该账户选定认定方法，一个账户只能有一种", "another case has chosen this account's method; an account has one", "41号 art. 11")
	ErrNotAttributed = rule.New("account-not-attributed", "该账户尚无权属认定", "nothing is attributed on this account yet", "")
	ErrBasis         = rule.New("attribution-outdated", "权属认定已更新，请按最新版本重新提出", "the attribution has been revised since", "")
	ErrManualSum     = rule.New("manual-sum", "人工认定的份额之和须等于余额或该笔流出金额", "the lots of a manual attribution must add up to the balance, or to the outflow", "").As(rule.Invalid)
	ErrManualOwner   = rule.New("manual-owner", "人工认定的资金须来自已流入该账户的被害人资金，且流入等于留存加流出", "a manual attribution gives only to owners whose money reached the account, and of each as much as came in", "").As(rule.Invalid)
	ErrManualOutflow = rule.New("manual-outflow-unknown", "该账户没有此笔流出", "the account has no such outflow", "").As(rule.Invalid)
	ErrManualSize    = rule.New("manual-too-long", "一次人工认定须有 1 至 200 项、至多 1000 份，待确认的至多 50 件", "a manual attribution has 1 to 200 parts of at most 1000 lots, and at most 50 of them wait for a signature", "").As(rule.Invalid)
	ErrNoProposal    = rule.New("proposal-unknown", "没有此人工认定", "there is no such proposal", "").As(rule.NotFound)
	ErrSameSigner    = rule.New("proposal-second-signature", "确认人不得为提出人", "another officer signs than the one who proposed", "41号 art. 8").As(rule.Forbidden)
	ErrPage          = rule.New("statement-page-invalid", "页码须在 1 与总页数之间", "the page lies between 1 and the number of pages", "").As(rule.Invalid)
	ErrQueryKind     = rule.New("query-kind-unknown", "未知的查询类别或查询方式", "unknown kind or mode of a query", "程序规定 art. 237").As(rule.Invalid)
	ErrNotOfCase     = rule.New("account-not-in-case", "该账户不在所述案件的资金链中", "the account is not in the chase of the named case", "程序规定 art. 237").As(rule.Forbidden)
	ErrQueryPeriod   = rule.New("query-period", "查询期间的起点须早于终点，且不晚于当前时间", "the period of a query begins before its end, and not in the future", "").As(rule.Invalid)
)

// ledgerRules lists them.
func ledgerRules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrMethod, ErrMethodReason, ErrMethodTaken, ErrNotAttributed, ErrBasis, ErrManualSum, ErrManualOwner, ErrManualOutflow, ErrManualSize,
		ErrNoProposal, ErrSameSigner, ErrPage, ErrQueryKind, ErrNotOfCase, ErrQueryPeriod,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}
