package chart

import (
	"fmt"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// The size of 万 and 亿, in fen.
const (
	wan = 10_000 * 100
	yi  = 10_000 * wan
)

// Short writes an amount as officers say it: 483万, 30.4万, 1.25亿, 8,500元. It is
// rounded to the nearest of two decimals; the exact fen stand in titles and
// tables.
func Short(f money.Fen) string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	switch {
	case f >= yi:
		return sign + scaled(f, yi) + "亿"
	case f >= wan:
		return sign + scaled(f, wan) + "万"
	case f%100 == 0:
		return sign + strings.TrimSuffix(f.String(), ".00") + "元"
	}
	return sign + f.String() + "元"
}

func scaled(f money.Fen, unit int64) string {
	hundredths := (int64(f)*2/(unit/100) + 1) / 2 // amounts lie far below the range
	text := money.Fen(hundredths).String()
	return strings.TrimSuffix(strings.TrimSuffix(text, "0"), ".0")
}

// permille writes a part of a whole in per cent, one decimal.
func permille(part, whole money.Fen) string {
	if whole <= 0 || part < 0 || part > whole {
		return "–"
	}
	share, _, err := money.Fen(1000).Share(part, whole)
	if err != nil {
		return "–"
	}
	return fmt.Sprintf("%d.%d%%", share/10, share%10)
}

// minute writes a time for the boxes, in Asia/Shanghai.
func minute(t time.Time) string { return t.In(identity.Shanghai()).Format("01-02 15:04") }

func day(t time.Time) string { return t.In(identity.Shanghai()).Format(time.DateOnly) }

func second(t time.Time) string { return t.In(identity.Shanghai()).Format(time.DateTime) }

// name is what the case is called.
func (p *painter) name() string {
	if p.in.Graph.CaseNo != "" {
		return string(p.in.Graph.CaseNo)
	}
	return string(p.in.Graph.Case)
}

// bank is the short name of a bank.
func (p *painter) bank(code identity.BankCode) string {
	if b, known := p.in.Banks.Lookup(code); known {
		return b.Short
	}
	if code == "" {
		return "未知机构"
	}
	return string(code)
}

// measured tells in a few words what restrains an account, or why nothing does.
func measured(n flow.Node) string {
	if m, frozen := n.InForce(flow.Freeze); frozen {
		return "冻结至" + day(m.Until)
	}
	if m, stopped := n.InForce(flow.Stop); stopped {
		text := "止付至" + minute(m.Until)
		if m.Ordinal > 1 {
			text = "二次" + text
		}
		if m.Held > 0 {
			text += "（限 " + Short(m.Held) + "）"
		}
		return text
	}
	if len(n.Measures) > 0 {
		m := n.Measures[len(n.Measures)-1]
		return Told(m)
	}
	switch n.Withheld {
	case "level-limit":
		return "超出追踪层级，未下指令"
	case "amount-limit":
		return "低于起点金额，未下指令"
	case "":
		return "已发现，待下指令"
	}
	return forPerson + WithheldName(n.Withheld)
}

// forPerson stands before why a person has to decide; a sign (议) says it too.
const forPerson = "待人工决定："

// Told (措施说明) says in Chinese where a measure stands.
func Told(m flow.Measure) string {
	kind := map[flow.MeasureKind]string{flow.Stop: "止付", flow.Freeze: "冻结"}[m.Kind]
	cause := ""
	if m.Cause != "" {
		cause = "：" + CauseName(m.Cause)
	}
	switch m.State {
	case flow.Waiting:
		return kind + "待审批"
	case flow.Approved:
		return kind + "已批准，待银行接收"
	case flow.Sent:
		return kind + "已送银行，待反馈"
	case flow.Executed:
		return kind + "至 " + second(m.Until)
	case flow.Queued:
		return "轮候" + kind
	case flow.Failed:
		return "未能" + kind + cause
	case flow.Rejected:
		return kind + "审批驳回" + cause
	case flow.Lapsed:
		return kind + "到期失效"
	case flow.Lifted:
		return kind + "已解除" + cause
	}
	return kind
}

// CauseName says a stored cause in Chinese; what it does not know it leaves.
func CauseName(code string) string {
	names := map[string]string{
		"mismatch-name": "户名不符", "mismatch-account": "账号不符", "mismatch-amount": "金额不符", "mismatch-time": "时间不符",
		"not-found": "未找到账户", "closed": "已销户", "technical": "技术原因", "unrelated": "查明无关", "error": "错误止付", "converted": "转为冻结",
		"objection": "异议成立", "unpapered": "未补手续", "disproportionate": "超出必要范围", "unlawful-hold": "到期后银行仍在控制", "concluded": "办结",
		"no-basis": "依据不足", "wrong-account": "账户有误", "duplicate": "重复",
	}
	if name, known := names[code]; known {
		return name
	}
	return code
}

// WithheldName says in Chinese why the chase gave no order.
func WithheldName(code string) string {
	names := map[string]string{
		"level-limit": "超出追踪层级", "amount-limit": "低于起点金额", "parent-withheld": "上级账户未下指令", "kind": "账户类别须人工审核", "age": "转账距今过久",
		"attempts": "已多次申请", "failed": "银行已反馈不能执行", "rejected": "审批已驳回", "lifted": "已由人工解除", "stops-used-up": "两次止付已用尽",
		"refused": "账户未接受该指令",
	}
	if name, known := names[code]; known {
		return name
	}
	return code
}

// WhereName (去处名称) says a place of money in Chinese and in English.
func WhereName(w flow.Where) (chinese, english string) {
	l := lookOf(w)
	return l.name, l.english
}
