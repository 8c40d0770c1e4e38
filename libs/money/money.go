// Package money holds amounts as whole fen (分). There is no float anywhere:
// every operation is exact, and one that would overflow says so.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Fen (分) is an amount of renminbi in hundredths of a yuan. In JSON it is a
// whole number; fields that carry it end in "Fen".
type Fen int64

// Max is the largest amount a single declaration, row or order may name:
// 10,000 亿元. More is a slip of the keyboard, not money.
const Max Fen = 100_000_000_000_000

// What can be wrong with an amount.
var (
	ErrOverflow  = errors.New("amount out of range")
	ErrSyntax    = errors.New("not a decimal amount")
	ErrPrecision = errors.New("more than two decimals")
)

// Add returns f + g, or ErrOverflow.
func (f Fen) Add(g Fen) (Fen, error) {
	sum := f + g
	if (g > 0 && sum < f) || (g < 0 && sum > f) {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Sub returns f - g, or ErrOverflow.
func (f Fen) Sub(g Fen) (Fen, error) {
	if g == math.MinInt64 {
		return 0, ErrOverflow
	}
	return f.Add(-g)
}

// Sum adds all amounts, or returns ErrOverflow.
func Sum(amounts ...Fen) (Fen, error) {
	var total Fen
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Share returns floor(f·part/whole) and the remainder of that division, with a
// 128-bit product in between. All three must be non-negative, whole positive
// and the result no larger than f, so part may not exceed whole.
func (f Fen) Share(part, whole Fen) (share Fen, remainder uint64, err error) {
	if f < 0 || part < 0 || whole <= 0 || part > whole {
		return 0, 0, ErrOverflow
	}
	hi, lo := bits.Mul64(uint64(f), uint64(part))
	quotient, rest := bits.Div64(hi, lo, uint64(whole))
	return Fen(quotient), rest, nil //nolint:gosec // quotient ≤ f because part ≤ whole
}

// Parse reads a decimal amount in yuan as bank messages write it ("304000",
// "304000.5", "304000.00"). A third decimal is refused, never rounded.
func Parse(s string) (Fen, error) {
	body, negative := strings.CutPrefix(s, "-")
	yuan, cents, dotted := strings.Cut(body, ".")
	if !digits(yuan) || (dotted && !digits(cents)) {
		return 0, fmt.Errorf("%w", ErrSyntax)
	}
	if len(cents) > 2 {
		return 0, ErrPrecision
	}
	n, err := strconv.ParseInt(yuan+(cents + "00")[:2], 10, 64)
	if err != nil {
		return 0, ErrOverflow
	}
	if negative {
		n = -n
	}
	return Fen(n), nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Decimal writes the amount in yuan as bank messages do: "304000.00".
func (f Fen) Decimal() string {
	sign, n := "", uint64(f) //nolint:gosec // the sign is taken off next
	if f < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// String writes the amount for people: "4,830,000.00".
func (f Fen) String() string {
	text := f.Decimal()
	sign, text := cutSign(text)
	yuan, cents, _ := strings.Cut(text, ".")
	for i := len(yuan) - 3; i > 0; i -= 3 {
		yuan = yuan[:i] + "," + yuan[i:]
	}
	return sign + yuan + "." + cents
}

func cutSign(s string) (sign, rest string) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return "-", rest
	}
	return "", s
}
