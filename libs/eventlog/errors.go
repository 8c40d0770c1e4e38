package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// codeOf is the client's own code of an error. The client's FromError does not
// look into wrapped errors, which the client itself returns.
func codeOf(err error) esdb.ErrorCode {
	var e *esdb.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}

// isLost tells that the client has lost its node, or has given itself up.
func isLost(err error) bool {
	if err == nil {
		return false
	}
	code := codeOf(err)
	return code == esdb.ErrorUnavailable || code == esdb.ErrorCodeConnectionClosed
}

// isPassing tells that the same call can succeed later: the node is away, is
// not the leader, or the connection broke in the middle of the call.
func isPassing(err error) bool {
	if errors.Is(err, errPanicked) || errors.Is(err, errStuck) || errors.Is(err, io.EOF) {
		return true
	}
	switch codeOf(err) {
	case esdb.ErrorUnavailable, esdb.ErrorAborted, esdb.ErrorCodeNotLeader,
		esdb.ErrorCodeConnectionClosed, esdb.ErrorCodeDeadlineExceeded:
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded, codes.Canceled, codes.Internal:
		return true
	}
	return false
}

// outcomeOf is what the caller is told of an error of the client: one of the
// errors of this package, or of the context that ended, and never a payload.
func outcomeOf(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errClosed):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	case errors.Is(err, ErrTooLarge):
		return err
	}
	switch codeOf(err) {
	case esdb.ErrorCodeWrongExpectedVersion:
		return ErrConflict
	case esdb.ErrorCodeResourceNotFound:
		return ErrNotFound
	case esdb.ErrorCodeStreamDeleted:
		return ErrDeleted
	}
	if isTooLarge(err) {
		return ErrTooLarge
	}
	if isPassing(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// isTooLarge tells that the node or the transport refused an append for its size.
func isTooLarge(err error) bool {
	s, ok := status.FromError(err)
	if !ok {
		return false
	}
	switch s.Code() {
	case codes.ResourceExhausted:
		return true
	case codes.InvalidArgument:
		return strings.Contains(strings.ToLower(s.Message()), "append size")
	}
	return false
}
