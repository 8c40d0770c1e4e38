package command

import "maps"

// kinds are the kinds of streams, with the service that owns them.
func kinds() map[string]string {
	return map[string]string{
		"case": "接警 case", "alert": "预警 alert", "pursuit": "追踪 pursuit", "account": "账户 account",
		"refund": "返还 refund", "approval": "常设批准 approval",
		"protective": "保护性止付 protective stop", "shield": "占用 claim", "bank": "银行 bank",
	}
}

// names are the Chinese names of all stored events.
func names() map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{caseNames(), alertNames(), pursuitNames(), approvalNames(), accountNames(), measureNames(), protectiveNames(), deskNames(), refundNames()} {
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
		"first-order-overdue.v1":      "首次止付超时",
		"plaintext-viewed.v1":         "明文查看",
		"order-refused.v1":            "止付未成立",
	}
}

func approvalNames() map[string]string {
	return map[string]string{
		"standing-approval-granted.v1":  "常设批准",
		"standing-approval-revoked.v1":  "撤销常设批准",
		"standing-approval-narrowed.v1": "收窄常设批准",
		"standing-approval-expired.v1":  "常设批准到期",
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

func measureNames() map[string]string {
	return map[string]string{
		"stop-expiry-warned.v1":          "到期预警",
		"lift-requested.v1":              "解除止付申请",
		"stop-narrowed.v1":               "缩减止付金额",
		"stop-raise-requested.v1":        "提高止付金额申请",
		"stop-raised.v1":                 "提高止付金额",
		"lift-failed.v1":                 "解除止付失败",
		"lift-overdue.v1":                "解除逾期",
		"paper-order-registered.v1":      "纸质或电话止付登记",
		"paper-order-reconciled.v1":      "后补完成",
		"paper-order-expired.v1":         "后补逾期",
		"prior-restraint-found.v1":       "在先措施",
		"stop-answer-corrected.v1":       "更正反馈",
		"order-delivery-failed.v1":       "指令送达失败",
		"freeze-renewal-requested.v1":    "续冻申请",
		"freeze-renewed.v1":              "续冻成功",
		"freeze-release-requested.v1":    "解冻申请",
		"freeze-lifted.v1":               "解冻",
		"freeze-partially-released.v1":   "部分解冻",
		"freeze-follow-up-failed.v1":     "续冻或解冻失败",
		"freeze-promoted.v1":             "轮候转正",
		"freeze-expiry-warned.v1":        "冻结到期预警",
		"frozen-funds-transferred.v1":    "法院划拨",
		"holder-notified.v1":             "告知持有人",
		"holder-notice-deferred.v1":      "暂缓告知",
		"objection-filed.v1":             "异议申请",
		"objection-accepted.v1":          "异议受理",
		"objection-decided.v1":           "异议决定",
		"objection-overdue.v1":           "异议逾期",
		"wrong-stop-confirmed.v1":        "误止认定",
		"disproportion-found.v1":         "超范围提示",
		"unrelated-proven.v1":            "查明无关",
		"outflows-attributed.v1":         "权属认定续页",
		"counterparty-found.v1":          "对手账户查明",
		"attribution-method-chosen.v1":   "认定方法选定",
		"manual-attribution-proposed.v1": "人工认定提出",
		"manual-attribution-rejected.v1": "人工认定驳回",
		"account-query-requested.v1":     "查询申请",
		"account-query-answered.v1":      "查询反馈",
	}
}

func protectiveNames() map[string]string {
	return map[string]string{
		"protective-stop-requested.v1":    "保护性止付申请",
		"protective-stop-approved.v1":     "保护性止付批准",
		"protective-stop-rejected.v1":     "保护性止付驳回",
		"protective-order-sent.v1":        "发送",
		"protective-stop-applied.v1":      "保护性止付生效",
		"protective-stop-failed.v1":       "保护性止付未成",
		"protective-renewal-requested.v1": "保护性止付续期",
		"protective-exemption-granted.v1": "生活必需豁免",
		"protective-release-requested.v1": "解除保护性止付申请",
		"protective-stop-lifted.v1":       "解除保护性止付",
		"protective-stop-lapsed.v1":       "保护性止付到期",
		"protective-subject-notified.v1":  "告知当事人",
		"protective-lift-requested.v1":    "再次解除保护性止付",
		"protective-objection-filed.v1":   "异议申请",
		"protective-objection-decided.v1": "异议决定",
		"protective-objection-overdue.v1": "异议逾期",
		"protective-account-claimed.v1":   "保护性止付占用",
		"protective-account-freed.v1":     "保护性止付占用解除",
	}
}

func deskNames() map[string]string {
	return map[string]string{
		"stray-answer-received.v1": "无主反馈",
		"stray-answers-dropped.v1": "无主反馈过多",
		"bank-unreachable.v1":      "银行通道中断",
		"bank-reachable.v1":        "银行通道恢复",
	}
}
