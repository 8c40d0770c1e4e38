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

	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// What a node answers an operator with.
var (
	// ErrNoConnection is returned for what is no connection string, and by Connect
	// for one of several nodes. It never repeats the string, which may hold a
	// password.
	ErrNoConnection = errors.New("this is not the connection string of one event node")
	// ErrSilent is returned when the node cannot be reached, or ends the connection.
	ErrSilent = errors.New("the event node does not answer")
	// ErrRefused is returned when the node does not know the user, or does not let
	// it do this.
	ErrRefused = errors.New("the event node refuses")
	// ErrBusy is returned when the node does this already.
	ErrBusy = errors.New("the event node is busy with this already")
	// ErrAnswer is returned for an answer that tells of a failure, or makes no sense.
	ErrAnswer = errors.New("the event node has not done it")
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
	config, err := parse(connection)
	if err != nil {
		return nil, err
	}
	address := config.Address
	if address == "" && len(config.GossipSeeds) == 1 {
		address = net.JoinHostPort(config.GossipSeeds[0].Host, strconv.Itoa(int(config.GossipSeeds[0].Port)))
	}
	if address == "" {
		return nil, fmt.Errorf("%w: it names several", ErrNoConnection)
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
		return report, fmt.Errorf("%w: it is no report of a scavenge", ErrAnswer)
	}
	if told.Error != "" {
		return report, eventnode.ErrHeld // the only one with which the rest is done
	}
	return report, nil
}

func (o *Operator) post(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base+path, http.NoBody)
	if err != nil {
		return nil, ErrNoConnection // the cause repeats a part of the string
	}
	if o.name != "" {
		request.SetBasicAuth(o.name, o.password)
	}
	answer, err := o.http.Do(request)
	if err != nil {
		return nil, o.silent(ctx, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerBytes))
	err = errors.Join(err, answer.Body.Close())
	said := reason(answer.StatusCode, text)
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrRefused, said), err)
	case http.StatusConflict:
		return nil, errors.Join(ErrBusy, err)
	}
	return nil, errors.Join(fmt.Errorf("%w: %s", ErrAnswer, said), err)
}
