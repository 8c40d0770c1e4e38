package eventnode_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"golang.org/x/crypto/bcrypt"
)

// secured is a node with a certificate of its own authority and some users, and
// the directory of its certificates.
func secured(t testing.TB) (*eventnode.Node, string) {
	t.Helper()
	dir := t.TempDir()
	certificates, err := eventnode.MakeCertificates(dir, "localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return start(t, eventnode.Config{TLS: &certificates, Users: users(t)}), dir
}

// users is a file of users whose passwords are "pass-" and the name. The hashes
// are cheap.
func users(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	var text strings.Builder
	for _, line := range []string{"admin", "ops", "clerk:", "auditor:readers,staff", "prometheus:$monitors"} {
		name, groups, grouped := strings.Cut(line, ":")
		fmt.Fprintf(&text, "%s:%s", name, hash(t, "pass-"+name))
		if grouped {
			text.WriteString(":" + groups)
		}
		text.WriteString("\n")
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hash(t testing.TB, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

// as is a client with a name and password; no name means no credentials.
func as(t testing.TB, n *eventnode.Node, name, password string) *esdb.Client {
	t.Helper()
	cfg, err := esdb.ParseConnectionString(n.Connection())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Username, cfg.Password = name, password
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAClientKnowsTheNodeByItsAuthority(t *testing.T) {
	n, _ := secured(t)
	c := as(t, n, "admin", "pass-admin")
	appendTo(t, c, "case-1", esdb.NoStream{}, note("x"))
	if got := read(t, c, "case-1", esdb.ReadStreamOptions{}, 10); len(got) != 1 {
		t.Errorf("read %d events, want 1", len(got))
	}
	stranger, err := esdb.ParseConnectionString("esdb://admin:pass-admin@" + n.Addr() + "?tls=true")
	if err != nil {
		t.Fatal(err)
	}
	stranger.Logger = esdb.NoopLogging()
	s, err := esdb.NewClient(stranger)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, err = s.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, note("y"))
	if err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a client without the authority: %v", err)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	n, _ := secured(t)
	admin := as(t, n, "admin", "pass-admin")
	appendTo(t, admin, "case-1", esdb.NoStream{}, note("x"))
	appendTo(t, admin, "$secret", esdb.NoStream{}, note("x"))
	appendTo(t, admin, "listed", esdb.NoStream{}, note("x"))
	for stream, text := range map[string]string{
		"$$listed": `{"$acl":{"$r":"staff","$w":["clerk"]}}`,
		"$$$all":   `{"$acl":{"$r":"readers"}}`,
		"$$broken": `{"$acl":"nobody knows"}`,
	} {
		appendTo(t, admin, stream, esdb.Any{}, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(text)})
	}
	write := func(stream string) func(*esdb.Client, context.Context) error {
		return func(c *esdb.Client, ctx context.Context) error {
			_, err := c.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{}, note("x"))
			return err
		}
	}
	look := func(stream string) func(*esdb.Client, context.Context) error {
		return func(c *esdb.Client, ctx context.Context) error {
			s, err := c.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 1)
			if err != nil {
				return err
			}
			defer s.Close()
			_, err = s.Recv()
			return err
		}
	}
	all := func(c *esdb.Client, ctx context.Context) error {
		s, err := c.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, 1)
		if err != nil {
			return err
		}
		defer s.Close()
		_, err = s.Recv()
		return err
	}
	const (
		may     = esdb.ErrorCode(-1)
		nobody  = esdb.ErrorCodeUnauthenticated
		mustNot = esdb.ErrorCodeAccessDenied
	)
	for _, c := range []struct {
		rule           string
		name, password string
		do             func(*esdb.Client, context.Context) error
		want           esdb.ErrorCode
	}{
		{"an administrator reads everything", "admin", "pass-admin", all, may},
		{"an administrator writes a system stream", "admin", "pass-admin", write("$secret"), may},
		{"nobody without a name writes", "", "", write("case-1"), nobody},
		{"nobody without a name reads", "", "", look("case-1"), nobody},
		{"a wrong password is refused", "admin", "pass-ops", write("case-1"), nobody},
		{"an unknown name is refused", "nobody", "pass-nobody", write("case-1"), nobody},
		{"a password beyond what bcrypt hears is refused", "admin", "pass-admin" + strings.Repeat("x", 72), write("case-1"), nobody},
		{"a user writes a stream", "clerk", "pass-clerk", write("case-1"), may},
		{"a user reads a stream", "clerk", "pass-clerk", look("case-1"), may},
		{"a user does not read a system stream", "clerk", "pass-clerk", look("$secret"), mustNot},
		{"a user does not write a system stream", "clerk", "pass-clerk", write("$secret"), mustNot},
		{"a user does not write the metadata of a system stream", "clerk", "pass-clerk", write("$$$secret"), mustNot},
		{"a user does not read all", "clerk", "pass-clerk", all, mustNot},
		{"a group in the list of $all reads all", "auditor", "pass-auditor", all, may},
		{"a list names who writes", "clerk", "pass-clerk", write("listed"), may},
		{"a list names which group reads", "auditor", "pass-auditor", look("listed"), may},
		{"who is not in the list does not read", "clerk", "pass-clerk", look("listed"), mustNot},
		{"who is not in the list does not write", "auditor", "pass-auditor", write("listed"), mustNot},
		{"who is in a list does not change it", "clerk", "pass-clerk", write("$$listed"), mustNot},
		{"a list that makes no sense lists nobody", "clerk", "pass-clerk", write("broken"), mustNot},
		{"an operator writes no system stream", "ops", "pass-ops", write("$secret"), mustNot},
		{"a monitor reads nothing", "prometheus", "pass-prometheus", look("case-1"), mustNot},
	} {
		t.Run(c.rule, func(t *testing.T) {
			err := c.do(as(t, n, c.name, c.password), ctx(t))
			if c.want == may {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantCode(t, err, c.want)
		})
	}
}

func TestHTTPOfASecuredNode(t *testing.T) {
	n, dir := secured(t)
	client := trusting(t, dir)
	for _, c := range []struct {
		rule, name, method, path string
		want                     int
	}{
		{"whether it lives is told to anyone", "", http.MethodGet, "/health/live", http.StatusNoContent},
		{"figures are not told to anyone", "", http.MethodGet, "/metrics", http.StatusUnauthorized},
		{"figures are told to a monitor", "prometheus", http.MethodGet, "/metrics", http.StatusOK},
		{"figures are not told to a clerk", "clerk", http.MethodGet, "/metrics", http.StatusForbidden},
		{"a backup is not for operators", "ops", http.MethodPost, "/admin/backup", http.StatusForbidden},
		{"a backup is not for anyone", "", http.MethodPost, "/admin/backup", http.StatusUnauthorized},
	} {
		t.Run(c.rule, func(t *testing.T) {
			req, err := http.NewRequestWithContext(ctx(t), c.method, "https://"+n.Addr()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.name != "" {
				req.SetBasicAuth(c.name, "pass-"+c.name)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("%d, want %d", resp.StatusCode, c.want)
			}
		})
	}
}

// trusting is an HTTP client that knows the authority in dir.
func trusting(t testing.TB, dir string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatal("ca.crt holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	n, dir := secured(t)
	serial := func() string {
		conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx(t), "tcp", n.Addr()) //nolint:gosec // it is looked at, not trusted
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String() //nolint:forcetypeassert // the dialer's contract
	}
	before := serial()
	if again, err := eventnode.MakeCertificates(dir, "localhost"); err != nil || serial() != before {
		t.Fatalf("a certificate that is good was made anew: %v %v", again, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "node.crt"), []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if serial() != before {
		t.Error("a broken file replaced the certificate")
	}
	for _, name := range []string{"node.crt", "node.key"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := eventnode.MakeCertificates(dir, "localhost", "127.0.0.1", "log.example"); err != nil {
		t.Fatal(err)
	}
	if serial() == before {
		t.Error("the old certificate is still shown")
	}
}

func TestAChangedPasswordIsHeardWithoutARestart(t *testing.T) {
	certificates, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	file := users(t)
	n := start(t, eventnode.Config{TLS: &certificates, Users: file})
	c := as(t, n, "clerk", "pass-clerk")
	appendTo(t, c, "case-1", esdb.Any{}, note("x"))
	if err := eventnode.SetUser(file, "clerk", "another"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for {
		_, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, note("x"))
		if code(err) == esdb.ErrorCodeUnauthenticated {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the old password still works: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	appendTo(t, as(t, n, "clerk", "another"), "case-1", esdb.Any{}, note("x"))
	if err := eventnode.RemoveUser(file, "clerk"); err != nil {
		t.Fatal(err)
	}
}

func TestTheConnectionStringSaysHowTheNodeIsKnown(t *testing.T) {
	n, dir := secured(t)
	u, err := url.Parse(n.Connection())
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != n.Addr() || u.Query().Get("tls") != "true" || u.Query().Get("tlsCaFile") != filepath.Join(dir, "ca.crt") {
		t.Errorf("connection = %s", n.Connection())
	}
}

func TestAWebPageCannotUseANodeWithoutUsers(t *testing.T) {
	n := start(t, eventnode.Config{})
	for rule, header := range map[string]http.Header{
		"a page of another site posts":           {"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}},
		"a name of its own leads here":           {"Host": {"evil.example"}},
		"a name of its own with a port, at that": {"Host": {"evil.example:2113"}},
	} {
		t.Run(rule, func(t *testing.T) {
			req, err := http.NewRequestWithContext(ctx(t), http.MethodPost, "http://"+n.Addr()+"/admin/backup", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header, req.Host = header, header.Get("Host")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("%d", resp.StatusCode)
			}
		})
	}
}
