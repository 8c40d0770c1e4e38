package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

const (
	// ProtectiveWindow is the time within which all protective stops of one account
	// count together against the city's longest term and [MaxProtective] (K): after
	// that long a time free of them the account has its whole term again.
	ProtectiveWindow = 90 * 24 * time.Hour
	// ClaimLease is how long a claim stands whose protective stop was never asked for
	// in the end, such as when the machine stopped in between (K).
	ClaimLease = 10 * time.Minute
)

// Shield (占用) is which protective stop has an account, and how long banks held it
// for those before. An account has one at a time.
type Shield struct {
	Protective  identity.ProtectiveID // the last that claimed it; "" if none, or if it was settled
	Responsible identity.Unit
	ClaimedAt   time.Time
	Held        []Held // oldest first
}

// Held is from when until when a bank held the account.
type Held struct{ Since, Until time.Time }

// Former is what the protective stop that claimed an account last has come to.
type Former struct {
	Protective identity.ProtectiveID
	Asked      bool // it was asked for: its stream exists
	Settled    bool // it is done with the account for ever
	Since      time.Time
	Until      time.Time
}

// ShieldCommand is something that can be asked of the claim on one account.
//
//sumtype:decl
type ShieldCommand interface{ isShieldCommand() }

// ClaimAccount (占用) for a protective stop until its cap, after the former one.
// Most is the city's longest term.
type ClaimAccount struct {
	Protective  identity.ProtectiveID
	Responsible identity.Unit
	CapAt       time.Time
	Most        time.Duration
	Former      Former
	At          time.Time
}

// UnclaimAccount takes back a claim whose protective stop was not asked for.
type UnclaimAccount struct {
	Protective identity.ProtectiveID
	At         time.Time
}

func (ClaimAccount) isShieldCommand()   {}
func (UnclaimAccount) isShieldCommand() {}

// ShieldDecider is all of the rules of claims.
func ShieldDecider() es.Decider[Shield, ShieldCommand, event.ShieldEvent] {
	return es.Decider[Shield, ShieldCommand, event.ShieldEvent]{Decide: DecideShield, Evolve: EvolveShield, Due: func(Shield) []es.Alarm { return nil }}
}

// DecideShield is every rule about a claim.
func DecideShield(s Shield, cmd ShieldCommand) ([]event.ShieldEvent, error) {
	switch cmd := cmd.(type) {
	case ClaimAccount:
		return claimAccount(s, cmd)
	case UnclaimAccount:
		if s.Protective == cmd.Protective {
			return []event.ShieldEvent{event.ProtectiveAccountFreed{Protective: cmd.Protective, At: cmd.At}}, nil
		}
	}
	return nil, nil
}

// claimAccount: one protective stop at a time, and however many follow each other,
// within any [ProtectiveWindow] they hold the account no longer than one of them
// may. What is left is taken whole; what was not used of it is given back when the
// next one comes.
func claimAccount(s Shield, cmd ClaimAccount) ([]event.ShieldEvent, error) {
	if s.Protective == cmd.Protective {
		return nil, nil
	}
	var events []event.ShieldEvent
	if s.Protective != "" {
		former := cmd.Former
		switch {
		case former.Protective != s.Protective, former.Asked && !former.Settled, !former.Asked && cmd.At.Before(s.ClaimedAt.Add(ClaimLease)):
			return nil, naming(ErrProtectedByUnit, s.Responsible)
		}
		freed := event.ProtectiveAccountFreed{Protective: s.Protective, Since: former.Since, Until: former.Until, At: cmd.At}
		s, events = EvolveShield(s, freed), append(events, freed)
	}
	left := min(cmd.Most, MaxProtective) - s.heldSince(cmd.CapAt.Add(-ProtectiveWindow))
	if cmd.CapAt.Sub(cmd.At) > left {
		return nil, leaving(ErrProtectiveCap, max(0, left))
	}
	return append(events, event.ProtectiveAccountClaimed{Protective: cmd.Protective, Responsible: cmd.Responsible, CapAt: cmd.CapAt, At: cmd.At}), nil
}

// Has refuses a protective stop that does not have the account.
func (s Shield) Has(id identity.ProtectiveID) error {
	if s.Protective != id {
		return naming(ErrProtectedByUnit, s.Responsible)
	}
	return nil
}

// leaving tells how much of the term is left.
func leaving(v *rule.Violation, left time.Duration) error {
	named := *v
	hours := int(left / time.Hour)
	named.Rule.ZH += fmt.Sprintf("，该账户 90 日内还可保护 %d 小时", hours)
	named.Rule.EN += fmt.Sprintf("; within 90 days %d hours are left for this account", hours)
	return named.At("/capAt")
}

// heldSince adds up how long banks held the account since a time.
func (s Shield) heldSince(from time.Time) (sum time.Duration) {
	for _, h := range s.Held {
		sum += max(0, h.Until.Sub(later(h.Since, from)))
	}
	return sum
}

// EvolveShield folds one event into the state.
func EvolveShield(s Shield, e event.ShieldEvent) Shield {
	switch e := e.(type) {
	case event.ProtectiveAccountClaimed:
		s.Protective, s.Responsible, s.ClaimedAt = e.Protective, e.Responsible, e.At
	case event.ProtectiveAccountFreed:
		s.Protective, s.Responsible, s.ClaimedAt = "", "", time.Time{}
		s.Held = slices.DeleteFunc(slices.Clone(s.Held), func(h Held) bool { return h.Until.Before(e.At.Add(-ProtectiveWindow)) })
		if e.Until.After(e.Since) && !e.Since.IsZero() {
			s.Held = append(s.Held, Held{e.Since, e.Until})
		}
	}
	return s
}
