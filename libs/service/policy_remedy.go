package service

import (
	"fmt"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// RemedyPolicy is how the city deals with holders whose accounts it stops
// (救济与比例).
type RemedyPolicy struct {
	// ObjectionDays are the working days to decide on an objection.
	ObjectionDays int `json:"objectionDays"`
	// Factor and Floor say when more is held than is in proportion: so many times
	// what was traced, and at least so much.
	Factor int64     `json:"disproportionFactor"`
	Floor  money.Fen `json:"disproportionFloorFen"`
	// MarginPercent of what was traced stays held when a measure is narrowed.
	MarginPercent int64 `json:"marginPercent"`
	// AutoNarrow narrows without asking.
	AutoNarrow bool `json:"autoNarrow"`
	// ProtectiveDays are the longest term of a protective stop, at most 30.
	ProtectiveDays int `json:"protectiveDays"`
	// DaysOff and DaysWorked are the announced holidays and the days worked
	// instead, yyyy-MM-dd.
	DaysOff    []string `json:"daysOff,omitempty"`
	DaysWorked []string `json:"daysWorked,omitempty"`
}

func defaultRemedy() RemedyPolicy {
	return RemedyPolicy{ObjectionDays: 5, Factor: 10, Floor: 10_000_00, MarginPercent: 110, ProtectiveDays: 7}
}

// Calendar is the city's calendar of working days.
func (p RemedyPolicy) Calendar() identity.Calendar {
	return identity.Calendar{Off: p.DaysOff, Worked: p.DaysWorked}
}

func (p RemedyPolicy) check() error {
	switch {
	case p.ObjectionDays < 1 || p.ObjectionDays > 60:
		return fmt.Errorf("%w: remedy: objectionDays is 1 to 60", errPolicy)
	case p.Factor < 2 || p.Factor > 1000 || p.Floor < 0 || p.Floor > money.Max:
		return fmt.Errorf("%w: remedy: disproportionFactor is 2 to 1000, disproportionFloorFen not negative", errPolicy)
	case p.MarginPercent < 100 || p.MarginPercent > 1000:
		return fmt.Errorf("%w: remedy: marginPercent is 100 to 1000", errPolicy)
	case p.ProtectiveDays < 1 || p.ProtectiveDays > 30:
		return fmt.Errorf("%w: remedy: protectiveDays is 1 to 30", errPolicy)
	}
	if err := p.Calendar().Check(); err != nil {
		return fmt.Errorf("%w: remedy: %w", errPolicy, err)
	}
	return nil
}
