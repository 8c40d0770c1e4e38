package eventnode

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// ErrCertificate is returned by Open for a certificate that cannot be used, and by
// MakeCertificates for a directory that it does not understand.
var ErrCertificate = errors.New("the certificate of the event node is of no use")

// TLS is the certificate by which clients know the node. Files are read again
// when they have changed: a renewed certificate needs no restart.
type TLS struct {
	// CertFile and KeyFile are the node's certificate, with intermediates behind it,
	// and its private key, in PEM.
	CertFile, KeyFile string
	// CAFile holds the authority that signed it, in PEM. The node does not need it:
	// Connection names it to clients. Empty means that they know it anyway.
	CAFile string
	// Config is used in place of the files if it is not nil. Its versions and
	// protocols are set by the node.
	Config *tls.Config
}

// protocols are in the order of the server's preference. A gRPC client offers h2
// alone and gets it; one that offers both, such as a browser, curl or Prometheus,
// wants the HTTP of the node, which is HTTP/1.
func protocols() []string { return []string{"http/1.1", "h2"} }

// server makes the configuration of the door, and tells when the certificate
// that it shows at a time will end.
func (t *TLS) server(log *slog.Logger) (*tls.Config, func() time.Time, error) {
	if t.Config != nil {
		return prepared(t.Config)
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return nil, nil, fmt.Errorf("%w: certificate and key are both needed", ErrCertificate)
	}
	pair, err := watch("certificate", 0, log, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		return &pair, err
	}, t.CertFile, t.KeyFile)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols(),
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get(), nil },
	}
	return config, func() time.Time { return pair.get().Leaf.NotAfter }, nil
}

// prepared is a configuration of the caller with what the node insists on.
func prepared(given *tls.Config) (*tls.Config, func() time.Time, error) {
	if len(given.Certificates) == 0 && given.GetCertificate == nil && given.GetConfigForClient == nil {
		return nil, nil, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	config := insist(given)
	if choose := given.GetConfigForClient; choose != nil {
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen != nil {
				chosen = insist(chosen)
			}
			return chosen, err
		}
	}
	var ends time.Time
	if len(config.Certificates) > 0 {
		leaf := config.Certificates[0].Leaf
		if leaf == nil && len(config.Certificates[0].Certificate) > 0 {
			var err error
			if leaf, err = x509.ParseCertificate(config.Certificates[0].Certificate[0]); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrCertificate, err)
			}
		}
		if leaf != nil {
			ends = leaf.NotAfter
		}
	}
	return config, func() time.Time { return ends }, nil
}

// insist is a configuration with the versions and protocols of the node.
func insist(given *tls.Config) *tls.Config {
	config := given.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = protocols()
	return config
}

// query is the part of the connection string that says how the node is known.
func (t *TLS) query() string {
	switch {
	case t == nil:
		return "tls=false"
	case t.CAFile == "":
		return "tls=true"
	}
	path, err := filepath.Abs(t.CAFile)
	if err != nil {
		path = t.CAFile
	}
	return "tls=true&tlsCaFile=" + path
}
