package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/yuanlu/yuanlu/libs/channel"
)

// Why a bank's machine did not take a batch: codes that are stored.
const (
	timeout   = "timeout"   // no whole reply in time
	refused   = "refused"   // no connection, or it broke
	badTLS    = "tls"       // a certificate or handshake that does not fit
	badStatus = "status"    // a reply that is no receipt
	malformed = "malformed" // a receipt that cannot be read, or of something else
	unproven  = "signature" // a reply that is not proven to be the bank's
)

// Why a single order was not taken, besides the causes that banks name: codes
// that are stored.
const (
	unsaid     = "unknown"    // the bank said nothing of it, or that it does not know
	unwritable = "unwritable" // its account cannot be read any more, or this build does not know the order
)

// failure is why a batch was not taken.
type failure struct {
	cause string
	// content tells that the bank is there and does not like what it was sent:
	// perhaps one order of it alone.
	content bool
	err     error
}

func (f *failure) Error() string { return f.cause }

func (f *failure) Unwrap() error { return f.err }

// failed finds out what went wrong on the way. ctx is that of the attempt.
func failed(ctx context.Context, reply channel.Message, err error) *failure {
	f := &failure{err: err}
	var hung net.Error
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &hung) && hung.Timeout():
		f.cause = timeout
	case errors.Is(err, channel.ErrUnreachable):
		f.cause = refused
		if isTLS(err) {
			f.cause = badTLS
		}
	case rejected(reply.Status):
		f.cause, f.content = badStatus, true
	case reply.Status != http.StatusOK:
		f.cause = badStatus
	case errors.Is(err, channel.ErrTooLarge), errors.Is(err, channel.ErrBody):
		f.cause = malformed
	default:
		f.cause = unproven
	}
	return f
}

// rejected tells whether a status is about what was sent. Proxies before a bank
// say so, too, unsigned.
func rejected(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &host)
}
