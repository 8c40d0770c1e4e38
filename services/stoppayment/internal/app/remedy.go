package app

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// proportion is what the city calls too much.
func proportion(p service.RemedyPolicy) domain.Proportion {
	return domain.Proportion{Factor: p.Factor, Floor: p.Floor, Percent: p.MarginPercent, Auto: p.AutoNarrow}
}

// Percent of what was traced stays held when a measure is narrowed.
func (a App) Percent() int64 { return a.City.Policy.Remedy.MarginPercent }

// ObjectionDue is by when an objection filed now is to be decided.
func (a App) ObjectionDue(at time.Time) time.Time {
	return a.City.Policy.Remedy.Calendar().AddWorkingDays(at, a.City.Policy.Remedy.ObjectionDays)
}

// ProtectiveTerm is the longest term of a protective stop in the city.
func (a App) ProtectiveTerm() time.Duration {
	return time.Duration(a.City.Policy.Remedy.ProtectiveDays) * 24 * time.Hour
}
