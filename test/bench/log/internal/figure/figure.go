// Package figure holds what was measured: figures with their spread, the
// yardstick that each stands beside, and what must be reached.
package figure

import (
	"fmt"
	"slices"
	"time"
)

// Spread is one figure measured in several rounds.
type Spread struct {
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Rounds []float64 `json:"rounds"` // in the order in which they were measured
}

// Of is the spread of the given rounds; that of none is zero.
func Of(rounds ...float64) Spread {
	if len(rounds) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(rounds))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1], Rounds: slices.Clone(rounds)}
}

// Percentile is the smallest sample that at least the share q (0 to 1) of all
// samples does not exceed. It sorts the samples. That of none is zero.
func Percentile(samples []time.Duration, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	slices.Sort(samples)
	rank := int(q * float64(len(samples)))
	if float64(rank) < q*float64(len(samples)) {
		rank++
	}
	return samples[min(max(rank, 1), len(samples))-1]
}

// Unit says what a figure counts.
type Unit string

// The units of the benchmark.
const (
	PerSecond    Unit = "/s"
	Milliseconds Unit = "ms"
	Seconds      Unit = "s"
	MiB          Unit = "MiB"
)

// Format writes a value with its unit.
func (u Unit) Format(v float64) string {
	switch u {
	case PerSecond:
		return thousands(v) + "/s"
	case Milliseconds:
		return fmt.Sprintf("%.2f ms", v)
	case Seconds:
		return fmt.Sprintf("%.2f s", v)
	case MiB:
		return thousands(v) + " MiB"
	}
	return fmt.Sprintf("%g %s", v, string(u))
}

// thousands writes a whole number with commas between groups of three digits.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// in writes the median and, where rounds differ, the smallest and the largest.
func (s Spread) in(u Unit) string {
	if len(s.Rounds) == 0 {
		return "–"
	}
	if len(s.Rounds) == 1 {
		return u.Format(s.Median)
	}
	return fmt.Sprintf("%s [%s – %s]", u.Format(s.Median), u.Format(s.Min), u.Format(s.Max))
}
