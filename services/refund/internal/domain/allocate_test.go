package domain_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"pgregory.net/rapid"
)

// losses gives each amount a transfer, a minute after the one before.
func losses(amounts ...money.Fen) []domain.Loss {
	list := make([]domain.Loss, len(amounts))
	for n, a := range amounts {
		list[n] = domain.Loss{Amount: a, At: noon.Add(time.Duration(n) * time.Minute), ID: fmt.Sprintf("t-%d", n)}
	}
	return list
}

func TestTheFormulaOfArticle8GivesTheseShares(t *testing.T) {
	for _, c := range []struct {
		rule   string
		f      money.Fen
		losses []domain.Loss
		want   []money.Fen
	}{
		{"too little for all is shared in proportion", 10_000_000, losses(3_000_000, 5_000_000, 7_000_000), []money.Fen{2_000_000, 3_333_333, 4_666_667}},
		{"enough for all makes everyone whole and leaves the rest", 10_000_000, losses(2_000_000, 3_000_000), []money.Fen{2_000_000, 3_000_000}},
		{"equal remainders go to the earliest transfers", 2, losses(100, 100, 100), []money.Fen{1, 1, 0}},
		{"the largest remainders get the fen left over", 9_999, losses(3333, 3333, 3334), []money.Fen{3333, 3333, 3333}},
		{"nothing held gives nothing", 0, losses(100, 200), []money.Fen{0, 0}},
		{"nothing lost gives nothing", 500, losses(0, 0), []money.Fen{0, 0}},
		{"a single claim gets what is held", 1_493_000_00, losses(4_830_000_00), []money.Fen{1_493_000_00}},
		{"no claims get nothing", 500, nil, []money.Fen{}},
		{"at the end of the range nothing overflows", math.MaxInt64, losses(math.MaxInt64-1, 1), []money.Fen{math.MaxInt64 - 1, 1}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := domain.Allocate(c.f, c.losses)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("other shares (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTiesOfTheSameMomentGoByTheTransfersID(t *testing.T) {
	same := []domain.Loss{{Amount: 100, At: noon, ID: "b"}, {Amount: 100, At: noon, ID: "a"}}
	got, err := domain.Allocate(1, same)
	if err != nil || !slices.Equal(got, []money.Fen{0, 1}) {
		t.Errorf("got %v, %v; the fen goes to transfer a", got, err)
	}
}

func TestAllocateRefusesWhatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		f      money.Fen
		losses []domain.Loss
	}{
		"a negative sum":             {-1, losses(1)},
		"a negative loss":            {1, losses(-1, 2)},
		"losses beyond the range":    {1, losses(math.MaxInt64, 1)},
		"the smallest of all losses": {1, losses(math.MinInt64)},
	} {
		if got, err := domain.Allocate(c.f, c.losses); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// drawLosses draws losses whose sum stays within the range, of every size, and
// often at the same moment.
func drawLosses(rt *rapid.T) []domain.Loss {
	n := rapid.IntRange(0, 12).Draw(rt, "n")
	left := int64(math.MaxInt64)
	list := make([]domain.Loss, n)
	for i := range list {
		limit := rapid.SampledFrom([]int64{3, 1000, 10_000_000_00, math.MaxInt64 / 12, math.MaxInt64}).Draw(rt, "limit")
		amount := rapid.Int64Range(0, min(limit, left)).Draw(rt, "amount")
		left -= amount
		list[i] = domain.Loss{
			Amount: money.Fen(amount), At: noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "minute")) * time.Minute), ID: fmt.Sprintf("t-%02d", i),
		}
	}
	return list
}

func drawFen(rt *rapid.T) money.Fen {
	limit := rapid.SampledFrom([]int64{3, 1000, 10_000_000_00, math.MaxInt64}).Draw(rt, "limit of f")
	return money.Fen(rapid.Int64Range(0, limit).Draw(rt, "f"))
}

func TestI35_EveryShareIsWithinTheLossAndAllSharesTogetherWithinWhatIsHeld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, list := drawFen(rt), drawLosses(rt)
		got, err := domain.Allocate(f, list)
		if err != nil {
			rt.Fatal(err)
		}
		var sum, total money.Fen
		for n, l := range list {
			if got[n] < 0 || got[n] > l.Amount {
				rt.Fatalf("share %d of loss %d", got[n], l.Amount)
			}
			sum, total = sum+got[n], total+l.Amount
		}
		if sum > f || sum != min(f, total) {
			rt.Fatalf("shares add up to %d, want min(%d, %d)", sum, f, total)
		}
	})
}

func TestEveryShareIsTheExactOneToLessThanAFen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, list := drawFen(rt), drawLosses(rt)
		got, err := domain.Allocate(f, list)
		if err != nil {
			rt.Fatal(err)
		}
		var total money.Fen
		for _, l := range list {
			total += l.Amount
		}
		for n, l := range list {
			if max(f, total) == 0 {
				continue
			}
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(int64(f)), big.NewInt(int64(l.Amount))), big.NewInt(int64(max(f, total))))
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(got[n])), exact)
			if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				rt.Fatalf("share %d is off by %s", got[n], off.FloatString(3))
			}
		}
	})
}

func TestI36_AnyOrderOfVictimsGivesTheSameShares(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, list := drawFen(rt), drawLosses(rt)
		other := rapid.Permutation(list).Draw(rt, "permutation")
		one, err := domain.Allocate(f, list)
		if err != nil {
			rt.Fatal(err)
		}
		two, err := domain.Allocate(f, other)
		if err != nil {
			rt.Fatal(err)
		}
		shares := map[string]money.Fen{}
		for n, l := range list {
			shares[l.ID] = one[n]
		}
		for n, l := range other {
			if shares[l.ID] != two[n] {
				rt.Fatalf("%s gets %d or %d by its place in the list", l.ID, shares[l.ID], two[n])
			}
		}
	})
}
