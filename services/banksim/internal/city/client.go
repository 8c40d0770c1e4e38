// Package city is how banks and officers of a story speak to a city: JSON over
// HTTP, with patience while the city is away, and its clock.
package city

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrAway says that the city has not answered for longer than the caller waits.
var ErrAway = errors.New("the city does not answer")

// Refusal is an answer by which the city refuses.
type Refusal struct {
	Status int
	Code   string // of the rule
	Title  string // the rule in English
}

// Error names the rule.
func (r *Refusal) Error() string {
	return fmt.Sprintf("refused (%d %s): %s", r.Status, r.Code, r.Title)
}

// Refused tells whether an error is a refusal with that status.
func Refused(err error, statuses ...int) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && slices.Contains(statuses, r.Status)
}

// Person is whom a token names.
type Person struct {
	User  string `json:"user"`
	Unit  string `json:"unit,omitempty"`
	Level string `json:"level,omitempty"`
	Role  string `json:"role"`
	Bank  string `json:"bank,omitempty"`
}

// Client reaches one city. Patience is how long it tries while the city does not
// answer; 0 is as long as the context lives.
type Client struct {
	Patience time.Duration
	// Note is told once when the city goes away and once when it is back.
	Note func(message string)

	base string
	http *http.Client
	away atomic.Bool
}

const (
	maxAnswer = 64 << 20
	// oneTry limits a single request; waits of the city are shorter.
	oneTry = 45 * time.Second
)

// New makes a client for the city at a URL.
func New(server string, patience time.Duration, note func(string)) *Client {
	transport := &http.Transport{
		MaxIdleConns: 512, MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: oneTry,
	}
	return &Client{
		Patience: patience, Note: note, base: strings.TrimRight(server, "/"),
		http: &http.Client{Transport: transport, Timeout: oneTry},
	}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Caller is one person who calls the city.
type Caller struct {
	client *Client
	person Person
	mu     sync.Mutex
	token  string
}

// As makes a caller. His token is fetched when it is first needed.
func (c *Client) As(p Person) *Caller { return &Caller{client: c, person: p} }

// Get reads a path into out.
func (c *Caller) Get(ctx context.Context, path string, out any) error {
	return c.call(ctx, request{method: http.MethodGet, path: path}, out)
}

// Post sends a command under a key: sent again while the city is away, it has
// one effect.
func (c *Caller) Post(ctx context.Context, path, key string, body, out any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.call(ctx, request{method: http.MethodPost, path: path, key: key, body: data}, out)
}

type request struct {
	method, path, key, token string
	body                     []byte
}

func (c *Caller) call(ctx context.Context, r request, out any) error {
	for renewed := false; ; renewed = true {
		token, err := c.bearer(ctx, renewed)
		if err != nil {
			return err
		}
		r.token = token
		err = c.client.persist(ctx, r, out)
		if renewed || !Refused(err, http.StatusUnauthorized) {
			return err
		}
	}
}

// bearer gives the token, or fetches a new one.
func (c *Caller) bearer(ctx context.Context, renew bool) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && !renew {
		return c.token, nil
	}
	data, err := json.Marshal(c.person)
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"token"`
	}
	err = c.client.persist(ctx, request{method: http.MethodPost, path: "/v1/demo/tokens", body: data}, &answer)
	if Refused(err, http.StatusNotFound) {
		return "", fmt.Errorf("the city gives no tokens; run it with --demo: %w", err)
	}
	c.token = answer.Token
	return c.token, err
}

// The pause between tries doubles up to a limit.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Second
)

// persist sends a request until it is answered. Only what the city can say for
// good ends it: an answer or a refusal, not its absence.
func (c *Client) persist(ctx context.Context, r request, out any) error {
	began, pause := time.Now(), shortestPause
	for {
		err := c.once(ctx, r, out)
		if err == nil || final(err) {
			c.note(false)
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !Refused(err, http.StatusTooManyRequests) { // one that is only busy is there
			c.note(true)
		}
		if c.Patience > 0 && time.Since(began) > c.Patience {
			return fmt.Errorf("%w for %s: %w", ErrAway, c.Patience, err)
		}
		if err := rest(ctx, pause/2+rand.N(pause)); err != nil { //nolint:gosec // jitter
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

func (c *Client) note(away bool) {
	if c.away.Swap(away) == away || c.Note == nil {
		return
	}
	if away {
		c.Note("城市服务暂不可达，等待恢复 the city does not answer; trying on")
	} else {
		c.Note("城市服务已恢复 the city is back")
	}
}

func final(err error) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Status < http.StatusInternalServerError && r.Status != http.StatusTooManyRequests && r.Status != http.StatusRequestTimeout
}

func (c *Client) once(ctx context.Context, r request, out any) error {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // all that matters has been read
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return refusal(resp.StatusCode, data)
	}
	if out == nil || len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &Refusal{Status: http.StatusUnprocessableEntity, Code: "answer-not-understood", Title: err.Error()}
	}
	return nil
}

func refusal(status int, data []byte) *Refusal {
	var p struct {
		Code    string `json:"code"`
		TitleEN string `json:"titleEn"`
		Errors  []struct {
			Pointer string `json:"pointer"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(data, &p) // a proxy's page is no problem+json; the status says enough
	for _, e := range p.Errors {
		p.TitleEN += " at " + e.Pointer
	}
	return &Refusal{Status: status, Code: p.Code, Title: p.TitleEN}
}

// rest waits, or gives the context's error.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Until asks again and again whether something is so, until it is, or ctx ends.
func Until(ctx context.Context, pause time.Duration, so func(context.Context) (bool, error)) error {
	for {
		ok, err := so(ctx)
		if ok || err != nil {
			return err
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
}
