package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Policy is every number that a city sets for itself; the law's numbers stand
// beside their rules. It is read from the city's file.
type Policy struct {
	City identity.Unit `json:"unit"` // the centre's own unit code
	Name string        `json:"name"`
	// Units names the units of the city by their codes, as holders are told of them
	// (责任单位). What a city's file names is added to what ships.
	Units map[identity.Unit]string `json:"units"`
	// Chase limits the automatic orders of the chase (追踪策略).
	Chase ChasePolicy `json:"chase"`
	// AlertMinutes gives the minutes to sign and to make first contact, by
	// alert level (预警时限).
	AlertMinutes map[string]AlertMinutes `json:"alertMinutes"`
	// Grades maps a supplier's grade to a level of the city.
	Grades map[string]string `json:"grades"`
	// FreezeTermMonths is the term asked for, at most 6 (程序规定 art. 243).
	FreezeTermMonths int `json:"freezeTermMonths"`
	// PaperHours is within how many hours the papers of a stop must follow that was
	// asked for by telephone or on paper (后补期限), 1 to 720 (K). A term beyond the 48
	// hours of the stop binds nobody.
	PaperHours int `json:"paperHours"`
	// PaperDays is the same in working days, 1 to 30; where it is set it counts and
	// PaperHours does not. 0: not set.
	PaperDays int `json:"paperDays"`
	// Remedy is how holders are heard and how much may be held.
	Remedy RemedyPolicy `json:"remedy"`
}

// ChasePolicy says how far the chase goes by itself.
type ChasePolicy struct {
	MaxLevel  int       `json:"maxLevel"`     // deepest level that is stopped, 1 to 50
	MinAmount money.Fen `json:"minAmountFen"` // smallest amount worth an order
	Method    string    `json:"method"`       // how money is attributed
	// MaxAgeMinutes is how long ago money can have left the parent account; money
	// that left it earlier waits for a person. 0: no limit.
	MaxAgeMinutes int `json:"maxAgeMinutes"`
	// HumanKinds are the kinds of account that a person decides on: 03 public
	// utilities, 04 merchants, 05 payment institutions.
	HumanKinds []identity.AccountKind `json:"humanKinds"`
	// Scope (止付范围) is how much of an account the chase stops: ALL of it, or the
	// AMOUNT that was traced to it (金额止付).
	Scope string `json:"scope"`
}

// AlertMinutes are the limits of one alert level.
type AlertMinutes struct {
	Sign    int `json:"sign"`
	Contact int `json:"contact"`
}

// DefaultPolicy is what ships; all of it is configuration.
func DefaultPolicy() Policy {
	return Policy{
		City:  "440900000000",
		Name:  "茂名市反诈中心",
		Units: map[identity.Unit]string{"440981000000": "高州市公安局", "440982000000": "化州市公安局", "440983000000": "信宜市公安局"},
		Chase: ChasePolicy{MaxLevel: 8, MinAmount: 100_00, Method: "DIRECT_TIMESTAMP", HumanKinds: identity.HumanKinds(), Scope: "ALL"},
		AlertMinutes: map[string]AlertMinutes{
			"critical": {3, 5}, "high": {5, 15}, "medium": {30, 240}, "low": {120, 1440}, "advisory": {1440, 7 * 1440},
		},
		Grades:           map[string]string{"高": "high", "中": "medium", "低": "low"},
		FreezeTermMonths: 6,
		PaperHours:       24,
		Remedy:           defaultRemedy(),
	}
}

