package command

import (
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// details are the amounts, orders and clocks of an event.
func details(e event.Event) []string {
	switch e := e.(type) {
	case event.CaseEvent:
		return ofCase(e)
	case event.AlertEvent:
		return ofAlert(e)
	case event.PursuitEvent:
		return ofPursuit(e)
	case event.ApprovalEvent:
		return ofApproval(e)
	case event.AccountEvent:
		return ofAccount(e)
	case event.ProtectiveEvent:
		return ofProtective(e)
	case event.ShieldEvent:
		return ofShield(e)
	case event.DeskEvent:
		return ofDesk(e)
	case event.RefundEvent:
		return ofRefund(e)
	}
	return nil
}

func yuan(label string, f money.Fen) string { return label + " " + f.String() + " 元" }

func order(id identity.OrderID) string { return "指令 order " + short(string(id)) }

func account(a event.Account) string {
	return "账户 account " + short(string(a.ID)) + " 银行 bank " + string(a.Bank)
}

func level(n int) string { return fmt.Sprintf("%d级 level %d", n, n) }

func until(t time.Time) string { return "至 until " + shanghai(t) }

// held is what of an account is known to be victims' money.
func held(lots []event.Lot) money.Fen {
	var sum money.Fen
	for _, l := range lots {
		if l.Known() {
			sum += l.Amount // for the eye only
		}
	}
	return sum
}

func ofCase(e event.CaseEvent) []string {
	switch e := e.(type) {
	case event.FraudReportReceived:
		return []string{"渠道 channel " + e.Channel, e.Urgency, "经办 " + e.Operator.PoliceNo + " 协查 " + e.Investigator.PoliceNo}
	case event.LossTransferDeclared:
		return []string{yuan("转账 transfer", e.Transfer.Amount), "收款 to " + account(e.Transfer.To)}
	case event.IntakeReceiptIssued:
		return []string{e.ReceiptNo}
	case event.FraudTypeClassified:
		return []string{e.Code}
	case event.CaseFiled:
		return []string{string(e.CaseNo), e.DecisionNo}
	case event.CaseFilingDeclined:
		return []string{e.Reason}
	case event.VictimIdentified, event.CaseFilingProposed:
	}
	return nil
}

func ofAlert(e event.AlertEvent) []string {
	switch e := e.(type) {
	case event.WarningGraded:
		return []string{string(e.Level)}
	case event.WarningDispatched:
		return []string{"单位 unit " + string(e.To), "联系时限 contact " + until(e.ContactDue)}
	case event.ContactAttempted:
		return []string{e.Channel, e.Result}
	case event.DissuasionDelivered:
		return []string{e.State}
	case event.PaymentDiscovered:
		return []string{"案件 case " + short(string(e.Case))}
	case event.WarningBreached:
		return []string{e.Clock, "应于 due " + shanghai(e.DueAt)}
	case event.WarningClosed:
		return []string{e.Outcome}
	case event.WarningOrderImported, event.WarningSigned:
	}
	return nil
}

func ofRefund(e event.RefundEvent) []string {
	switch e := e.(type) {
	case event.RefundOpened:
		return []string{order(e.FreezeOrder), account(e.Account), yuan("冻结 frozen", e.Frozen)}
	case event.FlowTableCompiled:
		return []string{fmt.Sprintf("%d 行 rows", len(e.Rows))}
	case event.RefundPlanProposed:
		return []string{string(e.Mode), yuan("权属 attributable", e.Attributable), yuan("剩余 remainder", e.Remainder)}
	case event.PublicNoticePosted:
		return []string{until(e.EndsAt)}
	case event.RefundApproved:
		return []string{e.DecisionNo, "审批 by " + e.Approver.PoliceNo}
	case event.RefundRejected:
		return []string{e.Reason}
	case event.AssistNoticeServed:
		var sum money.Fen
		for _, p := range e.Payments {
			sum += p.Amount // for the eye only
		}
		return []string{fmt.Sprintf("%d 笔 payments", len(e.Payments)), yuan("合计 together", sum)}
	case event.RefundExecuted:
		return []string{yuan("返还 returned", e.Amount), "收款 to " + account(e.Payee)}
	case event.RefundFailed:
		return []string{e.Cause}
	case event.RemainderKeptFrozen:
		return []string{yuan("剩余 remaining", e.Amount), until(e.ExpiresAt)}
	case event.RefundClosed:
		return []string{yuan("返还 returned", e.Returned), yuan("剩余 remainder", e.Remainder)}
	case event.RefundObjectionFiled:
		return []string{e.Grounds}
	case event.RefundObjectionDecided:
		return []string{map[bool]string{true: "成立 upheld", false: "不成立 not upheld"}[e.Upheld]}
	case event.VictimInformedOfFreeze, event.RefundApplied, event.PublicNoticeEnded, event.RefundReportSubmitted:
	}
	return nil
}
