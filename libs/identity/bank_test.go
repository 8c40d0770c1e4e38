package identity_test

import (
	"errors"
	"testing"

	"github.com/yuanlu/yuanlu/libs/identity"
)

func TestTheDefaultListServesACity(t *testing.T) {
	banks := identity.DefaultBanks()
	all := banks.All()
	if len(all) < 40 {
		t.Fatalf("%d banks, want 40 or more", len(all))
	}
	for _, bank := range all {
		if _, err := identity.ParseBankCode(string(bank.Code)); err != nil {
			t.Errorf("%s %s: %v", bank.Code, bank.Short, err)
		}
		if found, ok := banks.Lookup(bank.Code); !ok || found != bank {
			t.Errorf("%s is not found", bank.Code)
		}
	}
	for code, short := range map[string]string{
		"102100099996": "工商银行", "103100000026": "农业银行", "105100000017": "建设银行",
		"308584000013": "招商银行", "402361018886": "安徽农信", "313586000006": "华兴银行",
	} {
		if bank, err := banks.Parse(code); err != nil || bank.Short != short {
			t.Errorf("%s is %q, %v; want %s", code, bank.Short, err, short)
		}
	}
	all[0].Name = "changed"
	if banks.All()[0].Name == "changed" {
		t.Error("a caller can change the list")
	}
}

func TestABankMustBeInTheList(t *testing.T) {
	banks := identity.DefaultBanks()
	if _, err := banks.Parse("102100099997"); !errors.Is(err, identity.ErrBankCheckDigit) {
		t.Errorf("a wrong check digit: %v", err)
	}
	if _, err := banks.Parse("991331000012"); !errors.Is(err, identity.ErrBankUnknown) {
		t.Errorf("a right check digit is not enough: %v", err)
	}
	if _, ok := (identity.Banks{}).Lookup("102100099996"); ok {
		t.Error("an empty list knows a bank")
	}
}

func TestAListOfBanksIsReadWholeOrNotAtAll(t *testing.T) {
	for name, list := range map[string]string{
		"an empty list":         "# nothing\n",
		"a wrong check digit":   "102100099997,甲,乙\n",
		"a code given twice":    "102100099996,甲,乙\n102100099996,丙,丁\n",
		"a bank without a name": "102100099996,,乙\n",
		"a missing column":      "102100099996,甲\n",
	} {
		if _, err := identity.ParseBanks([]byte(list)); !errors.Is(err, identity.ErrBankList) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	banks, err := identity.ParseBanks([]byte("# 行号,名称,简称\n102100099996, 中国工商银行 ,工行\n"))
	if err != nil || len(banks.All()) != 1 || banks.All()[0].Name != "中国工商银行" {
		t.Errorf("got %+v, %v", banks.All(), err)
	}
}

func TestTheSameAccountHasTheSameIDEverywhere(t *testing.T) {
	one := identity.AccountIDOf("102100099996", "00ff")
	if one != identity.AccountIDOf("102100099996", "00ff") {
		t.Error("the id is not derived")
	}
	if one == identity.AccountIDOf("103100000026", "00ff") || one == identity.AccountIDOf("102100099996", "00fe") {
		t.Error("another account has the same id")
	}
	// Spelt out: stored streams are named by it.
	if want := identity.AccountID("37f565a9-e943-5b84-8e44-d4c8eec68303"); one != want {
		t.Errorf("the id of an account has changed: %s, was %s", one, want)
	}
}
