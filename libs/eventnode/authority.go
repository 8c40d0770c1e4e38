package eventnode

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The files of a directory that MakeCertificates has filled.
const (
	authorityCert = "ca.crt"
	authorityKey  = "ca.key"
	nodeCert      = "node.crt"
	nodeKey       = "node.key"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	nodeLife      = 397 * 24 * time.Hour // no client takes a longer one for a mistake
	renewBefore   = 30 * 24 * time.Hour
	clockSkew     = time.Hour
)

// MakeCertificates sees to it that dir holds an authority (ca.crt, ca.key) and a
// certificate of the node signed by it (node.crt, node.key), valid for hosts:
// names and IP addresses. What is there is kept. The node's certificate is made
// anew, for the hosts of the old one too, when it ends within 30 days or lacks one
// of the hosts; a node that runs notices. The authority lasts ten years, the certificate 397 days; keys are
// ECDSA P-256 and readable by their owner only. Without ca.key, which an operator
// may keep elsewhere, nothing is made anew.
func MakeCertificates(dir string, hosts ...string) (TLS, error) {
	made := TLS{
		CertFile: filepath.Join(dir, nodeCert), KeyFile: filepath.Join(dir, nodeKey),
		CAFile: filepath.Join(dir, authorityCert),
	}
	if len(hosts) == 0 {
		return TLS{}, fmt.Errorf("%w: it needs the name of a host", ErrCertificate)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return TLS{}, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	node, err := loadPair(made.CertFile, made.KeyFile)
	if err != nil {
		return TLS{}, err
	}
	if node != nil && covers(node.Leaf, hosts, time.Now()) {
		return made, nil
	}
	key := filepath.Join(dir, authorityKey)
	authority, err := loadPair(made.CAFile, key)
	if err != nil {
		return TLS{}, err
	}
	if authority == nil {
		if authority, err = makePair(nil, template("event node authority", authorityLife), made.CAFile, key); err != nil {
			return TLS{}, err
		}
	}
	wanted := template("event node", nodeLife)
	if node != nil { // who knows the node by another name goes on to do so
		wanted.IPAddresses, wanted.DNSNames = node.Leaf.IPAddresses, node.Leaf.DNSNames
	}
	name(wanted, hosts)
	if _, err = makePair(authority, wanted, made.CertFile, made.KeyFile); err != nil {
		return TLS{}, err
	}
	return made, nil
}

// name adds hosts that a certificate does not have yet.
func name(wanted *x509.Certificate, hosts []string) {
	for _, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case ip == nil && !slices.Contains(wanted.DNSNames, host):
			wanted.DNSNames = append(wanted.DNSNames, host)
		case ip != nil && !slices.ContainsFunc(wanted.IPAddresses, ip.Equal):
			wanted.IPAddresses = append(wanted.IPAddresses, ip)
		}
	}
}

// covers says that a certificate can be shown for all hosts for some time yet.
func covers(cert *x509.Certificate, hosts []string, now time.Time) bool {
	for _, host := range hosts {
		if cert.VerifyHostname(host) != nil {
			return false
		}
	}
	return now.Add(renewBefore).Before(cert.NotAfter)
}

// loadPair reads a certificate and its key. Neither being there is no error; one
// without the other is.
func loadPair(certFile, keyFile string) (*tls.Certificate, error) {
	_, certErr := os.Stat(certFile)
	_, keyErr := os.Stat(keyFile)
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return &pair, nil
}

func template(name string, life time.Duration) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(life),
	}
}

// makePair makes a key and its certificate, signed by the authority, or an
// authority if there is none, and writes both.
func makePair(by *tls.Certificate, wanted *x509.Certificate, certFile, keyFile string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if wanted.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	wanted.BasicConstraintsValid = true
	parent, signer := wanted, any(key)
	if by == nil {
		wanted.IsCA, wanted.MaxPathLenZero = true, true
		wanted.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	} else {
		wanted.KeyUsage = x509.KeyUsageDigitalSignature
		wanted.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if by.Leaf.NotAfter.Before(wanted.NotAfter) {
			wanted.NotAfter = by.Leaf.NotAfter
		}
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, wanted, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	// Between the two a node that looks sees a pair that does not match, and goes on
	// with the old one until it has changed again.
	err = replaceFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
	if err == nil {
		err = replaceFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return loadPair(certFile, keyFile)
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync())
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
