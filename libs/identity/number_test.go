package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

func TestNumbersAreReadOrRefusedByRule(t *testing.T) {
	parse := map[string]func(string) (string, error){
		"unit": func(s string) (string, error) { u, err := identity.ParseUnit(s); return string(u), err },
		"case": func(s string) (string, error) { n, err := identity.ParseCaseNo(s); return string(n), err },
		"bank": func(s string) (string, error) { c, err := identity.ParseBankCode(s); return string(c), err },
		"kind": func(s string) (string, error) { k, err := identity.ParseIDKind(s); return string(k), err },
		"card": identity.ParseIDCard,
		"uscc": identity.ParseUSCC,
	}
	for _, c := range []struct {
		rule, what, in, want string
		err                  *rule.Violation
	}{
		{"a unit code has twelve digits", "unit", "440982000000", "440982000000", nil},
		{"a unit of a retired division is a unit", "unit", "441827000000", "441827000000", nil},
		{"eleven digits are no unit", "unit", "44098200000", "", identity.ErrUnitMalformed},
		{"a letter is no digit", "unit", "44098200000A", "", identity.ErrUnitMalformed},
		{"a case number has 23 characters", "case", "A4409820000002021070001", "A4409820000002021070001", nil},
		{"a case number of a retired division is one", "case", "A4418270000002010120099", "A4418270000002010120099", nil},
		{"there is no thirteenth month", "case", "A4409820000002021130001", "", identity.ErrCaseNoMalformed},
		{"a case number begins with A", "case", "B4409820000002021070001", "", identity.ErrCaseNoMalformed},
		{"a line break is not part of a case number", "case", "A4409820000002021070001\n", "", identity.ErrCaseNoMalformed},
		{"a bank code ends in its check digit", "bank", "102100099996", "102100099996", nil},
		{"another digit is noticed", "bank", "102100099997", "", identity.ErrBankCheckDigit},
		{"two digits swapped are noticed", "bank", "120100099996", "", identity.ErrBankCheckDigit},
		{"a bank code has twelve digits", "bank", "10210009999", "", identity.ErrBankMalformed},
		{"the standard's own example ends in X", "card", "11010519491231002X", "11010519491231002X", nil},
		{"a small x is made large, blanks are cut", "card", " 11010519491231002x ", "11010519491231002X", nil},
		{"an old number stays as it is", "card", "110105491231002", "110105491231002", nil},
		{"a wrong check digit is noticed", "card", "110105194912310021", "", identity.ErrIDCardChecksum},
		{"there is no 31 February", "card", "11010519490231002X", "", identity.ErrIDCardMalformed},
		{"seventeen digits are no ID number", "card", "11010519491231002", "", identity.ErrIDCardMalformed},
		{"an X stands at the end only", "card", "1101051949123100X2", "", identity.ErrIDCardMalformed},
		{"a firm has a social credit code", "uscc", "91350100M000100Y43", "91350100M000100Y43", nil},
		{"its small letters are made large", "uscc", "91350100m000100y43", "91350100M000100Y43", nil},
		{"its check character is verified", "uscc", "91350100M000100Y44", "", identity.ErrUSCCChecksum},
		{"it has no letter O", "uscc", "9135O100M000100Y43", "", identity.ErrUSCCMalformed},
		{"nor ends in one", "uscc", "91350100M000100Y4O", "", identity.ErrUSCCMalformed},
		{"a kind of document is a code of the platform", "kind", "16", "16", nil},
		{"99 is any other", "kind", "99", "99", nil},
		{"17 is none", "kind", "17", "", identity.ErrIDKindUnknown},
		{"00 is none", "kind", "00", "", identity.ErrIDKindUnknown},
		{"text is none", "kind", "0A", "", identity.ErrIDKindUnknown},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := parse[c.what](c.in)
			if got != c.want || (c.err == nil) != (err == nil) || (c.err != nil && !errors.Is(err, c.err)) {
				t.Fatalf("%s %q: got %q, %v; want %q, %v", c.what, c.in, got, err, c.want, c.err)
			}
			if v := new(rule.Violation); errors.As(err, &v) && v.Rule.Kind != rule.Invalid {
				t.Fatalf("%s is of kind %d, want Invalid", v.Rule.Code, v.Rule.Kind)
			}
		})
	}
}

func TestEverySingleDigitErrorInABankCodeIsNoticed(t *testing.T) {
	for _, bank := range identity.DefaultBanks().All() {
		for i := range bank.Code {
			for d := byte('0'); d <= '9'; d++ {
				wrong := []byte(bank.Code)
				if wrong[i] == d {
					continue
				}
				wrong[i] = d
				if _, err := identity.ParseBankCode(string(wrong)); !errors.Is(err, identity.ErrBankCheckDigit) {
					t.Fatalf("%s passes for %s", wrong, bank.Code)
				}
			}
		}
	}
}

func TestPartsOfACaseNumber(t *testing.T) {
	n, err := identity.ParseCaseNo("A4409820000002021070001")
	if err != nil || n.Unit() != "440982000000" || n.Unit().Division() != "440982" {
		t.Fatalf("got unit %q of division %q, %v", n.Unit(), n.Unit().Division(), err)
	}
}

