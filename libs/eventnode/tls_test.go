package eventnode_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func TestMadeCertificatesAreWhatTheySay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	made, err := eventnode.MakeCertificates(dir, "log.example", "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"ca.key": 0o600, "node.key": 0o600, "ca.crt": 0o644, "node.crt": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	authority, node := parsed(t, made.CAFile), parsed(t, made.CertFile)
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	for _, host := range []string{"log.example", "192.0.2.7"} {
		if _, err := node.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if node.IsCA || !authority.IsCA || !authority.MaxPathLenZero || authority.KeyUsage&x509.KeyUsageCertSign == 0 || node.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("usage: authority %v, node %v", authority.KeyUsage, node.KeyUsage)
	}
	if _, err := node.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("the node's certificate is good for a client")
	}
}

func parsed(t testing.TB, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestCertificatesThatAreThereAreKeptOrRefused(t *testing.T) {
	for rule, c := range map[string]struct {
		change func(dir string) error
		hosts  []string
		fails  bool
	}{
		"without the authority's key, what is good is used": {func(dir string) error { return os.Remove(filepath.Join(dir, "ca.key")) }, []string{"127.0.0.1"}, false},
		"without the authority's key, no host is added":     {func(dir string) error { return os.Remove(filepath.Join(dir, "ca.key")) }, []string{"log.example"}, true},
		"a certificate without its key is refused":          {func(dir string) error { return os.Remove(filepath.Join(dir, "node.key")) }, []string{"127.0.0.1"}, true},
		"a host is added":           {func(string) error { return nil }, []string{"log.example"}, false},
		"no host is no certificate": {func(string) error { return nil }, nil, true},
	} {
		t.Run(rule, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := eventnode.MakeCertificates(dir, "127.0.0.1"); err != nil {
				t.Fatal(err)
			}
			before := parsed(t, filepath.Join(dir, "ca.crt"))
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			_, err := eventnode.MakeCertificates(dir, c.hosts...)
			if c.fails != (err != nil) || c.fails && !errors.Is(err, eventnode.ErrCertificate) {
				t.Errorf("error = %v", err)
			}
			if node := filepath.Join(dir, "node.crt"); parsed(t, node).VerifyHostname("127.0.0.1") != nil {
				t.Error("the host that it was made for is not in it any more")
			}
			if !parsed(t, filepath.Join(dir, "ca.crt")).Equal(before) {
				t.Error("the authority was made anew")
			}
		})
	}
}

func TestANodeListensBeyondThisMachineOnlyWithCertificateAndUsers(t *testing.T) {
	certificates, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for rule, c := range map[string]struct {
		cfg  eventnode.Config
		want error
	}{
		"neither":                              {eventnode.Config{Addr: "0.0.0.0:0"}, eventnode.ErrNotLoopback},
		"a certificate alone":                  {eventnode.Config{Addr: "0.0.0.0:0", TLS: &certificates}, eventnode.ErrNotLoopback},
		"users alone":                          {eventnode.Config{Addr: "0.0.0.0:0", Users: users(t)}, eventnode.ErrUsersNeedTLS},
		"users without a certificate, here":    {eventnode.Config{Addr: "127.0.0.1:0", Users: users(t)}, eventnode.ErrUsersNeedTLS},
		"both":                                 {eventnode.Config{Addr: "0.0.0.0:0", TLS: &certificates, Users: users(t)}, nil},
		"a certificate alone, on this machine": {eventnode.Config{Addr: "127.0.0.1:0", TLS: &certificates}, nil},
		"a certificate that is not there":      {eventnode.Config{Addr: "127.0.0.1:0", TLS: &eventnode.TLS{CertFile: "no", KeyFile: "no"}}, eventnode.ErrCertificate},
		"a certificate without a file":         {eventnode.Config{Addr: "127.0.0.1:0", TLS: &eventnode.TLS{}}, eventnode.ErrCertificate},
		"a configuration without certificates": {eventnode.Config{Addr: "127.0.0.1:0", TLS: &eventnode.TLS{Config: &tls.Config{MinVersion: tls.VersionTLS12}}}, eventnode.ErrCertificate},
	} {
		t.Run(rule, func(t *testing.T) {
			c.cfg.Dir = t.TempDir()
			n, err := eventnode.Open(c.cfg)
			if n != nil {
				_ = n.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
}

func TestTheDoorIsNotOpenToOldOrClearProtocols(t *testing.T) {
	n, _ := secured(t)
	old := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}} //nolint:gosec // it is to be refused
	if conn, err := old.DialContext(ctx(t), "tcp", n.Addr()); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	plain, err := esdb.ParseConnectionString("esdb://" + n.Addr() + "?tls=false&maxDiscoverAttempts=1")
	if err != nil {
		t.Fatal(err)
	}
	plain.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, note("x")); err == nil {
		t.Error("cleartext is spoken")
	}
}

func TestAConfigurationOfTheCallerIsUsed(t *testing.T) {
	made, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(made.CertFile, made.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, eventnode.Config{TLS: &eventnode.TLS{CAFile: made.CAFile, Config: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10}}}) //nolint:gosec // the node insists on 1.2
	appendTo(t, dial(t, n), "case-1", esdb.Any{}, note("x"))
}

func TestGossipTellsTheAddressThatAClientCanCall(t *testing.T) {
	certificates, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	n, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "0.0.0.0:0", TLS: &certificates, Users: users(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	_, port, err := net.SplitHostPort(n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := esdb.ParseConnectionString("esdb+discover://admin:pass-admin@127.0.0.1:" + port + "?tlsCaFile=" + certificates.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	appendTo(t, c, "case-1", esdb.Any{}, note("x"))
}
