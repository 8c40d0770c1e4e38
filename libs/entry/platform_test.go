package entry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

func TestABankWritesAmountsInYuanAndTimesInChina(t *testing.T) {
	for text, want := range map[string]money.Fen{"304000": 304000_00, "0.5": 50, "12.34": 1234} {
		if got, err := entry.PlatformAmount(text, "/balance"); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	got, err := entry.PlatformTime("20210718003000", "/at")
	if err != nil || !got.Equal(time.Date(2021, 7, 17, 16, 30, 0, 0, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("got %v, %v", got, err)
	}
	for text, want := range map[string]error{
		"100000000000000.00": nil, "100000000000000.01": entry.ErrAmountAbsurd, theCard + theCard: entry.ErrAmountAbsurd,
		"-0.01": nil, "-" + theCard + theCard: entry.ErrBankAmount,
	} {
		if _, err := entry.PlatformAmount(text, "/balance"); !errors.Is(err, want) {
			t.Errorf("amount %q: %v", text, err)
		}
	}
	for _, text := range []string{"", "1.234", "1,000", "1e3"} {
		var v *rule.Violation
		if _, err := entry.PlatformAmount(text, "/balance"); !errors.As(err, &v) || !errors.Is(err, entry.ErrBankAmount) || v.Pointer != "/balance" {
			t.Errorf("amount %q: %v", text, err)
		}
		if _, err := entry.PlatformTime(text, "/at"); !errors.As(err, &v) || !errors.Is(err, entry.ErrBankTime) || v.Pointer != "/at" {
			t.Errorf("time %q: %v", text, err)
		}
	}
}
