package money_test

import (
	"errors"
	"math"
	"testing"

	"github.com/yuanlu/yuanlu/libs/money"
	"pgregory.net/rapid"
)

func TestI69_MoneyIsWholeFenAndNeverOverflowsInSilence(t *testing.T) {
	if _, err := money.Fen(math.MaxInt64).Add(1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("max + 1: got %v, want ErrOverflow", err)
	}
	if _, err := money.Fen(math.MinInt64).Sub(1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("min - 1: got %v, want ErrOverflow", err)
	}
	if _, err := money.Fen(0).Sub(math.MinInt64); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("0 - min: got %v, want ErrOverflow", err)
	}
	if _, err := money.Sum(math.MaxInt64, 1, -1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("sum: got %v, want ErrOverflow", err)
	}
	if got, rest, err := money.Fen(math.MaxInt64).Share(math.MaxInt64, math.MaxInt64); got != math.MaxInt64 || rest != 0 || err != nil {
		t.Errorf("share of everything: got %d rest %d, %v", got, rest, err)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]money.Fen{"0": 0, "1": 100, "304000.5": 30400050, "304000.00": 30400000, "-0.01": -1} {
		if got, err := money.Parse(text); got != want || err != nil {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"1.005": money.ErrPrecision, "": money.ErrSyntax, "1e3": money.ErrSyntax, "1.": money.ErrSyntax, ".5": money.ErrSyntax,
		"+1": money.ErrSyntax, "--1": money.ErrSyntax, "1,000": money.ErrSyntax, "９": money.ErrSyntax, "99999999999999999999": money.ErrOverflow,
	} {
		if _, err := money.Parse(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestDecimalReadsBackAsTheSameAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := money.Fen(rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "fen"))
		if got, err := money.Parse(f.Decimal()); got != f || err != nil {
			t.Fatalf("%d: %s reads back as %d, %v", f, f.Decimal(), got, err)
		}
	})
}

func TestStringIsForPeople(t *testing.T) {
	for f, want := range map[money.Fen]string{0: "0.00", 5: "0.05", -5: "-0.05", 483_000_000: "4,830,000.00", -100_000: "-1,000.00"} {
		if got := f.String(); got != want {
			t.Errorf("%d: got %s, want %s", f, got, want)
		}
	}
}
