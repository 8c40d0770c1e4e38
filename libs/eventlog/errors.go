package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// codeOf is the client's own code of an error. The client's FromError does not
// look into wrapped errors, which the client itself returns.
func codeOf(err error) esdb.ErrorCode {
	if e, ok := errors.AsType[*esdb.Error](err); ok {
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
	if status.Code(err) == codes.ResourceExhausted {
		return !isFull(err) && !isTooLarge(err) // the node has its hands full
	}
	return slices.Contains([]esdb.ErrorCode{
		esdb.ErrorUnavailable, esdb.ErrorAborted, esdb.ErrorCodeNotLeader,
		esdb.ErrorCodeConnectionClosed, esdb.ErrorCodeDeadlineExceeded,
	}, codeOf(err)) || slices.Contains([]codes.Code{
		codes.Unavailable, codes.Aborted, codes.DeadlineExceeded, codes.Canceled, codes.Internal,
	}, status.Code(err))
}

// outcomeOf is what the caller is told of an error of the client: one of the
// errors of this package, or of the context that ended, and never a payload.
func outcomeOf(ctx context.Context, err error) error {
	switch code := codeOf(err); {
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
	case code == esdb.ErrorCodeWrongExpectedVersion:
		return ErrConflict
	case code == esdb.ErrorCodeResourceNotFound:
		return ErrNotFound
	case code == esdb.ErrorCodeStreamDeleted:
		return ErrDeleted
	case code == esdb.ErrorCodeResourceAlreadyExists:
		return ErrExists
	case code == esdb.ErrorCodeAccessDenied || code == esdb.ErrorCodeUnauthenticated:
		return ErrDenied
	case isBeyond(err):
		return ErrBeyond
	case isFull(err):
		return ErrFull
	case isTooLarge(err):
		return ErrTooLarge
	case isPassing(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// isBeyond tells that the node refused a position that it has not reached.
func isBeyond(err error) bool {
	s, ok := status.FromError(err)
	return ok && s.Code() == codes.InvalidArgument && strings.Contains(s.Message(), "beyond the end of the log")
}

// isFull tells that the node had no room for an append. The client drops the
// trailer that says so, so that it must be known by its words.
func isFull(err error) bool {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.ResourceExhausted {
		return false
	}
	text := strings.ToLower(s.Message())
	return strings.Contains(text, "disk") || strings.Contains(text, "no space")
}

// isTooLarge tells that the node or the transport refused an append for its size.
func isTooLarge(err error) bool {
	s, ok := status.FromError(err)
	if !ok {
		return false
	}
	text := strings.ToLower(s.Message())
	return s.Code() == codes.ResourceExhausted && strings.Contains(text, "larger than max") ||
		s.Code() == codes.InvalidArgument && strings.Contains(text, "append size")
}
