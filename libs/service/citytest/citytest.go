// Package citytest runs services of a city for tests: on a real embedded node,
// through the real client, over real HTTP.
package citytest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
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

// Run starts services and answers their paths until the test ends.
func (c *City) Run(services ...service.New) {
	c.tb.Helper()
	parts := make([]service.Part, 0, len(services))
	for _, s := range services {
		part, err := s(c.tb.Context(), c.City)
		must(c.tb, err)
		parts = append(parts, part)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(c.tb.Context()))
	listening, served := make(chan string, 1), make(chan error, 1)
	go func() {
		served <- service.Serve(ctx, "127.0.0.1:0", c.City, func(a net.Addr) { listening <- a.String() }, parts...)
	}()
	select {
	case addr := <-listening:
		c.url = "http://" + addr
	case err := <-served:
		stop()
		c.tb.Fatal(err)
	}
	c.tb.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			c.tb.Error(err)
		}
	})
}

// URL of the running services.
func (c *City) URL() string { return c.url }

// Officer is a police person of the county.
func Officer(policeNo string, role access.Role) access.Person {
	return access.Person{User: policeNo, Unit: "440982000000", Level: identity.County, Role: role}
}

// Desk is the desk of a bank.
func Desk(bank identity.BankCode) access.Person {
	return access.Person{User: "desk-" + string(bank), Role: access.BankDesk, Bank: bank}
}

// Answer is what a request has led to.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body.
func (a Answer) Into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		tb.Fatalf("%d: %v", a.Status, err)
	}
}

// Code is the code of a problem, "" for none.
func (a Answer) Code() string {
	var p struct {
		Code string `json:"code"`
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(a.Body, &p) != nil {
		return ""
	}
	return p.Code
}

// Do sends one request. A body that is a string is sent as it is. The key
// names the request; "" draws one.
func (c *City) Do(who access.Person, method, path, key string, body any) Answer {
	c.tb.Helper()
	a, err := c.Try(who, method, path, key, body)
	must(c.tb, err)
	return a
}

// Try is Do for a goroutine of the test's own, which may outlive the city.
func (c *City) Try(who access.Person, method, path, key string, body any) (Answer, error) {
	token, err := c.Issuer.Issue(who, time.Hour)
	if err != nil {
		return Answer{}, err
	}
	payload, err := encode(body)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(c.tb.Context(), method, c.url+path, bytes.NewReader(payload))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if method != http.MethodGet {
		if key == "" {
			key = uuid.NewString()
		}
		request.Header.Set("Idempotency-Key", key)
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	read, err := io.ReadAll(response.Body)
	return Answer{response.StatusCode, response.Header, read}, err
}

func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(body), nil
	}
	return json.Marshal(body)
}

// Get asks for a path.
func (c *City) Get(who access.Person, path string) Answer {
	return c.Do(who, http.MethodGet, path, "", nil)
}

// Post gives a command and demands that it succeeds.
func (c *City) Post(who access.Person, path string, body any) Answer {
	c.tb.Helper()
	a := c.Do(who, http.MethodPost, path, "", body)
	if a.Status >= http.StatusMultipleChoices {
		c.tb.Fatalf("POST %s: %d %s", path, a.Status, a.Body)
	}
	return a
}

// Until asks until the answer is as wanted, for 20 seconds at most: services
// hear of one another through the log, and a test outside them can only look.
func (c *City) Until(what string, done func() bool) {
	c.tb.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			c.tb.Fatalf("not within 20 seconds: %s", what)
		}
		<-tick.C
	}
}

// Pen writes events into streams of a category as their owner would.
func Pen[E any](c *City, category string, codec es.Codec[E]) func(id, correlation string, events ...E) {
	writer := es.Case[struct{}, []E, E]{
		Decider: es.Decider[struct{}, []E, E]{
			Decide: func(_ struct{}, events []E) ([]E, error) { return events, nil },
			Evolve: func(s struct{}, _ E) struct{} { return s },
		},
		Category: category, Codec: codec, Log: c.Log, Suite: c.Suite, Now: c.City.Clock.Now,
	}
	return func(id, correlation string, events ...E) {
		c.tb.Helper()
		cause := es.Cause{Command: uuid.New(), Actor: es.Actor{User: "001234", Unit: "440982000000"}, Correlation: correlation, At: c.City.Clock.Now()}
		_, err := writer.Handle(c.tb.Context(), id, cause, es.AnyRevision, events)
		must(c.tb, err)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
