package command

import (
	"fmt"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// ofMeasure tells of the freezes; lifts, remedies and findings are in ofRemedy.
func ofMeasure(e event.AccountEvent) []string {
	switch e := e.(type) { //nolint:gochecksumtype // ofRemedy has the others
	case event.FreezeRequested:
		return []string{order(e.Order), e.NoticeNo}
	case event.FreezeExecuted:
		return []string{order(e.Order), yuan("冻结 frozen", e.Frozen), until(e.ExpiresAt)}
	case event.FreezeQueued:
		return []string{order(e.Order), yuan("在先 before", e.FormerFrozen)}
	case event.FreezeFailed:
		return []string{order(e.Order), e.Cause}
	case event.FreezeLapsed:
		return []string{order(e.Order)}
	case event.FrozenFundsReturned:
		return []string{order(e.Order), yuan("返还 returned", e.Amount), yuan("剩余 remaining", e.Remaining)}
	case event.FreezeRenewalRequested:
		return []string{order(e.Order), e.NoticeNo, fmt.Sprintf("%d 个月 months", e.TermMonths)}
	case event.FreezeRenewed:
		return []string{order(e.Order), until(e.ExpiresAt)}
	case event.FreezeReleaseRequested:
		return []string{order(e.Order), e.Cause, yuan("解冻 release", e.Amount)}
	case event.FreezeLifted:
		return []string{order(e.Order), e.Cause}
	case event.FreezePartiallyReleased:
		return []string{order(e.Order), yuan("解冻 released", e.Amount), yuan("剩余 remaining", e.Remaining)}
	case event.FreezeFollowUpFailed:
		return []string{order(e.Order), e.Cause}
	case event.FreezePromoted:
		return []string{order(e.Order)}
	case event.FreezeExpiryWarned:
		return []string{order(e.Order), fmt.Sprintf("%d 天 days", e.Days), until(e.ExpiresAt)}
	case event.FrozenFundsTransferred:
		return []string{order(e.Order), e.Court, e.Document, yuan("划拨 taken", e.Amount), yuan("剩余 remaining", e.Remaining)}
	}
	return ofRemedy(e)
}

// ofRemedy tells of lifts, papers, objections and findings; queries and
// attributions by hand are in ofInquiry.
func ofRemedy(e event.AccountEvent) []string {
	switch e := e.(type) { //nolint:gochecksumtype // ofInquiry has the others
	case event.StopExpiryWarned:
		return []string{order(e.Order), fmt.Sprintf("%d 小时 hours", e.Hours), "待 awaits " + e.Awaits}
	case event.LiftRequested:
		return []string{order(e.Order), e.Cause, yuan("保留 keep", e.Keep)}
	case event.StopNarrowed:
		return []string{order(e.Order), yuan("止付 held", e.Held)}
	case event.LiftFailed:
		return []string{order(e.Order), e.Cause}
	case event.LiftOverdue:
		return []string{order(e.Order), "应于 due " + shanghai(e.Due), "待 awaits " + e.Awaits}
	case event.PaperOrderRegistered:
		return []string{e.Channel, account(e.Account), until(e.Due)}
	case event.PaperOrderReconciled:
		return []string{e.Document}
	case event.PaperOrderExpired:
		return []string{"应于 due " + shanghai(e.Due)}
	case event.PriorRestraintFound:
		if e.Ended {
			return []string{order(e.Order), e.Kind, e.By, "已结束 ended"}
		}
		return []string{order(e.Order), e.Kind, e.By, until(e.Until)}
	case event.HolderNotified:
		return []string{order(e.Order), e.About, e.Via}
	case event.ObjectionFiled:
		return []string{order(e.Order), e.Grounds, until(e.Due)}
	case event.ObjectionAccepted:
		return []string{"异议 objection " + short(string(e.Objection))}
	case event.ObjectionDecided:
		return []string{order(e.Order), e.Outcome, e.Reason}
	case event.ObjectionOverdue:
		return []string{"异议 objection " + short(string(e.Objection)), "应于 due " + shanghai(e.Due)}
	case event.WrongStopConfirmed:
		return []string{order(e.Order), e.Cause, yuan("损失 damage", e.Damage)}
	case event.DisproportionFound:
		return []string{order(e.Order), yuan("限制 held", e.Held), yuan("涉案 of it traced", e.Attributable)}
	case event.UnrelatedProven:
		return []string{e.Reason, until(e.Due)}
	}
	return ofInquiry(e)
}

func ofInquiry(e event.AccountEvent) []string {
	switch e := e.(type) { //nolint:gochecksumtype // the others are told of by those who call
	case event.StopAnswerCorrected:
		return []string{order(e.Order), yuan("余额 balance", e.BalanceBefore), until(e.ExpiresAt)}
	case event.OrderDeliveryFailed:
		return []string{order(e.Order), e.Cause, fmt.Sprintf("%d 次 attempts", e.Attempts)}
	case event.OutflowsAttributed:
		return []string{fmt.Sprintf("%d/%d", e.Part, e.Parts), fmt.Sprintf("%d 笔 outflows", len(e.Outflows))}
	case event.CounterpartyFound:
		return []string{yuan("金额 amount", e.Transfer.Amount), e.Basis, order(e.Order)}
	case event.AttributionMethodChosen:
		return []string{string(e.Method), e.Reason}
	case event.ManualAttributionProposed:
		return []string{e.Reason, "提出 by " + e.Officer.PoliceNo}
	case event.ManualAttributionRejected:
		return []string{e.Cause}
	case event.AccountQueryRequested:
		return []string{order(e.Order), e.TxCode}
	case event.AccountQueryAnswered:
		return []string{order(e.Order), fmt.Sprintf("%d 个账户 accounts", len(e.Accounts)), fmt.Sprintf("%d 项在先措施 measures", len(e.Measures))}
	}
	return nil
}

func ofProtective(e event.ProtectiveEvent) []string {
	switch e := e.(type) {
	case event.ProtectiveStopRequested:
		return []string{fmt.Sprintf("%d 个账户 accounts", len(e.Accounts)), e.Basis, "封顶 cap " + shanghai(e.CapAt), "责任单位 unit " + string(e.Responsible)}
	case event.ProtectiveStopApproved:
		return []string{"审批 by " + e.Approver.PoliceNo}
	case event.ProtectiveStopRejected:
		return []string{e.Reason}
	case event.ProtectiveOrderSent:
		return []string{order(e.Order), e.Channel}
	case event.ProtectiveStopApplied:
		return []string{order(e.Order), yuan("余额 balance", e.Balance), until(e.ExpiresAt)}
	case event.ProtectiveStopFailed:
		return []string{order(e.Order), e.Cause}
	case event.ProtectiveRenewalRequested:
		return []string{fmt.Sprintf("第 %d 次 no. %d", e.Ordinal, e.Ordinal), e.Reason}
	case event.ProtectiveExemptionGranted:
		return []string{e.Purpose, yuan("豁免 exempt", e.Amount)}
	case event.ProtectiveReleaseRequested:
		return []string{e.Reason}
	case event.ProtectiveStopLifted:
		return []string{order(e.Order)}
	case event.ProtectiveSubjectNotified:
		return []string{e.Reason, e.Via}
	case event.ProtectiveLiftRequested:
		return []string{fmt.Sprintf("%d 个账户 accounts", len(e.Accounts)), e.Reason}
	case event.ProtectiveObjectionFiled:
		return []string{e.Grounds, until(e.Due)}
	case event.ProtectiveObjectionDecided:
		return []string{e.Outcome, e.Reason}
	case event.ProtectiveObjectionOverdue:
		return []string{"责任单位 unit " + string(e.Unit)}
	case event.ProtectiveStopLapsed:
	}
	return nil
}

func ofShield(e event.ShieldEvent) []string {
	switch e := e.(type) {
	case event.ProtectiveAccountClaimed:
		return []string{string(e.Protective), "封顶 cap " + shanghai(e.CapAt), "责任单位 unit " + string(e.Responsible)}
	case event.ProtectiveAccountFreed:
		if e.Since.IsZero() {
			return []string{string(e.Protective)}
		}
		return []string{string(e.Protective), "自 since " + shanghai(e.Since), until(e.Until)}
	}
	return nil
}

func ofDesk(e event.DeskEvent) []string {
	switch e := e.(type) {
	case event.StrayAnswerReceived:
		told := []string{e.Reason, e.Channel}
		if e.Order != "" {
			told = append(told, order(identity.OrderID(e.Order)))
		}
		return told
	case event.StrayAnswersDropped:
		return []string{"自 since " + shanghai(e.Since)}
	case event.BankUnreachable:
		return []string{e.Cause}
	case event.BankReachable:
	}
	return nil
}