// LoadPolicy reads a city's file over the defaults. A field it does not know
// is an error: a misspelt limit must not be a silent one.
func LoadPolicy(path string) (Policy, error) {
	policy := DefaultPolicy()
	if path == "" {
		return policy, nil
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return policy, fmt.Errorf("city file: %w", err)
	}
	defer func() { _ = file.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(file, bodyBytes))
	if err != nil {
		return policy, fmt.Errorf("city file: %w", err)
	}
	if err := checkJSON(data); err != nil {
		return policy, fmt.Errorf("city file: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		return policy, fmt.Errorf("city file: %w", err)
	}
	if err := policy.check(); err != nil {
		return policy, fmt.Errorf("city file: %w", err)
	}
	return policy, nil
}

var errPolicy = errors.New("not a policy that can be followed")

// deepest bounds the levels of a chase: each costs every bank on it an order.
const deepest = 50

// methods are the ways of attributing money that accounts know.
func methods() []string { return []string{"DIRECT_TIMESTAMP", "PRO_RATA", "FIFO", "LIFO"} }

// check refuses limits that would never or always be broken, and names of
// levels that nothing goes by.
func (p Policy) check() error {
	if _, err := identity.ParseUnit(string(p.City)); err != nil {
		return fmt.Errorf("%w: unit: %w", errPolicy, err)
	}
	for unit, name := range p.Units {
		if _, err := identity.ParseUnit(string(unit)); err != nil || name == "" {
			return fmt.Errorf("%w: units: %q is no code of a unit, or has no name", errPolicy, unit)
		}
	}
	if p.Chase.MaxLevel < 1 || p.Chase.MaxLevel > deepest || p.Chase.MinAmount < 0 {
		return fmt.Errorf("%w: chase: maxLevel is 1 to %d, minAmountFen not negative", errPolicy, deepest)
	}
	if p.Chase.MaxAgeMinutes < 0 {
		return fmt.Errorf("%w: chase: maxAgeMinutes is not negative", errPolicy)
	}
	for _, kind := range p.Chase.HumanKinds {
		if !kind.Known() {
			return fmt.Errorf("%w: chase: humanKinds: %q is no kind of account", errPolicy, kind)
		}
	}
	if !slices.Contains(methods(), p.Chase.Method) {
		return fmt.Errorf("%w: chase: method is one of %s", errPolicy, strings.Join(methods(), ", "))
	}
	if p.Chase.Scope != "ALL" && p.Chase.Scope != "AMOUNT" {
		return fmt.Errorf("%w: chase: scope is ALL or AMOUNT", errPolicy)
	}
	if p.PaperHours < 1 || p.PaperHours > 720 || p.PaperDays < 0 || p.PaperDays > 30 {
		return fmt.Errorf("%w: paperHours is 1 to 720, paperDays 1 to 30 or absent", errPolicy)
	}
	if p.FreezeTermMonths < 1 || p.FreezeTermMonths > 6 {
		return fmt.Errorf("%w: freezeTermMonths is 1 to 6", errPolicy)
	}
	if err := p.Remedy.check(); err != nil {
		return err
	}
	return p.checkAlerts()
}

// checkAlerts refuses names of levels that nothing goes by.
func (p Policy) checkAlerts() error {
	levels := DefaultPolicy().AlertMinutes
	for level, m := range p.AlertMinutes {
		if _, known := levels[level]; !known || m.Sign < 1 || m.Contact < 1 {
			return fmt.Errorf("%w: alertMinutes: %q is no level, or lacks the minutes to sign or to make contact", errPolicy, level)
		}
	}
	for grade, level := range p.Grades {
		if _, known := levels[level]; !known {
			return fmt.Errorf("%w: grades: %q leads to no level", errPolicy, grade)
		}
	}
	return nil
}

// NameOf names a unit, "" where the city has no name for its code: the centre itself
// by its own, and a unit below one with a name as subordinate to that one.
func (p Policy) NameOf(unit identity.Unit) string {
	if name, known := p.Units[unit]; known {
		return name
	}
	if unit == p.City {
		return p.Name
	}
	if name, known := p.Units[identity.Unit(unit.Bureau()+"000000")]; known {
		return name + "下属单位"
	}
	return ""
}

// Limits returns the sign and contact limits of an alert level.
func (p Policy) Limits(level string) (sign, contact time.Duration) {
	m := p.AlertMinutes[level]
	return time.Duration(m.Sign) * time.Minute, time.Duration(m.Contact) * time.Minute
}
