package rest_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/rest"
)

func TestNumbersShowSixAndFour(t *testing.T) {
	for number, want := range map[string]string{
		"6222021234567890128": "622202******0128", "62220212345678": "622202******5678", "440301040012345": "440301******2345", "1234567890": "12******90",
		"1234567": "******", "1": "******", "": "", "已销毁": "已销毁",
		"６２２２０２１２３４５６７８９０１２８": "６２２２０２******０１２８", // as it was stored once
	} {
		if got := rest.MaskNumber(number); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}

func TestNamesShowTheSurname(t *testing.T) {
	for _, c := range []struct {
		name string
		kind identity.AccountKind
		want string
	}{
		{"张三", "01", "张*"},
		{"张三丰", "01", "张**"},
		{"欧阳锋", "01", "欧阳*"},
		{"欧阳", "01", "欧*"},
		{"周某雄", "01", "周**"},
		{"古丽·买买提", "01", "古****"},
		{"茂名市某某贸易有限公司", "02", "茂名****公司"},
		{"广发行", "02", "广****"},
		{"李", "01", "李*"},
		{"", "01", ""},
		{"已销毁", "01", "已销毁"},
	} {
		if got := rest.MaskName(c.name, c.kind); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
