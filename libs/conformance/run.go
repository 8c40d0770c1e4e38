package conformance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
)

const (
	defaultParallel = 8
	maxParallel     = 64
	defaultTimeout  = 30 * time.Second
	longTimeout     = 3 * time.Minute
	graceOfChecks   = 2 * time.Second
	removalTimeout  = 30 * time.Second
	reachTimeout    = 15 * time.Second
)

// ErrConnection is returned for a connection string that cannot be read. It does
// not repeat the string, which may hold a password.
var ErrConnection = errors.New("the connection string cannot be read")

// ErrUnreachable is returned when no server answers.
var ErrUnreachable = errors.New("no server answers at this connection")

// ErrCredentials is returned when the server does not know the user of the
// connection string: nothing was asked, and nothing written.
var ErrCredentials = errors.New("name or password is wrong")

// ErrSelection is returned when no check has the name that was asked for.
var ErrSelection = errors.New("no check is called so")

// Options say how much is asked. The zero value is good.
type Options struct {
	// Long adds the checks that take more than a minute.
	Long bool
	// Restart adds the checks that restart the server's persistent subscriptions,
	// which cuts off every consumer of that server for a moment.
	Restart bool
	// Keep leaves the streams and groups of this run on the server.
	Keep bool
	// Only runs the checks whose id begins with one of these; all if empty.
	Only []string
	// Parallel is how many checks run at once, 8 if zero, 64 at most.
	Parallel int
	// Timeout bounds one check, 30 s if zero; the long ones have 3 minutes.
	Timeout time.Duration
	// Progress is told each result as it comes, from one goroutine at a time.
	Progress func(Result)
}

// Checks lists all checks in their order.
func Checks() []Check {
	var out []Check
	for _, c := range checks() {
		out = append(out, c.Check)
	}
	return out
}

// check is a question and how it is asked. A check that ends without a word has
// passed.
type check struct {
	Check
	ask     func(context.Context, *stage)
	long    bool
	restart bool
}

func checks() []check {
	var out []check
	for _, group := range [][]check{
		wireChecks(), appendChecks(), repetitionChecks(), writerChecks(), readChecks(), allChecks(), metadataChecks(), deleteChecks(), linkChecks(),
		followChecks(), filterChecks(), groupChecks(), retryChecks(), strategyChecks(), manageChecks(), longChecks(),
	} {
		out = append(out, group...)
	}
	return out
}

// Run asks the server at a connection string. An error means that nothing could
// be asked; promises that are not kept are in the report. When ctx ends, the
// checks that have not ended are skipped, and what was made is still removed.
func Run(ctx context.Context, connection string, o Options) (Report, error) {
	o = o.withDefaults()
	selected := selection(o)
	if len(selected) == 0 {
		return Report{}, ErrSelection
	}
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		return Report{}, ErrConnection // the cause repeats the string
	}
	config.Logger = esdb.NoopLogging()
	prefix, err := newPrefix()
	if err != nil {
		return Report{}, err
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrConnection, err)
	}
	// Close waits for the client's own machinery, which may be stuck.
	defer func() { go func() { _ = client.Close() }() }()
	r := &run{options: o, client: client, config: config, names: newNames(prefix), report: Report{Prefix: prefix, Started: time.Now().UTC()}}
	sound, err := r.wire(ctx, selected)
	if err != nil {
		return Report{}, err
	}
	if sound {
		if r.report.Server, err = version(ctx, client); err != nil {
			return Report{}, err
		}
	}
	r.all(ctx, selected, sound)
	if sound {
		r.remove(ctx)
	}
	return r.report, nil
}

func (o Options) withDefaults() Options {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	o.Parallel = min(o.Parallel, maxParallel)
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Progress == nil {
		o.Progress = func(Result) {}
	}
	return o
}

func selection(o Options) []check {
	var out []check
	for _, c := range checks() {
		chosen := len(o.Only) == 0
		for _, prefix := range o.Only {
			chosen = chosen || strings.HasPrefix(c.ID, prefix)
		}
		if chosen {
			out = append(out, c)
		}
	}
	return out
}

func newPrefix() (string, error) {
	raw := make([]byte, 6)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	return "conformance_" + hex.EncodeToString(raw), nil
}

