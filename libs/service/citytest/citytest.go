// Package citytest runs services of a city for tests: on a real embedded node,
// through the real client, over real HTTP.
package citytest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
)

// City is a city on a node of its own.
type City struct {
	service.City
	Node  *eventnode.Node
	Clock *clock.Virtual // the city's clock, to be moved
	tb    testing.TB
	url   string
}

// Open starts a node in a fresh directory and everything that services share.
// The clock is virtual and stands at 2021-07-17 16:00 in China.
func Open(tb testing.TB) *City {
	tb.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: tb.TempDir(), Addr: "127.0.0.1:0"})
	must(tb, err)
	log, err := eventlog.Open(node.Connection())
	must(tb, err)
	tb.Cleanup(func() {
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	virtual, err := clock.NewVirtual(tb.Context(), log)
	must(tb, err)
	must(tb, virtual.Set(tb.Context(), time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)))
	master := privacy.NewMaster()
	return &City{tb: tb, Node: node, Clock: virtual, City: service.City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now), Clock: virtual,
		Suite: chain.SM3{}, Banks: identity.DefaultBanks(), Policy: service.DefaultPolicy(), Dir: tb.TempDir(), Demo: true,
		Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}}
}

// Run starts services and answers their paths until stop is called or the test
// ends. Called again, it is one more process of the same city, with views of its
// own, and requests go to the last one.
func (c *City) Run(services ...service.New) (stop func()) {
	c.tb.Helper()
	if c.url != "" {
		c.Dir = c.tb.TempDir()
	}
	parts := make([]service.Part, 0, len(services))
	for _, s := range services {
		part, err := s(c.tb.Context(), c.City)
		must(c.tb, err)
		parts = append(parts, part)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.tb.Context()))
	listening, served := make(chan string, 1), make(chan error, 1)
	go func(city service.City) {
		served <- service.Serve(ctx, "127.0.0.1:0", city, func(a net.Addr) { listening <- a.String() }, parts...)
	}(c.City)
	select {
	case addr := <-listening:
		c.url = "http://" + addr
	case err := <-served:
		cancel()
		c.tb.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			c.tb.Error(err)
		}
	})
	c.tb.Cleanup(stop)
	return stop
}

// Ready waits until the services that run have caught up with the log.
func (c *City) Ready() {
	c.tb.Helper()
	c.Until("the services are ready", func() bool { return c.Get(access.Person{}, "/readyz").Status == http.StatusOK })
}

// URL of the running services.
func (c *City) URL() string { return c.url }

// Until asks until the answer is as wanted, for a minute at most: services hear of
// one another through the log, and a test outside them can only look. Hundreds of
// orders take seconds, and a machine that others use takes many times as long.
func (c *City) Until(what string, done func() bool) {
	c.tb.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			c.tb.Fatalf("not within a minute: %s", what)
		}
		<-tick.C
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
