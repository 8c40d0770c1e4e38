package command

import "maps"

// kinds are the kinds of streams, with the service that owns them.
func kinds() map[string]string {
	return map[string]string{
		"case": "接警 case", "alert": "预警 alert", "pursuit": "追踪 pursuit", "account": "账户 account",
		"refund": "返还 refund", "approval": "常设批准 approval",
	}
}

// names are the Chinese names of all stored events.
func names() map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{caseNames(), alertNames(), pursuitNames(), approvalNames(), accountNames(), refundNames()} {
		maps.Copy(all, some)
	}
	return all
}

func caseNames() map[string]string {
	return map[string]string{
		"fraud-report-received.v1":  "接警登记",
		"victim-identified.v1":      "被害人确认",
		"loss-transfer-declared.v1": "损失转账申报",
		"intake-receipt-issued.v1":  "受案回执",
		"fraud-type-classified.v1":  "类型认定",
		"case-filing-proposed.v1":   "呈请立案",
		"case-filed.v1":             "立案",
		"case-filing-declined.v1":   "不予立案",
	}
}

func alertNames() map[string]string {
	return map[string]string{
		"warning-order-imported.v1": "预警指令接收",
		"warning-graded.v1":         "预警定级",
		"warning-dispatched.v1":     "预警下发",
		"warning-signed.v1":         "预警签收",
		"contact-attempted.v1":      "联系尝试",
		"dissuasion-delivered.v1":   "劝阻实施",
		"payment-discovered.v1":     "发现已转账",
		"warning-breached.v1":       "预警超时",
		"warning-closed.v1":         "预警办结",
	}
}

func pursuitNames() map[string]string {
	return map[string]string{
		"pursuit-opened.v1":           "追踪启动",
		"downstream-account-found.v1": "下级账户发现",
		"transfer-traced.v1":          "资金续追",
		"freeze-proposed.v1":          "呈请冻结",
		"freeze-approved.v1":          "批准冻结",
	}
}

func approvalNames() map[string]string {
	return map[string]string{
		"standing-approval-granted.v1": "常设批准",
		"standing-approval-revoked.v1": "撤销常设批准",
	}
}

func accountNames() map[string]string {
	return map[string]string{
		"stop-requested.v1":         "止付申请",
		"stop-approved.v1":          "止付审核通过",
		"stop-rejected.v1":          "止付审核驳回",
		"order-sent.v1":             "指令发送",
		"stop-executed.v1":          "止付成功",
		"stop-failed.v1":            "未能止付",
		"stop-lapsed.v1":            "止付到期失效",
		"stop-lifted.v1":            "解除止付",
		"bank-discrepancy-found.v1": "反馈差异",
		"statement-received.v1":     "明细反馈",
		"inflow-traced.v1":          "流入认定",
		"funds-attributed.v1":       "权属认定",
		"freeze-requested.v1":       "冻结申请",
		"freeze-executed.v1":        "冻结成功",
		"freeze-queued.v1":          "轮候冻结",
		"freeze-failed.v1":          "冻结失败",
		"freeze-lapsed.v1":          "冻结到期失效",
		"frozen-funds-returned.v1":  "冻结资金返还",
	}
}

func refundNames() map[string]string {
	return map[string]string{
		"refund-opened.v1":             "返还程序启动",
		"victim-informed-of-freeze.v1": "冻结告知",
		"refund-applied.v1":            "返还申请",
		"flow-table-compiled.v1":       "资金流向表",
		"refund-plan-proposed.v1":      "返还方案",
		"public-notice-posted.v1":      "公告",
		"public-notice-ended.v1":       "公告期满",
		"refund-objection-filed.v1":    "提出异议",
		"refund-objection-decided.v1":  "异议审查",
		"refund-report-submitted.v1":   "呈请返还",
		"refund-approved.v1":           "返还决定",
		"refund-rejected.v1":           "不予批准返还",
		"assist-notice-served.v1":      "协助返还通知书送达",
		"refund-executed.v1":           "返还到账",
		"refund-failed.v1":             "返还失败",
		"remainder-kept-frozen.v1":     "余额续冻",
		"refund-closed.v1":             "返还办结",
	}
}
