// Package operator asks a running event node for what its operators need: a
// backup, and the removal of what no reader can see.
package operator

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// What a node answers an operator with.
var (
	// ErrNoConnection is returned by Connect for what is no connection string of one
	// node.
	ErrNoConnection = errors.New("this is not the connection string of one event node")
	// ErrRefused is returned when the node does not know the user, or does not let
	// it do this.
	ErrRefused = errors.New("the event node refuses")
	// ErrBusy is returned when the node does this already.
	ErrBusy = errors.New("the event node is busy with this already")
)

const answerBytes = 1 << 20

// Operator asks a node, by its HTTP, for what an operator needs.
type Operator struct {
	base           string
	name, password string
	http           *http.Client
}

// Connect reads a connection string as the official client does: with name and
// password for a node with users.
func Connect(connection string) (*Operator, error) {
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	address := config.Address
	if address == "" && len(config.GossipSeeds) == 1 {
		address = net.JoinHostPort(config.GossipSeeds[0].Host, strconv.Itoa(int(config.GossipSeeds[0].Port)))
	}
	if address == "" {
		return nil, ErrNoConnection
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	o := &Operator{base: "http://" + address, http: &http.Client{Transport: transport}}
	if !config.DisableTLS {
		o.base = "https://" + address
		o.name, o.password = config.Username, config.Password
		transport.TLSClientConfig = &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs,
			InsecureSkipVerify: config.SkipCertificateVerification, //nolint:gosec // it stands in the connection string
		}
	}
	return o, nil
}

// Backup writes a backup of the node to w, and proves it on the way.
func (o *Operator) Backup(ctx context.Context, w io.Writer) (eventnode.Manifest, error) {
	answer, err := o.post(ctx, "/admin/backup")
	if err != nil {
		return eventnode.Manifest{}, err
	}
	defer func() { _ = answer.Body.Close() }() // it is read or given up
	manifest, err := eventnode.ReadManifest(ctx, io.TeeReader(answer.Body, w))
	if err == nil {
		_, err = io.Copy(w, answer.Body) // what is behind the last member
	}
	return manifest, err
}

// Scavenge has the node remove for good what no reader can see, and waits for it.
func (o *Operator) Scavenge(ctx context.Context) (report eventnode.ScavengeReport, err error) {
	answer, err := o.post(ctx, "/admin/scavenge")
	if err != nil {
		return report, err
	}
	defer func() { _ = answer.Body.Close() }() // it is read or given up
	told := struct {
		*eventnode.ScavengeReport
		Error string
	}{ScavengeReport: &report}
	if err := json.NewDecoder(io.LimitReader(answer.Body, answerBytes)).Decode(&told); err != nil {
		return report, fmt.Errorf("answer of the event node: %w", err)
	}
	if told.Error != "" {
		return report, fmt.Errorf("%w: %s", eventnode.ErrHeld, told.Error)
	}
	return report, nil
}

func (o *Operator) post(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	if o.name != "" {
		request.SetBasicAuth(o.name, o.password)
	}
	answer, err := o.http.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerBytes))
	err = errors.Join(err, answer.Body.Close())
	said := fmt.Sprintf("%d: %s", answer.StatusCode, strings.TrimSpace(string(text)))
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrRefused, said), err)
	case http.StatusConflict:
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrBusy, said), err)
	}
	return nil, errors.Join(fmt.Errorf("the event node answers %s", said), err)
}
