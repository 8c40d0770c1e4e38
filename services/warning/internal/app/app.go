// Package app carries commands to the rules of warning, from REST and from
// clocks that have run out.
package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
)

// Name of the service in logs, actors and paths of files.
const Name = "warning"

// App is warning without its edges.
type App struct {
	City   service.City
	Alerts es.Case[domain.Alert, domain.Command, event.AlertEvent]
}

// New makes the service of a city. A policy that grades into a level without
// limits is an error, since its alerts would have no clocks.
func New(city service.City) (App, error) {
	table, err := Table(city.Policy)
	if err != nil {
		return App{}, err
	}
	return App{City: city, Alerts: es.Case[domain.Alert, domain.Command, event.AlertEvent]{
		Decider: domain.Decider(table), Category: "alert", Codec: event.AlertCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now,
	}}, nil
}

// ErrPolicy refuses a policy that alerts cannot be graded by.
var ErrPolicy = errors.New("the policy does not give each alert level its limits")

// Levels lists the alert levels, most urgent first.
func Levels() []event.AlertLevel {
	return []event.AlertLevel{event.Critical, event.High, event.Medium, event.Low, event.Advisory}
}

// Table makes the grading table of a city's policy. Its version is a
// fingerprint: another table has another, and the same one the same everywhere.
func Table(policy service.Policy) (domain.Table, error) {
	table := domain.Table{Grades: map[string]event.AlertLevel{}, Limits: map[event.AlertLevel]domain.ActionLimits{}}
	for name := range policy.AlertMinutes {
		sign, contact := policy.Limits(name)
		if !slices.Contains(Levels(), event.AlertLevel(name)) || sign <= 0 || contact <= 0 {
			return domain.Table{}, fmt.Errorf("%w: level %q", ErrPolicy, name)
		}
		table.Limits[event.AlertLevel(name)] = domain.ActionLimits{Sign: sign, Contact: contact}
	}
	if _, ok := table.Limits[event.High]; !ok { // the level of an unknown grade
		return domain.Table{}, fmt.Errorf("%w: level %q", ErrPolicy, event.High)
	}
	for grade, name := range policy.Grades {
		level := event.AlertLevel(name)
		if _, ok := table.Limits[level]; !ok {
			return domain.Table{}, fmt.Errorf("%w: grade %q leads to level %q", ErrPolicy, grade, name)
		}
		table.Grades[grade] = level
	}
	text, err := json.Marshal([]any{policy.Grades, policy.AlertMinutes}) // maps are written in the order of their keys
	if err != nil {
		return domain.Table{}, fmt.Errorf("fingerprint of the policy: %w", err)
	}
	sum := sha256.Sum256(text)
	table.Version = "table-" + hex.EncodeToString(sum[:4])
	return table, nil
}

// Handle carries one command to an alert.
func (a App) Handle(ctx context.Context, id identity.AlertID, cause es.Cause, expected es.Expected, cmd domain.Command) (es.Outcome[domain.Alert, event.AlertEvent], error) {
	return a.Alerts.Handle(ctx, string(id), cause, expected, cmd)
}

// Alarms wakes alerts whose clocks run out.
func (a App) Alarms() alarm.Loop[domain.Alert, domain.Command, event.AlertEvent] {
	return alarm.Loop[domain.Alert, domain.Command, event.AlertEvent]{
		Case: a.Alerts, Log: a.City.Log, Clock: a.City.Clock,
		Wake:        func(due es.Alarm, now time.Time) domain.Command { return domain.Breach{Clock: due.Name, At: now} },
		Correlation: func(s domain.Alert, _ es.Alarm) string { return string(s.ID) },
		Actor:       service.SystemActor(Name), Logger: a.City.Logger,
	}
}
