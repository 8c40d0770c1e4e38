package operator

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Readable is nil for what the official client takes as a connection string, of
// one node or of several, and ErrNoConnection otherwise.
func Readable(connection string) error {
	_, err := parse(connection)
	return err
}

// parse reads a connection string and says what is wrong in words of its own: the
// client's errors repeat the string, and a piece of a password may stand where
// a host or a port is looked for.
func parse(connection string) (*esdb.Configuration, error) {
	config, err := esdb.ParseConnectionString(connection)
	if err == nil {
		err = config.Validate()
	}
	if err == nil {
		return config, nil
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%w: tlsCaFile: %w", ErrNoConnection, file.Err)
	}
	if strings.Contains(err.Error(), "failed to append certificate") {
		return nil, fmt.Errorf("%w: tlsCaFile holds no certificate in PEM", ErrNoConnection)
	}
	return nil, fmt.Errorf("%w: it is esdb://NAME:PASSWORD@HOST:PORT?tls=true, with %%25 for %%, %%40 for @ and so on in name and password", ErrNoConnection)
}

// silent says why there is no answer.
func (o *Operator) silent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the rest says what was asked
	}
	plain := strings.HasPrefix(o.base, "http://")
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case plain && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
		return fmt.Errorf("%w: it ends the connection, as a node with TLS does: tls=true is missing", ErrSilent)
	case noTLS || errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%w: it has no TLS: tls=false is missing", ErrSilent)
	}
	return fmt.Errorf("%w: %w", ErrSilent, err)
}

// longestReason bounds what is repeated of an answer, in bytes.
const longestReason = 200

// reason is what an answer says in words: the member Error of an object, or the
// first line of a text.
func reason(code int, text []byte) string {
	var told struct{ Error string }
	said := strings.TrimSpace(string(text))
	if json.Unmarshal(text, &told) == nil {
		said = told.Error
	}
	said, _, _ = strings.Cut(said, "\n")
	if said == "" || len(said) > longestReason || strings.ContainsAny(said, "<{") {
		said = http.StatusText(code)
	}
	return fmt.Sprintf("%s (%d)", said, code)
}
