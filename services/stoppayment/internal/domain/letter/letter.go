// Package letter writes what a holder is told about a measure on his account: the
// reason, how to object, which papers to bring, who is responsible and when it
// ends (反电信网络诈骗法 art. 32). It names no victim and no other person.
package letter

import (
	"fmt"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// What a letter is about.
const (
	Stop   = "stop"   // 止付
	Freeze = "freeze" // 冻结
	Lift   = "lift"   // 解除
	// Protective (保护性止付) is of the subject's own accounts.
	Protective = "protective"
)

// Letter (告知书) is what is known when it is written. Times are shown in
// Asia/Shanghai, amounts in yuan.
type Letter struct {
	About     string
	Authority string // name of the unit that answers for it, "" where only its code is known
	Unit      identity.Unit
	Order     identity.OrderID
	Bank      string
	Since     time.Time
	Until     time.Time // zero: not known
	Cap       time.Time // of a protective stop: no renewal goes beyond
	Held      money.Fen // 0: the whole account
	Reason    string    // code, see Reasons
	Documents []string  // codes, see Documents
	Days      int       // working days to decide on an objection
}

// Reasons (告知原因) by code.
func Reasons() map[string]string {
	return map[string]string{
		"fraud-funds":      "该账户收到涉嫌电信网络诈骗的资金，依法紧急止付",
		"case-filed":       "相关案件已立案侦查，依法冻结涉案资金",
		"unrelated":        "经查明与案件无关，依法解除",
		"error":            "原措施有误，予以解除",
		"objection":        "异议成立，予以解除",
		"disproportionate": "控制范围超过涉案金额，予以解除或缩减",
		"unpapered":        "未在期限内补办手续，予以解除",
		"unlawful-hold":    "措施已到期或已撤回，银行仍在控制，责令解除",
		"concluded":        "案件已办结，予以解除",
		"own-account":      "为防止本人资金受骗转出，依法对本人账户采取保护性止付",
	}
}

// Documents (所需材料) by code. One of them is enough.
func Documents() map[string]string {
	return map[string]string{
		"id-card":         "本人有效身份证件",
		"bank-statement":  "账户近期交易明细",
		"income-proof":    "资金合法来源证明（工资单、完税证明等）",
		"contract":        "与所涉款项有关的合同、订单或收据",
		"mandate":         "委托他人办理的，委托书及受托人身份证件",
		"expense-receipt": "生活、还贷、学费、医疗支出凭证",
	}
}

// Remedies (救济途径) by code.
func Remedies() map[string]string {
	return map[string]string{
		"objection": "可向责任单位提出异议（申诉），也可由开户银行代为转递",
		"release":   "可向责任单位申请解除、提出异议，或申请生活必需豁免，也可由开户银行代为转递",
	}
}

// Text writes the letter.
func Text(l Letter) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	items, ordinals := 0, []string{"一", "二", "三", "四", "五", "六"}
	line("%s", title(l.About))
	line("账户持有人：")
	if l.About == Protective {
		line("您本人的账户（措施编号 %s）自 %s 起%s。", l.Order, when(l.Since), done(l.About))
	} else {
		line("您在%s的账户（措施编号 %s）自 %s 起%s。", named(l.Bank), l.Order, when(l.Since), done(l.About))
	}
	item := func(format string, args ...any) {
		line(ordinals[items]+"、"+format, args...)
		items++
	}
	item("原因：%s。", text(Reasons(), l.Reason))
	switch {
	case l.About == Lift:
		item("范围：自上述时间起，该措施不再限制您的账户。")
	case l.Held > 0:
		item("范围：控制金额 %s 元，超出部分可正常使用。", l.Held.Decimal())
	default:
		item("范围：该账户只收不付。")
	}
	if l.About != Lift && l.Until.IsZero() {
		item("截止：以银行执行结果为准。")
	} else if l.About != Lift {
		item("截止：%s，到期未续自动解除。", when(l.Until))
	}
	if l.About == Protective {
		line("    续期须经重新批准，最迟不超过 %s；生活、还贷、学费、医疗支出可申请豁免。", when(l.Cap))
	}
	item("责任单位：%s公安机关机构代码 %s。", before(l.Authority, "，"), l.Unit)
	remedy := "objection"
	if l.About == Protective {
		remedy = "release"
	}
	item("救济途径：%s。责任单位自收到之日起 %d 个工作日内答复；理由成立的，立即解除并告知。", text(Remedies(), remedy), l.Days)
	item("所需材料（提供其中一份即可）：")
	for n, code := range l.Documents {
		line("    %d. %s", n+1, text(Documents(), code))
	}
	line("依据：《中华人民共和国反电信网络诈骗法》第三十二条。")
	return b.String()
}

func title(about string) string {
	return map[string]string{Stop: "账户止付告知书", Freeze: "账户冻结告知书", Lift: "账户措施解除告知书", Protective: "保护性止付告知书"}[about]
}

func done(about string) string {
	return map[string]string{Stop: "被采取止付措施", Freeze: "被采取冻结措施", Lift: "解除有关措施", Protective: "被采取保护性止付措施"}[about]
}

func when(t time.Time) string { return t.In(identity.Shanghai()).Format("2006年1月2日15时04分") }

func named(s string) string {
	if s == "" {
		return "有关单位"
	}
	return s
}

// before puts a mark behind a text that there is.
func before(text, mark string) string {
	if text == "" {
		return ""
	}
	return text + mark
}

func text(texts map[string]string, code string) string {
	if t, ok := texts[code]; ok {
		return t
	}
	return code
}
