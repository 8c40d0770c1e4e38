package rest

import (
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// Codes are for programs. Beside each code that a person reads stands what it says
// in Chinese: "" for none, and the code itself where there is no word for it.

func word(names map[string]string, code string) string {
	if name, known := names[code]; known || code == "" {
		return name
	}
	return code
}

// orderStateName says where an order stands.
func orderStateName(s domain.OrderState) string {
	if name := stateName(flow.State(s)); name != "" {
		return name
	}
	return string(s)
}

// causeName says why something failed, was refused or ended.
func causeName(code string) string {
	name := chart.CauseName(code)
	if name != code {
		return name
	}
	if name = word(map[string]string{
		bank.Queued: "已有在先冻结，轮候", bank.Ended: "原措施已失效", bank.UnknownOrder: "原申请编号不存在", "lapsed": "已到期失效", "after-release": "解除后才反馈",
	}, code); name != code {
		return name
	}
	for _, r := range domain.Rules() { // a refusal of the service's own
		if r.Code == code && code != "" {
			return r.ZH
		}
	}
	return name
}

// queryName says what a bank was asked.
func queryName(tx string) string {
	return word(map[string]string{bank.TxQuery: "交易明细查询", bank.TxHolderQuery: "持卡主体查询", bank.TxAllAccounts: "客户全账户查询"}, tx)
}

// accountStateName says in which state a bank says an account is.
func accountStateName(code string) string {
	return word(map[string]string{bank.StateNormal: "正常", bank.StateStopped: "止付", bank.StateFrozen: "冻结", bank.StateClosed: "销户"}, code)
}

// withheldName says why the chase gives no order.
func withheldName(code string) string { return chart.WithheldName(code) }

// inWords adds to an order what its codes say.
func (r orderRow) inWords() orderRow {
	r.KindText, r.StateText, r.CauseText = orderKindName(r.Kind), orderStateName(r.State), causeName(r.Cause)
	return r
}

// orderKindName says what an order asks for.
func orderKindName(kind string) string {
	return word(map[string]string{
		"stop": "止付", "second-stop": "再次止付", "lift": "解除止付", "narrowing": "缩减止付金额", "raise": "提高止付金额",
		"freeze": "冻结", "renewal": "续冻", "release": "解冻", "query": "查询",
	}, kind)
}

// protectiveStateName says where a protective stop stands.
func protectiveStateName(s domain.ProtectiveState) string {
	return word(map[string]string{
		string(domain.ProtectiveWaiting): "待审批", string(domain.ProtectiveActive): "已批准", string(domain.ProtectiveRejected): "审批驳回",
		string(domain.ProtectiveReleasing): "解除中，待银行放款", string(domain.ProtectiveEnded): "已解除或到期",
	}, string(s))
}

// reachName says whether a bank's machine can be reached.
func reachName(state string) string {
	return word(map[string]string{"reachable": "可连接", "unreachable": "无法连接"}, state)
}

// deliveryCauseName says why an order could not be brought to a bank's machine.
func deliveryCauseName(code string) string {
	return word(map[string]string{
		"timeout": "超时无应答", "refused": "拒绝连接", "tls": "证书或握手不符", "status": "返回异常状态", "malformed": "回执无法读取", "signature": "签名未能验证",
	}, code)
}

// findingName says what sort of finding one of the list is.
func findingName(kind string) string {
	return word(map[string]string{
		"bank-discrepancy": "反馈差异", "stray-answer": "无主反馈", "strays-dropped": "无主反馈过多，部分未登记", "delivery-failed": "指令送达失败",
	}, kind)
}

// codeName says what the code of a finding says.
func codeName(kind, code string) string {
	switch kind {
	case "bank-discrepancy":
		return discrepancyName(code)
	case "delivery-failed":
		return deliveryCauseName(code)
	}
	return causeName(code)
}

// discrepancyName says what does not fit in an answer. docs/api.md tells of each
// what counts all the same.
func discrepancyName(kind string) string {
	return word(map[string]string{
		domain.ExpiryDiffers: "到期时间与本系统不一致", domain.ExecutedImplausible: "执行时间不可信", domain.BalanceNegative: "余额为负", domain.AmountNegative: "金额为负",
		domain.AnswerDiffers: "重复反馈内容不一致且未注明更正", domain.AnswerContradicts: "反馈自相矛盾", domain.AnswerLate: "措施到期后才反馈", domain.AnswerWithdrawn: "更正称从未执行",
		domain.ExecutedAfterFailure: "先反馈未能执行，后反馈已执行", domain.ExecutedAfterRelease: "冻结结束或撤回后仍被执行", domain.RenewedAfterEnd: "冻结结束后续冻",
		domain.RenewalToldLate: "到期前已续冻但到期后才反馈", domain.ReleasedDiffers: "解除金额与指令不一致",
		domain.EndedAtBank: "措施在银行已结束", domain.UnknownAtBank: "银行查无该措施", domain.RepeatsEnded: "多次申请解除或解冻未成，不再自动申请",
		domain.StatementUnbalanced: "明细收支不平", domain.StatementIncomplete: "明细不完整", domain.StatementConflicts: "与该账户其他明细冲突", domain.StatementTooLong: "明细过长",
		domain.TransferBeforeInflow: "转出早于所依据的转入", domain.InflowMissing: "明细中没有追踪到的转入", domain.RowOrder: "明细行次序颠倒", domain.RowDuplicate: "明细行重复",
		domain.RowCurrency: "明细行为其他币种", domain.RowUnreadable: "明细行无法读取", domain.CounterpartyMissing: "转出未注明对方账户", domain.TooLarge: "内容过多，超出部分未登记",
		domain.AmountAbsurd: "金额超出合理范围", domain.SelfTransfer: "转给本账户", domain.CycleInstant: "同一时刻转出又转回", domain.TextUnreadable: "应填代码或机关名称处为自由文字",
		domain.HeldDiffers: "控制金额与申请不一致", domain.ScopeWider: "申请金额止付而银行控制全部",
		"applied-differs": "申请冻结金额不一致", "frozen-above-balance": "冻结金额高于余额或申请金额", "second-freeze": "该账户已有冻结", "balance-moved": "余额有变动",
		domain.ExecutedAfterLift: "解除后仍被执行", domain.HoldsAfterEnd: "措施结束后银行仍在控制",
	}, kind)
}
