package launder

import (
	"fmt"
	"math/rand/v2"

	"github.com/yuanlu/yuanlu/libs/money"
)

// partition cuts a total into n parts of at least least each. The parts sum up
// to the total to the fen: each gets the floor of its share, and what is left
// over goes to the first ones, a fen each.
func partition(r *rand.Rand, total money.Fen, n int, least money.Fen) ([]money.Fen, error) {
	if n == 0 && total == 0 {
		return nil, nil
	}
	if n <= 0 || total < least*money.Fen(n) {
		return nil, fmt.Errorf("%w: %s is too little for %d parts", ErrParams, total, n)
	}
	weights, whole := make([]money.Fen, n), money.Fen(0)
	for i := range weights {
		weights[i] = money.Fen(200 + r.IntN(800))
		whole += weights[i]
	}
	free := total - least*money.Fen(n)
	parts, left := make([]money.Fen, n), free
	for i, w := range weights {
		share, _, err := free.Share(w, whole)
		if err != nil {
			return nil, err
		}
		parts[i] = share
		left -= share
	}
	for i := range parts {
		parts[i] += least
		if money.Fen(i) < left {
			parts[i]++
		}
	}
	return parts, nil
}

// rounded cuts a total into n parts of whole units, as cash is taken out; what
// does not fit the unit goes to the last part.
func rounded(r *rand.Rand, total money.Fen, n int, unit money.Fen) ([]money.Fen, error) {
	parts, err := partition(r, total/unit, n, 0)
	if err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i] *= unit
	}
	if len(parts) > 0 {
		parts[len(parts)-1] += total % unit
	}
	return parts, nil
}

// unitFor is how round amounts of that size are: 100 yuan, a yuan, or a fen.
func unitFor(size money.Fen) money.Fen {
	for _, unit := range []money.Fen{10_000, 100} {
		if size >= 20*unit {
			return unit
		}
	}
	return 1
}

// about draws an amount of low to high per cent of x, in whole units and at
// least one.
func about(r *rand.Rand, x money.Fen, low, high int, unit money.Fen) money.Fen {
	amount := x * money.Fen(low+r.IntN(high-low+1)) / 100
	return max(amount/unit, 1) * unit
}
