package command

import (
	"fmt"

	"github.com/yuanlu/yuanlu/api/event"
)

func ofPursuit(e event.PursuitEvent) []string {
	switch e := e.(type) {
	case event.DownstreamAccountFound:
		found := []string{level(e.Level), account(e.Account), yuan("转账 transfer", e.Source.Amount), yuan("涉案 of it traced", held(e.Lots))}
		if e.Withheld != "" {
			return append(found, "未下令 no order: "+e.Withheld)
		}
		return append(found, order(e.Order))
	case event.TransferTraced:
		return []string{yuan("转账 transfer", e.Source.Amount), yuan("涉案 of it traced", held(e.Lots))}
	case event.FreezeProposed:
		return []string{string(e.CaseNo), fmt.Sprintf("%d 个账户 accounts", len(e.Accounts))}
	case event.FreezeApproved:
		return []string{e.NoticeNo, fmt.Sprintf("%d 个账户 accounts", len(e.Targets)), fmt.Sprintf("%d 个月 months", e.TermMonths)}
	case event.FirstOrderOverdue:
		return []string{"应于 due " + shanghai(e.Due), "责任人 responsible " + e.Responsible.PoliceNo}
	case event.PlaintextViewed:
		return []string{e.What, "用途 purpose " + e.Purpose, e.User + " " + string(e.Unit)}
	case event.OrderRefused:
		return []string{order(e.Order), e.Cause}
	case event.PursuitOpened:
	}
	return nil
}

func ofApproval(e event.ApprovalEvent) []string {
	switch e := e.(type) {
	case event.StandingApprovalGranted:
		return []string{yuan("单笔上限 up to", e.MaxAmount), level(e.MaxLevel), until(e.Until)}
	case event.StandingApprovalRevoked:
		return []string{"撤销 by " + e.By.PoliceNo}
	case event.StandingApprovalNarrowed:
		return []string{yuan("单笔上限 up to", e.MaxAmount), level(e.MaxLevel), until(e.Until)}
	case event.StandingApprovalExpired:
		return []string{"常设批准 standing " + short(string(e.Approval))}
	}
	return nil
}

// ofAccount tells of stops and of whose money is where; the rest is in ofMeasure.
func ofAccount(e event.AccountEvent) []string {
	switch e := e.(type) { //nolint:gochecksumtype // ofMeasure has the others
	case event.StopRequested:
		return []string{order(e.Order), level(e.Level), account(e.Account), yuan("转账 transfer", e.Source.Amount)}
	case event.StopApproved:
		if e.Standing != "" {
			return []string{order(e.Order), "常设批准 standing " + short(string(e.Standing))}
		}
		return []string{order(e.Order), "审批 by " + e.Approver.PoliceNo}
	case event.StopRejected:
		return []string{order(e.Order), e.Reason}
	case event.OrderSent:
		return []string{order(e.Order), e.Channel}
	case event.StopExecuted:
		return []string{order(e.Order), level(e.Level), yuan("余额 balance", e.BalanceBefore), until(e.ExpiresAt)}
	case event.StopFailed:
		return []string{order(e.Order), e.Cause}
	case event.StopLapsed:
		return []string{order(e.Order)}
	case event.StopLifted:
		return []string{order(e.Order), e.Cause}
	case event.BankDiscrepancyFound:
		return []string{order(e.Order), e.Kind}
	case event.StatementReceived:
		return []string{order(e.Order), fmt.Sprintf("%d 笔 rows", len(e.Rows))}
	case event.InflowTraced:
		return []string{yuan("转账 transfer", e.Source.Amount), yuan("涉案 of it traced", held(e.Lots))}
	case event.FundsAttributed:
		return []string{string(e.Method), yuan("余额 balance", e.Balance), yuan("涉案 of it victims'", held(e.Held)), yuan("流出 left", held(e.Left))}
	}
	return ofMeasure(e)
}
