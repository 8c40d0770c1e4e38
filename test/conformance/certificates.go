package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity of the certificates: as long as a run may last, with a margin for
// clocks.
const validity = 24 * time.Hour

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// makeCertificates writes an authority, a node's certificate for localhost, and
// an authority that has signed nothing. Some tests trust the node's certificate
// itself as if it were an authority's.
func makeCertificates(dir string, now time.Time) (certificate, key string, err error) {
	ca, err := issue(filepath.Join(dir, "ca", "ca"), "conformance CA", now, nil)
	if err != nil {
		return "", "", err
	}
	if _, err := issue(filepath.Join(dir, "untrusted-ca", "ca"), "untrusted CA", now, nil); err != nil {
		return "", "", err
	}
	node := filepath.Join(dir, "node", "node")
	if _, err := issue(node, "localhost", now, &ca); err != nil {
		return "", "", err
	}
	return node + ".crt", node + ".key", nil
}

// issue writes base.crt and base.key: an authority's if nobody signs.
func issue(base, name string, now time.Time, by *authority) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-validity), NotAfter: now.Add(validity),
		BasicConstraintsValid: true,
	}
	signer := authority{cert: template, key: key}
	if by == nil {
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	} else {
		signer = *by
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		template.DNSNames = []string{name}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		return authority{}, fmt.Errorf("certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return authority{}, err
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o750); err != nil {
		return authority{}, err
	}
	for file, block := range map[string]*pem.Block{
		base + ".crt": {Type: "CERTIFICATE", Bytes: der},
		base + ".key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return authority{}, err
		}
	}
	return authority{cert: cert, key: key}, nil
}
