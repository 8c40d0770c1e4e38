package race_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/race"
	"pgregory.net/rapid"
)

func TestWhatLeavesAnAccountIsTakenFromItsOwnersInProportion(t *testing.T) {
	for name, c := range map[string]struct {
		victims, clean, amount, held money.Fen
		wantVictims, wantClean       money.Fen
	}{
		"two owners":                                 {90, 10, 60, 0, 36, 4},
		"to the nearest fen":                         {2, 1, 1, 0, 1, 1},
		"all of it":                                  {90, 10, 100, 0, 0, 0},
		"what is held is the victim's first":         {60, 40, 40, 60, 60, 0},
		"less is held than is the victim's":          {60, 40, 40, 40, 47, 13},
		"more is held than there is of the victim's": {60, 40, 20, 80, 60, 20},
	} {
		t.Run(name, func(t *testing.T) {
			victims, clean, err := race.Take(c.victims, c.clean, c.amount, c.held)
			if err != nil || victims != c.wantVictims || clean != c.wantClean {
				t.Errorf("%d and %d are left, %v; want %d and %d", victims, clean, err, c.wantVictims, c.wantClean)
			}
		})
	}
}

func TestNoOwnerGivesMoreThanHeHasAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		victims := money.Fen(rapid.Int64Range(0, 1_000_000_000).Draw(t, "victims"))
		clean := money.Fen(rapid.Int64Range(0, 1_000_000_000).Draw(t, "clean"))
		held := money.Fen(rapid.Int64Range(0, int64(victims+clean)).Draw(t, "held"))
		if held == victims+clean {
			return
		}
		amount := money.Fen(rapid.Int64Range(1, int64(victims+clean-held)).Draw(t, "amount"))
		a, b, err := race.Take(victims, clean, amount, held)
		if err != nil || a < min(victims, held) || b < 0 || a > victims || b > clean || a+b != victims+clean-amount {
			t.Fatalf("%d and %d of %d and %d, %v", a, b, victims, clean, err)
		}
	})
}
