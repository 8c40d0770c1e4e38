package rest

import (
	"fmt"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// inChinese writes an explanation as an officer would tell it.
func (a API) inChinese(x explanation) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	what := map[flow.MeasureKind]string{flow.Stop: "止付", flow.Freeze: "冻结"}[x.Kind]
	say("为何%s该账户：%s（%s，%s，第 %d 级账户）", what, x.Number, holder(x.Holder), a.bankName(x.Bank), x.Level)
	if x.Asked != "" {
		change := map[string]string{"raise": "提高止付金额", "lift": "解除止付", "renewal": "续冻", "release": "解冻"}[x.Change]
		say("指令 %s 是对下述指令的%s。", x.Asked, change)
	}
	if x.Ordinal > 1 {
		what = "再次" + what
	}
	state := stateName(x.State)
	if x.Cause != "" {
		state += "（" + chart.CauseName(x.Cause) + "）"
	}
	say("%s 申请%s，指令 %s；截至 %s，%s。", clock(x.RequestedAt), what, x.Order, clock(x.At), state)
	say("下令依据：%s。", a.basis(x))
	say("经办人 %s，协查人 %s；%s。", officer(x.Operator), officer(x.Investigator), a.approval(x))
	say("法律依据：%s。", strings.Join(x.Articles, "；"))
	say("到达该账户的涉案资金 %s 元，现在账户上认定为涉案的 %s 元。", x.Reached, x.Attributable)
	if len(x.Paths) == 0 {
		say("没有已证实的转账路径。")
	}
	for n, path := range x.Paths {
		say("资金路径 %d：", n+1)
		for i, s := range path {
			say("  %d. %s %s → %s，%s 元，其中涉案 %s 元%s；%s。", i+1, clock(s.At), a.end(s.FromBank, s.FromNumber, s.FromHolder),
				a.end(s.ToBank, s.ToNumber, s.ToHolder), s.Amount, s.Carried, serial("，流水号 ", s.Serial), shownBy(s))
		}
	}
	if x.More {
		say("另有更多路径，见资金流向图。")
	}
	return b.String()
}

// basis tells by which rule the order was given.
func (a API) basis(x explanation) string {
	switch x.Basis {
	case flow.Automatic:
		text := "资金追踪在本市追踪策略内自动下达"
		if x.Policy != nil {
			text += fmt.Sprintf("（现行策略：至多 %d 级，单户涉案不低于 %s 元，认定方法 %s）", x.Policy.MaxLevel, x.Policy.MinAmount, x.Policy.Method)
		}
		if x.ParentOrder != "" {
			text += "，上级指令 " + string(x.ParentOrder)
		}
		return text
	case flow.Manual:
		return "民警人工下达"
	case flow.Renewed:
		return "首次止付后由民警申请再次止付"
	case flow.Approval:
		return "立案后由公安机关负责人批准冻结，协助冻结财产通知书 " + x.NoticeNo
	}
	return string(x.Basis)
}

// approval tells who approved, and under what.
func (a API) approval(x explanation) string {
	switch {
	case x.Approver == nil:
		return "尚未审批"
	case x.Standing != nil:
		s := x.Standing
		return fmt.Sprintf("依 %s 的常设批准 %s 于 %s 自动通过（单笔不超过 %s 元，不超过 %d 级，%s 至 %s 有效）",
			officer(s.By), s.Approval, clock(x.ApprovedAt), s.MaxAmount, s.MaxLevel, clock(s.From), clock(s.Until))
	case x.standing != "":
		return fmt.Sprintf("依 %s 的常设批准 %s 于 %s 自动通过", officer(*x.Approver), x.standing, clock(x.ApprovedAt))
	}
	return fmt.Sprintf("%s 于 %s 审批通过", officer(*x.Approver), clock(x.ApprovedAt))
}

// shownBy tells where a transfer is known from.
func shownBy(s explainedStep) string {
	row := ""
	if s.Evidence != nil {
		row = fmt.Sprintf("指令 %s 反馈明细中 %s 的一行%s，该行余额 %s 元", s.Evidence.Order, clock(s.Evidence.Row.At), serial("（流水号 ", s.Evidence.Row.Serial)+closing(s.Evidence.Row.Serial), s.Evidence.Row.Balance)
	}
	switch {
	case s.Declared && row != "":
		return "被害人申报，收款行证实：" + row
	case s.Declared:
		return "被害人申报，收款行尚未证实"
	case s.Manual:
		return "民警人工指令所依据，银行明细尚未证实"
	case row != "":
		return "付款行证据：" + row
	}
	return "付款行权属认定"
}

func closing(s string) string {
	if s == "" {
		return ""
	}
	return "）"
}

// inEnglish says the same in English, shorter.
func (a API) inEnglish(x explanation) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Why the %s of account %s (level %d): order %s of %s, state %s at %s (Asia/Shanghai).", x.Kind, x.Number, x.Level, x.Order, clock(x.RequestedAt), x.State, clock(x.At))
	if x.Asked != "" {
		say("Order %s is a %s of it.", x.Asked, x.Change)
	}
	basis := map[flow.Basis]string{
		flow.Automatic: "by the chase itself, within the city's policy", flow.Manual: "by officers", flow.Renewed: "second stop, by officers",
		flow.Approval: "approved by a chief after filing, notice " + x.NoticeNo,
	}[x.Basis]
	approved := "not approved yet"
	if x.Approver != nil {
		approved = "approved by " + x.Approver.PoliceNo + " at " + clock(x.ApprovedAt)
		if x.standing != "" {
			approved += " under standing approval " + string(x.standing)
		}
	}
	say("Given %s; operator %s, investigator %s; %s.", basis, x.Operator.PoliceNo, x.Investigator.PoliceNo, approved)
	say("Of this case %s yuan reached the account, %s yuan are attributed on it.", x.Reached, x.Attributable)
	for n, path := range x.Paths {
		say("Path %d:", n+1)
		for i, s := range path {
			from := "bank's rows"
			if s.Declared {
				from = "declared by the victim"
			}
			if s.Manual {
				from = "named by an officer"
			}
			say("  %d. %s %s -> %s, %s yuan, of this case %s%s (%s).", i+1, clock(s.At), s.FromNumber, s.ToNumber, s.Amount, s.Carried, serial(", serial ", s.Serial), from)
		}
	}
	if x.More {
		say("There are more paths.")
	}
	return b.String()
}

func (a API) bankName(code identity.BankCode) string {
	if named, ok := a.App.City.Banks.Lookup(code); ok {
		return named.Short
	}
	return string(code)
}

func (a API) end(bank identity.BankCode, number, name string) string {
	return fmt.Sprintf("%s %s（%s）", a.bankName(bank), number, holder(name))
}

func holder(name string) string {
	if name == "" {
		return "户名不详"
	}
	return name
}

func officer(o event.Officer) string { return "警号 " + o.PoliceNo }

func serial(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

// clock writes a time for people, in Asia/Shanghai.
func clock(t time.Time) string { return t.In(identity.Shanghai()).Format(time.DateTime) }

func stateName(s flow.State) string {
	names := map[flow.State]string{
		flow.Waiting: "待审批", flow.Approved: "已批准", flow.Sent: "银行已接收", flow.Executed: "已执行", flow.Queued: "轮候",
		flow.Failed: "未能执行", flow.Rejected: "审批驳回", flow.Lapsed: "到期失效", flow.Lifted: "已解除",
	}
	return names[s]
}
