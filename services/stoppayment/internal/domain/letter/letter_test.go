package letter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/letter"
)

func TestI75_TheLetterTellsReasonRemedyPapersUnitAndEnd(t *testing.T) {
	at := time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) // 16:00 in China
	whole := letter.Letter{
		About: letter.Stop, Authority: "化州市公安局", Unit: "440982000000", Order: "order-1", Bank: "中国农业银行", Since: at, Until: at.Add(48 * time.Hour),
		Reason: "fraud-funds", Documents: []string{"id-card", "income-proof"}, Days: 5,
	}
	limited, freeze, lift, nameless := whole, whole, whole, whole
	nameless.Authority, nameless.Unit = "", "441802000000"
	limited.Held = 123_456
	freeze.About, freeze.Reason, freeze.Until = letter.Freeze, "case-filed", time.Time{}
	lift.About, lift.Reason = letter.Lift, "objection"
	own := whole
	own.About, own.Reason, own.Cap = letter.Protective, "own-account", at.Add(7*24*time.Hour)
	for rule, c := range map[string]struct {
		letter    letter.Letter
		has, none []string
	}{
		"a stop of the whole account": {whole, []string{
			"账户止付告知书", "中国农业银行", "2021年7月17日16时00分", "2021年7月19日16时00分", "涉嫌电信网络诈骗", "只收不付", "四、责任单位：化州市公安局，公安机关机构代码 440982000000。",
			"异议", "5 个工作日", "本人有效身份证件", "资金合法来源证明", "一份即可", "第三十二条",
		}, []string{"元，超出"}},
		"a stop of an amount":                {limited, []string{"1234.56 元"}, []string{"只收不付"}},
		"a freeze whose end is not known":    {freeze, []string{"账户冻结告知书", "以银行执行结果为准", "立案侦查"}, []string{"自动解除"}},
		"an end before its time":             {lift, []string{"解除告知书", "异议成立", "不再限制", "二、范围", "三、责任单位", "四、救济途径", "五、所需材料"}, []string{"只收不付", "三、截止"}},
		"a stop of one's own accounts":       {own, []string{"保护性止付告知书", "2021年7月24日16时00分", "豁免", "申请解除", "440982000000"}, nil},
		"a unit whose name nobody has given": {nameless, []string{"责任单位：公安机关机构代码 441802000000。"}, []string{"有关单位"}},
		"a code that nobody has words for":   {letter.Letter{Reason: "other"}, []string{"other"}, nil},
	} {
		t.Run(rule, func(t *testing.T) {
			text := letter.Text(c.letter)
			for _, s := range c.has {
				if !strings.Contains(text, s) {
					t.Errorf("no %q in\n%s", s, text)
				}
			}
			for _, s := range c.none {
				if strings.Contains(text, s) {
					t.Errorf("%q in\n%s", s, text)
				}
			}
		})
	}
}
