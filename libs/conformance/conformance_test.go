package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/conformance"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func start(t *testing.T, cfg eventnode.Config) *eventnode.Node {
	t.Helper()
	cfg.Dir, cfg.Addr = t.TempDir(), "127.0.0.1:0"
	n, err := eventnode.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func run(t *testing.T, connection string, o conformance.Options) conformance.Report {
	t.Helper()
	report, err := conformance.Run(t.Context(), connection, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// of lists the ids of the results of a class.
func of(r conformance.Report, class conformance.Class) []string {
	var out []string
	for _, result := range r.Results {
		if result.Class == class {
			out = append(out, result.ID)
		}
	}
	return out
}

func TestTheEmbeddedNodeKeepsEveryPromise(t *testing.T) {
	n := start(t, eventnode.Config{})
	told := 0
	report := run(t, n.Connection(), conformance.Options{Restart: true, Progress: func(conformance.Result) { told++ }})
	for _, r := range report.Results {
		if r.Class != conformance.Pass && !strings.HasPrefix(r.ID, "long-") {
			t.Errorf("%s %s: %s %s", r.ID, r.Title, r.Class, r.Observed)
		}
	}
	if all := len(conformance.Checks()); len(report.Results) != all || told != all {
		t.Errorf("%d results, %d told, of %d checks", len(report.Results), told, all)
	}
	if !report.OK() || report.Server != eventnode.ProtocolVersion || len(report.Left) > 0 {
		t.Errorf("ok = %t, server %q, left %q", report.OK(), report.Server, report.Left)
	}
	nothingLeft(t, n.Connection(), report.Prefix)
}

// nothingLeft demands that no stream and no group of a run can be read any more.
func nothingLeft(t *testing.T, connection, prefix string) {
	t.Helper()
	client := dial(t, connection)
	events, err := client.ReadAll(t.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	streams := map[string]bool{}
	for {
		e, err := events.Recv()
		if err != nil {
			break
		}
		if name := e.OriginalEvent().StreamID; strings.HasPrefix(name, prefix) {
			streams[name] = true
		}
	}
	if len(streams) < 50 {
		t.Errorf("the run wrote %d streams only", len(streams))
	}
	for name := range streams {
		read, err := client.ReadStream(t.Context(), name, esdb.ReadStreamOptions{}, 1)
		if err == nil {
			_, err = read.Recv()
			read.Close()
		}
		if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorCodeResourceNotFound && e.Code() != esdb.ErrorCodeStreamDeleted {
			t.Errorf("stream %q is left: %v", name, err)
		}
	}
	groups, err := client.ListAllPersistentSubscriptions(t.Context(), esdb.ListPersistentSubscriptionsOptions{})
	if e, ok := errors.AsType[*esdb.Error](err); ok && e.Code() == esdb.ErrorCodeResourceNotFound {
		err = nil
	}
	if err != nil || len(groups) > 0 {
		t.Errorf("%d groups are left, error %v", len(groups), err)
	}
}

func dial(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestWhatIsToBeKeptIsKeptAndListed(t *testing.T) {
	n := start(t, eventnode.Config{})
	report := run(t, n.Connection(), conformance.Options{Only: []string{"append-01"}, Keep: true})
	stream := report.Prefix + "-append-01-a"
	if !slices.Contains(report.Left, stream) {
		t.Errorf("left: %q", report.Left)
	}
	read, err := dial(t, n.Connection()).ReadStream(t.Context(), stream, esdb.ReadStreamOptions{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := read.Recv(); err != nil {
		t.Errorf("the stream is gone: %v", err)
	}
}

func TestANodeThatForgetsEventIDsIsFoundOut(t *testing.T) {
	n := start(t, eventnode.Config{ForgetEventIDs: true})
	report := run(t, n.Connection(), conformance.Options{Only: []string{"append", "writers", "read"}})
	if got, want := of(report, conformance.Fail), []string{"append-09", "append-10", "append-18"}; !slices.Equal(got, want) {
		t.Errorf("failed: %q, want %q", got, want)
	}
	if report.OK() {
		t.Error("it is called fine")
	}
}

func TestWhatAUserMayNotDoIsSkipped(t *testing.T) {
	dir := t.TempDir()
	certificate, err := eventnode.MakeCertificates(dir, "localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users")
	for name, groups := range map[string][]string{"admin": {"$admins"}, "clerk": nil} {
		if err := eventnode.SetUser(users, name, "password of "+name, groups...); err != nil {
			t.Fatal(err)
		}
	}
	n := start(t, eventnode.Config{TLS: &certificate, Users: users})
	connection := func(user string) string {
		return fmt.Sprintf("esdb://%s:password%%20of%%20%s@%s?tls=true&tlsCaFile=%s", user, user, n.Addr(), filepath.Join(dir, "ca.crt"))
	}
	o := conformance.Options{Only: []string{"append-0", "retry-03", "group-10"}}
	if report := run(t, connection("admin"), o); report.Count(conformance.Pass) != len(report.Results) {
		t.Errorf("as admin: %+v", report.Results)
	}
	for rule, stranger := range map[string]string{
		"a wrong password": strings.Replace(connection("admin"), "of%20admin", "of%20nobody", 1),
		"no name":          n.Connection(),
	} {
		report, err := conformance.Run(t.Context(), stranger, o)
		if !errors.Is(err, conformance.ErrCredentials) || len(report.Results)+len(report.Left) > 0 || strings.Contains(err.Error(), "of nobody") {
			t.Errorf("%s: %+v, error %v", rule, report, err)
		}
	}
	report := run(t, connection("clerk"), o)
	if failed, skipped := of(report, conformance.Fail), of(report, conformance.Skipped); len(failed) > 0 || len(skipped) == 0 || !report.OK() || len(report.Left) > 0 {
		t.Errorf("as clerk: failed %q, skipped %q, left %q", failed, skipped, report.Left)
	}
	for _, r := range report.Results {
		if r.Class == conformance.Skipped && !strings.Contains(r.Observed, "not permitted") {
			t.Errorf("%s is skipped since %s", r.ID, r.Observed)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		connection string
		only       string
		want       error
	}{
		"what is no connection string":   {"esdb://admin:geheim@?tls=maybe", "", conformance.ErrConnection},
		"a string with broken escapes":   {"esdb://admin:ge%heim@localhost:1", "", conformance.ErrConnection},
		"a server that is not there":     {"esdb://admin:geheim@127.0.0.1:1?tls=false&maxDiscoverAttempts=2", "", conformance.ErrUnreachable},
		"a check that nobody has called": {"esdb://127.0.0.1:1?tls=false", "append-99", conformance.ErrSelection},
	} {
		t.Run(name, func(t *testing.T) {
			o := conformance.Options{}
			if c.only != "" {
				o.Only = []string{c.only}
			}
			_, err := conformance.Run(t.Context(), c.connection, o)
			if !errors.Is(err, c.want) {
				t.Fatalf("error = %v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), "heim") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestAnInterruptedRunRemovesWhatItMade(t *testing.T) {
	n := start(t, eventnode.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := 0
	report, err := conformance.Run(ctx, n.Connection(), conformance.Options{Parallel: 2, Progress: func(conformance.Result) {
		if told++; told == 60 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if failed := of(report, conformance.Fail); len(failed) > 0 || report.Count(conformance.Skipped) < 10 || len(report.Left) > 0 {
		t.Errorf("failed %q, %d skipped, left %q", failed, report.Count(conformance.Skipped), report.Left)
	}
	nothingLeft(t, n.Connection(), report.Prefix)
}

func TestIDsAreStableNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range conformance.Checks() {
		group, number, ok := strings.Cut(c.ID, "-")
		if !ok || group == "" || len(number) != 2 || seen[c.ID] || !strings.HasSuffix(c.Title, ".") {
			t.Errorf("%q %q", c.ID, c.Title)
		}
		seen[c.ID] = true
	}
	for _, d := range conformance.Differences() {
		if !seen[d.ID] || d.Real == "" || d.Node == "" {
			t.Errorf("difference %+v", d)
		}
	}
}
