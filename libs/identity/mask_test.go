package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuanlu/yuanlu/libs/identity"
	"pgregory.net/rapid"
)

func TestMasks(t *testing.T) {
	for _, c := range []struct{ rule, got, want string }{
		{"a phone shows three and four", identity.MaskPhone("13812345678"), "138****5678"},
		{"an ID number shows three and four", identity.MaskIDCard("44180219900101002X"), "441***********002X"},
		{"a card shows six and four", identity.MaskAccount("6222021234561234"), "622202******1234"},
		{"a name shows the family name", identity.MaskName("张三丰"), "张**"},
		{"of two characters the first", identity.MaskName("张三"), "张*"},
		{"a family name of two characters is shown whole", identity.MaskName("欧阳锋"), "欧阳*"},
		{"but not if nothing else is left", identity.MaskName("欧阳"), "欧*"},
		{"a name of one character is hidden", identity.MaskName("张"), "*"},
		{"no name is nothing", identity.MaskName(" "), ""},
		{"a short code is hidden", identity.MaskPhone("95588"), "*****"},
		{"a short account shows its tail", identity.MaskAccount("1234567890"), "******7890"},
		{"an old ID number shows three and four", identity.MaskIDCard("110105491231002"), "110********1002"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.rule, c.got, c.want)
		}
	}
}

func TestAMaskKeepsTheLengthAndHidesAtLeastFour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9A-Z_]{0,40}`).Draw(t, "number")
		for _, masked := range []string{identity.MaskAccount(s), identity.MaskIDCard(s), identity.MaskPhone(s)} {
			if utf8.RuneCountInString(masked) != len(s) {
				t.Fatalf("%q became %q", s, masked)
			}
			if hidden := strings.Count(masked, "*"); hidden < min(4, len(s)) {
				t.Fatalf("%q shows too much: %q", s, masked)
			}
		}
	})
}

func TestNumbersAreComparedInOneForm(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{identity.NormaliseAccount(" 6222 0212-3456 1234"), "6222021234561234"},
		{identity.NormaliseAccount("622202abc_001"), "622202ABC_001"},
		{identity.NormalisePhone("+86 138 1234-5678"), "13812345678"},
		{identity.NormalisePhone("008613812345678"), "13812345678"},
		{identity.NormalisePhone("(0763)3300110"), "07633300110"},
		{identity.NormaliseName(" 阿不都•热合曼 "), "阿不都·热合曼"},
		{identity.NormaliseName("张　三"), "张三"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
