package figure

import (
	"fmt"
)

// Kind says how a target is met.
type Kind string

// The kinds of targets. The zero value asks for nothing.
const (
	ForInformation Kind = ""
	RatioAtLeast   Kind = "ratio at least" // measured ÷ yardstick
	RatioAbove     Kind = "ratio above"
	Below          Kind = "below" // the measured median itself, in its unit
)

// Must is what a figure must reach.
type Must struct {
	Kind  Kind    `json:"kind,omitempty"`
	Limit float64 `json:"limit,omitempty"`
	Text  string  `json:"text,omitempty"` // for people
}

// Verdict is what became of a target.
type Verdict string

// The verdicts.
const (
	OK       Verdict = "ok"
	Short    Verdict = "short"
	Info     Verdict = "info"   // nothing was asked for
	NoFigure Verdict = "n/a"    // what it takes is not there; Note says what
	Failed   Verdict = "failed" // measuring went wrong; Note says how
)

// Row is one line of the report: a figure beside its yardstick.
type Row struct {
	What      string  `json:"what"`
	Must      Must    `json:"must"`
	Unit      Unit    `json:"unit,omitempty"`
	Measured  Spread  `json:"measured"`
	Yardstick string  `json:"yardstick,omitempty"` // what Against is
	Against   Spread  `json:"against"`             // in the same unit
	Ratio     float64 `json:"ratio,omitempty"`     // of the medians, measured ÷ against; filled by Report.Add
	Verdict   Verdict `json:"verdict"`             // filled by Report.Add unless it is NoFigure or Failed
	Note      string  `json:"note,omitempty"`
}

// judge fills in the ratio and the verdict.
func (r Row) judge() Row {
	if r.Against.Median > 0 {
		r.Ratio = r.Measured.Median / r.Against.Median
	}
	if r.Verdict == NoFigure || r.Verdict == Failed {
		return r
	}
	r.Verdict = r.verdict()
	return r
}

func (r Row) verdict() Verdict {
	met := false
	switch r.Must.Kind {
	case ForInformation:
		return Info
	case RatioAtLeast, RatioAbove:
		if len(r.Measured.Rounds) == 0 || r.Against.Median <= 0 {
			return NoFigure
		}
		met = r.Ratio > r.Must.Limit || r.Ratio == r.Must.Limit && r.Must.Kind == RatioAtLeast
	case Below:
		if len(r.Measured.Rounds) == 0 {
			return NoFigure
		}
		met = r.Measured.Median < r.Must.Limit
	}
	if met {
		return OK
	}
	return Short
}

// AtLeast asks for a share of the yardstick.
func AtLeast(share float64, of string) Must {
	return Must{Kind: RatioAtLeast, Limit: share, Text: fmt.Sprintf("≥ %.0f %% of %s", share*100, of)}
}

// MoreThan asks for more than the yardstick.
func MoreThan(yardstick string) Must {
	return Must{Kind: RatioAbove, Limit: 1, Text: "> " + yardstick}
}

// LessThan asks for a figure below a limit in its unit.
func LessThan(limit float64, unit Unit) Must {
	return Must{Kind: Below, Limit: limit, Text: fmt.Sprintf("< %g %s", limit, string(unit))}
}