// version asks for the server's version, which is also how it is found out
// whether there is a server. The client does not take a context here.
func version(ctx context.Context, client *esdb.Client) (string, error) {
	type answer struct {
		version *esdb.ServerVersion
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		v, err := client.GetServerVersion()
		answers <- answer{v, err}
	}()
	timer := time.NewTimer(reachTimeout)
	defer timer.Stop()
	select {
	case a := <-answers:
		if e, ok := errors.AsType[*esdb.Error](a.err); ok && e.Code() == esdb.ErrorCodeUnsupportedFeature {
			return "unknown", nil
		}
		if a.err != nil {
			return "", fmt.Errorf("%w: %w", ErrUnreachable, a.err)
		}
		return fmt.Sprintf("%d.%d.%d", a.version.Major, a.version.Minor, a.version.Patch), nil
	case <-timer.C:
		return "", ErrUnreachable
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// run is one run of the suite.
type run struct {
	options Options
	client  *esdb.Client
	config  *esdb.Configuration
	names   *names
	told    sync.Mutex
	report  Report
}

// wire asks, before the official client is let near the answers, whether they
// have the form that it can bear: some it answers with the end of the process.
func (r *run) wire(ctx context.Context, selected []check) (sound bool, err error) {
	c := wireChecks()[0]
	result := r.one(ctx, c)
	if result.Class == Skipped && result.Observed == notAsked(codes.Unauthenticated) {
		if r.config.Username == "" {
			return false, fmt.Errorf("%w: the connection string has none", ErrCredentials)
		}
		return false, ErrCredentials
	}
	if selected[0].ID == c.ID {
		r.tell(result)
		r.report.Results = append(r.report.Results, result)
	}
	return result.Class != Fail, nil
}

// all runs the checks, several at a time.
func (r *run) all(ctx context.Context, selected []check, sound bool) {
	if len(r.report.Results) > 0 {
		selected = selected[1:]
	}
	results := make([]Result, len(selected))
	slots := make(chan struct{}, r.options.Parallel)
	var running sync.WaitGroup
	for i, c := range selected {
		results[i] = Result{Check: c.Check, Class: Skipped}
		switch {
		case !sound:
			results[i].Observed = "the server's answers would end this process"
		case c.long && !r.options.Long:
			results[i].Observed = "takes more than a minute: not asked"
		case c.restart && !r.options.Restart:
			results[i].Observed = "restarts the server's persistent subscriptions: not asked"
		case c.restart:
			continue // alone, below
		default:
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots }()
				results[i] = r.one(ctx, c)
				r.tell(results[i])
			})
			continue
		}
		r.tell(results[i])
	}
	running.Wait()
	for i, c := range selected {
		if sound && c.restart && r.options.Restart {
			results[i] = r.one(ctx, c)
			r.tell(results[i])
		}
	}
	r.report.Results = append(r.report.Results, results...)
}

func (r *run) tell(result Result) {
	r.told.Lock()
	defer r.told.Unlock()
	r.options.Progress(result)
}

// one asks one check and bears with whatever the client does: errors, panics, and
// calls that never return.
func (r *run) one(parent context.Context, c check) Result {
	timeout := r.options.Timeout
	if c.long {
		timeout = max(timeout, longTimeout)
	}
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	began := time.Now()
	result := Result{Check: c.Check, Class: Pass}
	said := make(chan ending, 1)
	go func() { said <- asked(ctx, c, &stage{check: c.ID, client: r.client, config: r.config, names: r.names}) }()
	select {
	case e := <-said:
		result.Class, result.Observed = e.class, e.text
	case <-ctx.Done():
		// The client's calls end with the context; one that does not is left alone.
		grace := time.NewTimer(graceOfChecks)
		defer grace.Stop()
		select {
		case e := <-said:
			result.Class, result.Observed = e.class, e.text
		case <-grace.C:
			result.Class, result.Observed = Fail, "a call of the client did not return"
		}
	}
	if parent.Err() != nil && result.Class == Fail {
		result.Class, result.Observed = Skipped, "interrupted"
	}
	result.Milliseconds = time.Since(began).Milliseconds()
	return result
}
