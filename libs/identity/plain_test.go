package identity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/identity"
	"pgregory.net/rapid"
)

func TestWhatReadsAlikeIsTheSameNumberHoweverItIsKeyedIn(t *testing.T) {
	account, phone, name := identity.NormaliseAccount, identity.NormalisePhone, identity.NormaliseName
	for _, c := range []struct {
		rule, got, want string
	}{
		{"full-width digits are digits", account("６２２８４８１２３４５６７８９０１２３"), "6228481234567890123"},
		{"full-width letters are letters, in upper case", account("ｎｒａ１２３＿０１"), "NRA123_01"},
		{"a character without a width is not there", account("6228\u200b4812\u200c3456\u200d7890\ufeff123"), "6228481234567890123"},
		{"nor is one that turns the writing round", account("\u202e6228\u20664812\u2069\u200f"), "62284812"},
		{"nor is one that looks like a blank", account("6228\u00ad\u31644812"), "62284812"},
		{"blanks of any width are left out", account("6228\u00a04812\u20033456\u3000 7890\u202f123"), "6228481234567890123"},
		{"hyphens of any keyboard are left out", account("6228-4812－3456–7890—123−4"), "62284812345678901234"},
		{"what stays wrong stays there to be warned of", account("尾号０１２３"), "尾号0123"},
		{"a control character stays there to be refused", account("6228\n4812"), "6228\n4812"},
		{"a full-width phone number is one", phone("＋８６　１３８－１２３４（５６７８）\u200b"), "13812345678"},
		{"full-width letters in a name are letters", name("ＡＢＣ（茂名）有限公司"), "ABC(茂名)有限公司"},
		{"a name without what nobody sees", name("周\u200b某\u202e雄"), "周某雄"},
		{"the dot of a transcribed name is one, in any form", name("古丽．买买提・阿・卜•都"), "古丽·买买提·阿·卜·都"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%q, want %q", c.got, c.want)
			}
		})
	}
}

func TestNumbersThatAreCheckedAreReadFullWidthToo(t *testing.T) {
	if got, err := identity.ParseIDCard("１１０１０５１９４９１２３１００２ｘ\u200b"); got != "11010519491231002X" || err != nil {
		t.Errorf("an ID card: %q, %v", got, err)
	}
	if got, err := identity.ParseUSCC("９1350100M000100Y43\u202c"); got != "91350100M000100Y43" || err != nil {
		t.Errorf("a credit code: %q, %v", got, err)
	}
	if got, err := identity.ParseID(identity.Passport, "Ｅ１２３４５６７\u200b"); got != "E1234567" || err != nil {
		t.Errorf("a passport: %q, %v", got, err)
	}
	if got, err := identity.DefaultBanks().Parse("　１０２１０００９９９９６\u200b"); got.Code != "102100099996" || err != nil {
		t.Errorf("a bank: %q, %v", got.Code, err)
	}
	if _, err := identity.DefaultBanks().Parse("１０２１０００９９９９７"); !errors.Is(err, identity.ErrBankCheckDigit) {
		t.Errorf("a full-width bank code with a wrong check digit: %v", err)
	}
	if w := identity.CheckCard("４１１１ １１１１\u200b１１１１１１１１"); w != nil {
		t.Errorf("a card that satisfies Luhn is warned of: %v", w)
	}
}

// TestAPlainNumberIsWhatItWas holds the normal form of numbers that have always
// been plain to what it was when streams were named by it.
func TestAPlainNumberIsWhatItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[0-9A-Za-z_. /:#\t\-]{0,40}`).Draw(t, "number")
		was := strings.ToUpper(strings.NewReplacer(" ", "", "\t", "", "-", "", "\u3000", "").Replace(number))
		if got := identity.NormaliseAccount(number); got != was {
			t.Fatalf("%q became %q, was %q", number, got, was)
		}
		if got := identity.Plain(number); got != number {
			t.Fatalf("%q is plain, and became %q", number, got)
		}
		if again := identity.NormaliseAccount(was); again != was {
			t.Fatalf("%q is normal, and became %q", was, again)
		}
	})
}

func TestAVisibleTextStaysAsItIsWritten(t *testing.T) {
	// A variation selector chooses between two forms of a character in a name.
	for _, text := range []string{"茂名市（化州）某某有限公司", "ＡＢＣ１２３", "葛\U000e0100某", "a b\tc", ""} {
		if got := identity.Visible(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := identity.Visible("\u202e周\u200b某"); got != "周某" {
		t.Errorf("%q", got)
	}
}
