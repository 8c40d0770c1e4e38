package entry_test

import (
	"errors"
	"testing"

	"github.com/yuanlu/yuanlu/libs/entry"
)

func TestAChineseKeyboardMakesNoOtherAccountAndNoOtherPerson(t *testing.T) {
	d := newDesk(t)
	plain, _, err := d.Account(t.Context(), account(), "")
	if err != nil {
		t.Fatal(err)
	}
	for rule, in := range map[string]entry.Account{
		"full-width digits":                      {Bank: icbc, Number: "６２２２０２１２３４５６７８９０１２８", Holder: theName},
		"characters without a width":             {Bank: icbc, Number: "6222\u200b0212\u200d3456\ufeff7890128", Holder: "张\u200b三\u202e丰"},
		"a direction of writing":                 {Bank: icbc, Number: "\u202e6222021234567890128\u202c", Holder: theName},
		"a bank code with full-width digits":     {Bank: "１０２１０００９９９９６", Number: theCard, Holder: theName},
		"blanks and hyphens of another keyboard": {Bank: icbc, Number: "6222－0212　3456\u00a07890—128", Holder: theName},
	} {
		t.Run(rule, func(t *testing.T) {
			typed, warnings, err := d.Account(t.Context(), in, "")
			if err != nil || typed.ID != plain.ID || typed.Bank != icbc || len(warnings) != 0 {
				t.Fatalf("typed in it is %+v, %v, %v; want %s without a warning", typed, warnings, err, plain.ID)
			}
			if number, holder := opened(t, d, typed.Number), opened(t, d, typed.Holder); number != theCard || holder != theName {
				t.Errorf("kept as %q of %q", number, holder)
			}
			told, err := d.Counterparty(t.Context(), in)
			if err != nil || told.ID != plain.ID || told.Bank != icbc || opened(t, d, told.Number) != theCard || opened(t, d, told.Holder) != theName {
				t.Errorf("as a bank tells of it, it is %+v, %v; want %s", told, err, plain.ID)
			}
		})
	}
	known, _, err := d.Person(t.Context(), person(), noon(), "f1", "")
	if err != nil {
		t.Fatal(err)
	}
	wide := person()
	wide.IDNumber, wide.Phone = "１１０１０５１９４９１２３１００２Ｘ", "１３８００１３８０００\u200b"
	same, warnings, err := d.Person(t.Context(), wide, noon(), "f2", "")
	if err != nil || same.ID != known.ID || same.PhoneKey != known.PhoneKey || len(warnings) != 0 {
		t.Errorf("with a full-width ID and phone: %+v, %v, %v", same, warnings, err)
	}
	if got := opened(t, d, same.Phone); got != thePhone {
		t.Errorf("the phone is kept as %q", got)
	}
}

func TestWhatNobodySeesIsNeitherANumberNorAName(t *testing.T) {
	d := newDesk(t)
	if _, _, err := d.Account(t.Context(), entry.Account{Bank: icbc, Number: "\u200b\u202e\u3000"}, ""); !errors.Is(err, entry.ErrNumberMissing) {
		t.Errorf("an invisible number: %v", err)
	}
	for _, name := range []string{"\u200b\ufeff", "\u3164"} {
		if err := entry.Name(name, "/name"); !errors.Is(err, entry.ErrNameMissing) {
			t.Errorf("the invisible name %q: %v", name, err)
		}
	}
}
