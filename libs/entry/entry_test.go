package entry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/seal"
)

const (
	icbc     = "102100099996"
	abc      = "103100000026"
	theCard  = "6222021234567890128" // satisfies Luhn's formula
	theOther = "6228480012345678901"
	theID    = "11010519491231002X"
	thePhone = "13800138000"
	theName  = "张三丰"
	theTown  = "广东省茂名市信宜市东镇街道"
)

func noon() time.Time { return time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC) }

func newDesk(t *testing.T) entry.Desk {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	return entry.Desk{Keys: privacy.NewKeyring(log, privacy.NewMaster()), Banks: identity.DefaultBanks()}
}

func opened(t *testing.T, d entry.Desk, box seal.Box) string {
	t.Helper()
	text, err := d.Keys.Open(t.Context(), box)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func account() entry.Account { return entry.Account{Bank: icbc, Number: theCard, Holder: theName} }

func person() entry.Person {
	return entry.Person{IDNumber: theID, Name: theName, Phone: thePhone, Address: theTown}
}

func transfer() entry.Transfer {
	return entry.Transfer{From: account(), To: entry.Account{Bank: abc, Number: theOther}, AmountFen: 1, At: noon(), Serial: "S-1"}
}

func TestI64_WhatIsTypedInIsSealed(t *testing.T) {
	d := newDesk(t)
	a, _, err := d.Account(t.Context(), account(), "")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := d.Person(t.Context(), person(), noon(), "f", "")
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := d.Transfer(t.Context(), transfer(), "t-1", noon(), "")
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.Counterparty(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal([]any{a, p, m, o})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{theCard, theOther, theID, thePhone, theName, theTown, theCard[4:], thePhone[3:], theID[6:14], "茂名"} {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("%q shows in %s", secret, stored)
		}
	}
	for want, box := range map[string]seal.Box{
		theCard: a.Number, theName: a.Holder, theID: p.IDNumber, thePhone: p.Phone, theTown: p.Address, theOther: m.To.Number,
	} {
		if got := opened(t, d, box); got != want {
			t.Errorf("opened it is %q, want %q", got, want)
		}
	}
	if opened(t, d, p.Name) != theName || opened(t, d, o.Number) != theCard {
		t.Error("a name or a number is lost")
	}
	if empty := opened(t, d, m.To.Holder); empty != "" {
		t.Errorf("what was not typed in is %q", empty)
	}
}

func TestI11_SoftFindingsNeverRefuse(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		rule string
		take func() ([]identity.Warning, error)
		want []identity.Warning
	}{
		{"a good card has none", take(d.Account, account(), "/a"), nil},
		{
			"a card that Luhn's formula does not like", take(d.Account, entry.Account{Bank: icbc, Number: "6222021234567890123"}, "/a"),
			[]identity.Warning{{Pointer: "/a/number", Code: identity.WarnCardNoLuhn}},
		},
		{
			"a number of no form", take(d.Account, entry.Account{Bank: icbc, Number: "尾号0128"}, "/rows/3"),
			[]identity.Warning{{Pointer: "/rows/3/number", Code: identity.WarnAccountMalformed}},
		},
		{"a sub-account", take(d.Account, entry.Account{Bank: icbc, Number: theCard + "_00001"}, "/a"), nil},
		{
			"a phone that is no mobile's", takePerson(t, d, func(p *entry.Person) { p.Phone = "0668-110" }),
			[]identity.Warning{{Pointer: "/p/phone", Code: identity.WarnPhoneNotMobile}},
		},
		{
			"one who was not born yet", takePerson(t, d, func(p *entry.Person) { p.IDNumber = idCard("11010520300101001") }),
			[]identity.Warning{{Pointer: "/p/idNumber", Code: identity.WarnIDCardFuture}},
		},
		{"no document, phone or address", takePerson(t, d, func(p *entry.Person) { *p = entry.Person{Name: theName} }), nil},
		{
			"both sides of a transfer", func() ([]identity.Warning, error) {
				in := transfer()
				in.From.Number, in.To.Number = "1", "6222021234567890123"
				_, warnings, err := d.Transfer(t.Context(), in, "t-1", noon(), "/t/0")
				return warnings, err
			},
			[]identity.Warning{{Pointer: "/t/0/from/number", Code: identity.WarnAccountMalformed}, {Pointer: "/t/0/to/number", Code: identity.WarnCardNoLuhn}},
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := c.take()
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" && len(c.want)+len(got) > 0 {
				t.Errorf("other warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// take is an account being taken, as a row of a table.
func take(account func(context.Context, entry.Account, string) (identity.Account, []identity.Warning, error), in entry.Account, pointer string) func() ([]identity.Warning, error) {
	return func() ([]identity.Warning, error) {
		_, warnings, err := account(context.Background(), in, pointer)
		return warnings, err
	}
}

func takePerson(t *testing.T, d entry.Desk, change func(*entry.Person)) func() ([]identity.Warning, error) {
	t.Helper()
	return func() ([]identity.Warning, error) {
		in := person()
		change(&in)
		_, warnings, err := d.Person(t.Context(), in, noon(), "f", "/p")
		return warnings, err
	}
}

// idCard completes 17 digits with the check digit that is accepted.
func idCard(body string) string {
	for _, check := range "0123456789X" {
		if number, err := identity.ParseIDCard(body + string(check)); err == nil {
			return number
		}
	}
	return body
}

func TestWhatNoPlatformWouldTakeIsRefusedAndPointedTo(t *testing.T) {
	d := newDesk(t)
	ofAccount := func(change func(*entry.Account)) error {
		in := account()
		change(&in)
		_, _, err := d.Account(t.Context(), in, "/a")
		return err
	}
	ofPerson := func(change func(*entry.Person)) error {
		_, err := takePerson(t, d, change)()
		return err
	}
	ofTransfer := func(change func(*entry.Transfer)) error {
		in := transfer()
		change(&in)
		_, _, err := d.Transfer(t.Context(), in, "t-1", noon(), "/t/2")
		return err
	}
	for _, c := range []struct {
		rule    string
		err     error
		want    *rule.Violation // nil: one of the rules of identity
		pointer string
	}{
		{"a bank that the list lacks", ofAccount(func(a *entry.Account) { a.Bank = "999999999999" }), nil, "/a/bank"},
		{"a bank of no form", ofAccount(func(a *entry.Account) { a.Bank = theCard }), nil, "/a/bank"},
		{"no account number", ofAccount(func(a *entry.Account) { a.Number = " -　" }), entry.ErrNumberMissing, "/a/number"},
		{"an account number with a NUL", ofAccount(func(a *entry.Account) { a.Number = theCard + "\x00" }), entry.ErrNumberMalformed, "/a/number"},
		{"an account number with a line's end", ofAccount(func(a *entry.Account) { a.Number = theCard[:6] + "\n" + theCard[6:] }), entry.ErrNumberMalformed, "/a/number"},
		{"a holder of blanks", ofAccount(func(a *entry.Account) { a.Holder = " 　" }), entry.ErrNameMissing, "/a/holder"},
		{"a holder with a bell", ofAccount(func(a *entry.Account) { a.Holder = theName + "\a" }), entry.ErrTextControl, "/a/holder"},
		{"a name with a NUL", ofPerson(func(p *entry.Person) { p.Name = theName + "\x00" }), entry.ErrTextControl, "/p/name"},
		{"a name that nobody can see", ofPerson(func(p *entry.Person) { p.Name = "\u00a0\u200b\r\n" }), entry.ErrNameMissing, "/p/name"},
		{"a phone with an escape", ofPerson(func(p *entry.Person) { p.Phone = thePhone + "\x1b" }), entry.ErrTextControl, "/p/phone"},
		{"a time of another century", ofTransfer(func(m *entry.Transfer) { m.At = time.Date(1999, 12, 31, 15, 59, 59, 0, time.UTC) }), entry.ErrTimeImplausible, "/t/2/at"},
		{"a serial number in free text", ofTransfer(func(m *entry.Transfer) { m.Serial = theName }), identity.ErrSerialMalformed, "/t/2/serial"},
		{"a serial number with a blank behind", ofTransfer(func(m *entry.Transfer) { m.Serial = "S-1 " }), identity.ErrSerialMalformed, "/t/2/serial"},
		{"a kind that does not exist", ofAccount(func(a *entry.Account) { a.Kind = "03" }), entry.ErrKind, "/a/kind"},
		{"no name", ofPerson(func(p *entry.Person) { p.Name = "" }), entry.ErrNameMissing, "/p/name"},
		{"a name of blanks", ofPerson(func(p *entry.Person) { p.Name = " 　\t" }), entry.ErrNameMissing, "/p/name"},
		{"an ID number with a wrong check digit", ofPerson(func(p *entry.Person) { p.IDNumber = "110105194912310021" }), nil, "/p/idNumber"},
		{"a document that does not exist", ofPerson(func(p *entry.Person) { p.IDKind = "77" }), nil, "/p/idKind"},
		{"no amount", ofTransfer(func(m *entry.Transfer) { m.AmountFen = 0 }), entry.ErrAmountNotPositive, "/t/2/amountFen"},
		{"a negative amount", ofTransfer(func(m *entry.Transfer) { m.AmountFen = -1 }), entry.ErrAmountNotPositive, "/t/2/amountFen"},
		{"an absurd amount", ofTransfer(func(m *entry.Transfer) { m.AmountFen = money.Max + 1 }), entry.ErrAmountAbsurd, "/t/2/amountFen"},
		{"a time still to come", ofTransfer(func(m *entry.Transfer) { m.At = noon().Add(5*time.Minute + time.Second) }), entry.ErrTimeAhead, "/t/2/at"},
		{"no time", ofTransfer(func(m *entry.Transfer) { m.At = time.Time{} }), entry.ErrTimeAhead, "/t/2/at"},
		{"a transfer to itself", ofTransfer(func(m *entry.Transfer) { m.To = m.From; m.To.Number = "6222 0212 3456 7890 128" }), entry.ErrSameAccount, "/t/2/to"},
		{"a bad account on the other side", ofTransfer(func(m *entry.Transfer) { m.To.Bank = "x" }), nil, "/t/2/to/bank"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var v *rule.Violation
			if !errors.As(c.err, &v) || (c.want != nil && !errors.Is(c.err, c.want)) {
				t.Fatalf("got %v, want %v", c.err, c.want)
			}
			if v.Pointer != c.pointer || v.Rule.Kind != rule.Invalid {
				t.Errorf("points to %q as kind %d", v.Pointer, v.Rule.Kind)
			}
			for _, secret := range []string{theCard, theID, theName, thePhone} {
				if strings.Contains(v.Error()+v.Pointer, secret) {
					t.Errorf("%q shows in %v", secret, v)
				}
			}
		})
	}
	for rule, err := range map[string]error{
		"a clock may run five minutes ahead": ofTransfer(func(m *entry.Transfer) { m.At = noon().Add(5 * time.Minute) }),
		"the largest amount":                 ofTransfer(func(m *entry.Transfer) { m.AmountFen = money.Max }),
		"no serial number":                   ofTransfer(func(m *entry.Transfer) { m.Serial = "" }),
		"the first second of 2000 in China":  ofTransfer(func(m *entry.Transfer) { m.At = time.Date(1999, 12, 31, 16, 0, 0, 0, time.UTC) }),
		"a foreign name":                     ofPerson(func(p *entry.Person) { p.Name = "José · O'Neil-陈" }),
		"a firm's account":                   ofAccount(func(a *entry.Account) { a.Kind = "02" }),
	} {
		if err != nil {
			t.Errorf("%s is refused: %v", rule, err)
		}
	}
}

func TestTheSameThingHasTheSameNameHoweverItIsTyped(t *testing.T) {
	d := newDesk(t)
	accountID := func(bank, number string) identity.AccountID {
		a, _, err := d.Account(t.Context(), entry.Account{Bank: bank, Number: number}, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.Kind != identity.PersonalAccount {
			t.Errorf("kind %q without being told", a.Kind)
		}
		return a.ID
	}
	partyID := func(fallback string, in entry.Person) identity.PartyID {
		p, _, err := d.Person(t.Context(), in, noon(), fallback, "")
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind != "person" {
			t.Errorf("kind %q without being told", p.Kind)
		}
		return p.ID
	}
	one := accountID(icbc, theCard)
	if accountID(icbc, "6222-0212 3456 7890 128") != one {
		t.Error("blanks make another account")
	}
	if accountID(abc, theCard) == one || accountID(icbc, theOther) == one {
		t.Error("two accounts have one name")
	}
	if o, err := d.Counterparty(t.Context(), entry.Account{Bank: icbc, Number: "6222 0212 3456 7890 128"}); err != nil || o.ID != one {
		t.Errorf("as a bank tells of it, it is another account: %v", err)
	}
	known := partyID("f1", person())
	for rule, same := range map[string]entry.Person{
		"in another case, with another phone": {IDNumber: theID, Name: theName, Phone: "13900139000"},
		"with the small letter":               {IDNumber: "11010519491231002x", Name: "张叁丰"},
	} {
		if partyID("f2", same) != known {
			t.Errorf("%s it is another party", rule)
		}
	}
	byPhone := partyID("f1", entry.Person{Name: theName, Phone: thePhone})
	if byPhone == known || partyID("f2", entry.Person{Name: theName, Phone: "+86 138-0013-8000"}) != byPhone {
		t.Error("without a document the phone does not tell who it is")
	}
	nobody := partyID("f1", entry.Person{Name: theName})
	if nobody == byPhone || partyID("f2", entry.Person{Name: theName}) == nobody || partyID("f1", entry.Person{Name: theName}) != nobody {
		t.Error("with neither, only the fallback tells who it is")
	}
}

func TestWhatABankTellsIsKept(t *testing.T) {
	d := newDesk(t)
	for _, in := range []entry.Account{
		{Bank: "999999999999", Number: "x", Holder: theName, Kind: "99"},
		{Bank: "no bank", Number: theCard},
		{Number: "尾号0128"},
		{},
	} {
		got, err := d.Counterparty(t.Context(), in)
		if err != nil {
			t.Errorf("%+v is refused: %v", in, err)
			continue
		}
		if got.Bank != identity.BankCode(in.Bank) || opened(t, d, got.Holder) != in.Holder || got.ID == "" || got.Kind == "" {
			t.Errorf("%+v became %+v", in, got)
		}
	}
}

func TestASecondOfficerIsNamedWithAUnit(t *testing.T) {
	number, unit, err := entry.Officer{PoliceNo: "001234", Unit: "440982000000"}.Check("/investigator")
	if err != nil || number != "001234" || unit != "440982000000" {
		t.Errorf("%q, %q, %v", number, unit, err)
	}
	if number, unit, err := (entry.Officer{}).Check("/investigator"); err != nil || number != "" || unit != "" {
		t.Errorf("nobody is %q, %q, %v", number, unit, err)
	}
	var v *rule.Violation
	for _, no := range []string{" 001234", "001234 ", "001234\x00", "001234\n", "００１２３４", theName, "-1", " "} {
		if _, _, err := (entry.Officer{PoliceNo: no, Unit: "440982000000"}).Check("/investigator"); !errors.As(err, &v) || !errors.Is(err, identity.ErrPoliceNoMalformed) || v.Pointer != "/investigator/policeNo" || v.Rule.Kind != rule.Invalid {
			t.Errorf("police number %q: %v", no, err)
		}
	}
	if _, _, err := (entry.Officer{PoliceNo: "001234", Unit: "44"}).Check("/investigator"); !errors.As(err, &v) || v.Pointer != "/investigator/unit" {
		t.Errorf("a unit of no form: %v", err)
	}
}

func TestTheRulesAreListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range entry.Rules() {
		if listed[r.Code] || r.Kind != rule.Invalid || r.ZH == "" || r.EN == "" {
			t.Errorf("rule %+v", r)
		}
		listed[r.Code] = true
	}
	for _, v := range []*rule.Violation{entry.ErrAmountNotPositive, entry.ErrAmountAbsurd, entry.ErrTimeAhead, entry.ErrTimeImplausible, entry.ErrNumberMalformed, entry.ErrTextControl, entry.ErrNumberMissing, entry.ErrNameMissing, entry.ErrKind, entry.ErrSameAccount, entry.ErrBankAmount, entry.ErrBankTime, entry.ErrDocumentNumber, entry.ErrIDMalformed, entry.ErrPersonalNumber} {
		if !listed[v.Rule.Code] {
			t.Errorf("%s is not listed", v.Rule.Code)
		}
	}
}
