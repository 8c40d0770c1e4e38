// Package service is the one shape of all services: what they are given, how
// their REST edge behaves, and how they are run, alone or together.
package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/view"
)

// City (城市) is what all services of one city share.
type City struct {
	Log    *eventlog.Log
	Keys   *privacy.Keyring
	Issuer *access.Issuer
	Clock  clock.Clock
	Suite  chain.Suite
	Banks  identity.Banks
	Policy Policy
	// Channels lead to the machines of banks, where there are any.
	Channels Channels
	Dir      string // for views
	Logger   *slog.Logger
	// Demo allows a virtual clock and hands out tokens to anyone: never true in
	// a real city.
	Demo bool
}

// ViewPath is where a service keeps the rows of a view.
func (c City) ViewPath(name string) string { return filepath.Join(c.Dir, name+".sqlite") }

// SystemActor is a service acting by its own rules.
func SystemActor(name string) es.Actor { return es.Actor{User: "system:" + name, Role: "system"} }

// Part is one service, ready to be run alone or with others.
type Part struct {
	Name     string
	Prefixes []string // of its paths, for gateways: each path begins with one of them
	Routes   func(mux *http.ServeMux)
	Rules    []rule.Rule // that this service refuses by
	// Published are the rules of all services, for the page at /rules: the type
	// of a problem leads there, whichever service answers it.
	Published []rule.Rule
	// Run does all background work until ctx ends.
	Run func(ctx context.Context) error
	// Ready tells why the service cannot answer yet; nil when it can.
	Ready func() error
	Close func() error
}

// ErrNotReady tells that a service has not caught up with the log yet.
var ErrNotReady = errors.New("not caught up with the log yet")

// CaughtUp makes a Ready of the views a service answers from.
func CaughtUp(views ...*view.View) func() error {
	return func() error {
		for _, v := range views {
			if _, caughtUp := v.Position(); !caughtUp {
				return ErrNotReady
			}
		}
		return nil
	}
}