func TestAnIDNumberIsReadAsItsKindAsks(t *testing.T) {
	if _, err := identity.ParseID(identity.TemporaryIDCard, "110105194912310021"); !errors.Is(err, identity.ErrIDCardChecksum) {
		t.Errorf("a temporary card has the number of an ID card: %v", err)
	}
	if _, err := identity.ParseID(identity.SocialCreditCode, "91350100M000100Y44"); !errors.Is(err, identity.ErrUSCCChecksum) {
		t.Errorf("a social credit code is verified: %v", err)
	}
	if got, err := identity.ParseID(identity.Passport, "E1234567"); got != "E1234567" || err != nil {
		t.Errorf("a passport number is kept: %q, %v", got, err)
	}
}

func TestSoftFindings(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 7, 17, 8, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		rule string
		got  []identity.Warning
		want string
	}{
		{"a card number satisfies Luhn", identity.CheckCard("4111 1111 1111 1111"), ""},
		{"one that does not is a hint", identity.CheckCard("4111111111111112"), "card-no-luhn"},
		{"a short account of a firm has no check digit", identity.CheckCard("110060149013"), ""},
		{"a long account of a firm has none", identity.CheckCard("44050166864300000123"), ""},
		{"a sub-account has none", identity.CheckCard("6222021234567890_00001"), ""},
		{"a sentence is no account", identity.CheckCard("不知道"), "account-malformed"},
		{"nothing is no account", identity.CheckCard(""), "account-malformed"},
		{"a mobile number is one with its country", identity.CheckPhone("+86 138-1234-5678"), ""},
		{"a short code is not", identity.CheckPhone("95588"), "phone-not-mobile"},
		{"a foreign number is not", identity.CheckPhone("0044201234567"), "phone-not-mobile"},
		{"a retired division was valid in its time", identity.CheckDivision("441827", year(2010)), ""},
		{"it is retired afterwards", identity.CheckDivision("441827000000", year(2021)), "division-retired"},
		{"its successor is valid now", identity.CheckDivision("441803", year(2021)), ""},
		{"a successor is not known before", identity.CheckDivision("441803", year(2010)), "division-unknown"},
		{"a division of the report is known", identity.CheckDivision("440982000000", year(2021)), ""},
		{"another is not", identity.CheckDivision("999999", year(2021)), "division-unknown"},
		{"a short one is not", identity.CheckDivision("44", year(2021)), "division-unknown"},
		{"nobody is born after today", identity.CheckIDCard("11010519491231002X", year(1949)), "id-card-born-later"},
		{"he is born by the next year", identity.CheckIDCard("11010519491231002X", year(1950)), ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := ""
			for _, w := range c.got {
				got += w.Code
			}
			if got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
	placed := identity.At(identity.CheckPhone("95588"), "/calls/%d/number", 2)
	if len(placed) != 1 || placed[0].Pointer != "/calls/2/number" {
		t.Fatalf("a finding points to its field: %+v", placed)
	}
}

func TestI72_RetiredCodesStayValidForTheirInterval(t *testing.T) {
	for _, city := range []string{"441800", "440900", "321000", "440281", "441827"} {
		if w := identity.CheckDivision(city, time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)); w != nil {
			t.Errorf("%s in 2010: %v", city, w)
		}
	}
	// No day may fall between a division and its successor.
	for day := time.Date(2008, 1, 1, 4, 0, 0, 0, time.UTC); day.Year() < 2016; day = day.AddDate(0, 0, 1) {
		for _, pair := range [][2]string{{"441827", "441803"}, {"440923", "440904"}, {"321088", "321012"}} {
			if identity.CheckDivision(pair[0], day) != nil && identity.CheckDivision(pair[1], day) != nil {
				t.Fatalf("neither of %v is valid on %s", pair, day)
			}
		}
	}
}

func TestWhatRestsInClearIsANumberAndNoText(t *testing.T) {
	long := strings.Repeat("9", 64)
	for _, good := range []string{"1", "001234", "li.wei", "system:refund", "a_b-c", long} {
		if got, err := identity.ParsePoliceNo(good); got != good || err != nil {
			t.Errorf("police number %q: %q, %v", good, got, err)
		}
	}
	for _, good := range []string{"1", "S-1", "2021/07#3", "a_b.c:d", "-", long} {
		if got, err := identity.ParseSerial(good); got != good || err != nil {
			t.Errorf("serial %q: %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{"", " ", "1 ", " 1", "1\n", "1\x00", "１２", "张三", "a b", "a;b", "é", long + "9"} {
		if got, err := identity.ParsePoliceNo(bad); got != "" || !errors.Is(err, identity.ErrPoliceNoMalformed) {
			t.Errorf("police number %q: %q, %v", bad, got, err)
		}
		if got, err := identity.ParseSerial(bad); got != "" || !errors.Is(err, identity.ErrSerialMalformed) {
			t.Errorf("serial %q: %q, %v", bad, got, err)
		}
	}
}
