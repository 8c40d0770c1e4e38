package eventnode

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// fault is a refusal with the trailers that the client looks at.
type fault struct {
	code    codes.Code
	text    string
	trailer metadata.MD
}

// Error is the text that the client is given.
func (f *fault) Error() string { return f.text }

// GRPCStatus makes the fault the status of its call.
func (f *fault) GRPCStatus() *status.Status { return status.New(f.code, f.text) }

func invalid(text string) error { return &fault{code: codes.InvalidArgument, text: text} }

// streamDeleted must carry the stream's name: the client panics without it.
func streamDeleted(name string) error {
	return &fault{
		code:    codes.FailedPrecondition,
		text:    "the stream is deleted",
		trailer: metadata.Pairs("exception", "stream-deleted", "stream-name", printable(name)),
	}
}

func wrongVersion(name string, e expected, current int64) error {
	return &fault{
		code: codes.FailedPrecondition,
		text: "the stream is not at the expected revision",
		trailer: metadata.Pairs("exception", "wrong-expected-version", "stream-name", printable(name),
			"expected-version", e.String(), "actual-version", strconv.FormatInt(current, 10)),
	}
}

func missingMetadata() error {
	return &fault{
		code: codes.InvalidArgument,
		text: "an event needs the metadata type and content-type",
		trailer: metadata.Pairs("exception", "missing-required-metadata-property",
			"required-metadata-properties", "type,content-type"),
	}
}

func appendTooLarge() error {
	return &fault{
		code: codes.InvalidArgument,
		text: "the append is larger than " + strconv.Itoa(MaxAppendBytes) + " bytes",
		trailer: metadata.Pairs("exception", "maximum-append-size-exceeded",
			"maximum-append-size", strconv.Itoa(MaxAppendBytes)),
	}
}

// diskFull says that nothing was written for lack of room, unless the reservation
// says otherwise.
func diskFull(reservation string) error {
	return &fault{
		code:    codes.ResourceExhausted,
		text:    ErrFull.Error() + reservation,
		trailer: metadata.Pairs("exception", "disk-full"),
	}
}

// damagedRecord names the file or the position, and nothing of what is stored.
func damagedRecord(err error) *fault {
	text := ErrDamaged.Error()
	if d, ok := errors.AsType[*damage](err); ok && d.file != "" {
		text += ": " + d.file
	} else if errors.Is(err, errRecord) {
		text += ": " + err.Error()
	}
	return &fault{code: codes.DataLoss, text: text}
}

func unavailable(text string) error { return &fault{code: codes.Unavailable, text: text} }

// printable is a name as a trailer can carry it: printable ASCII as it is, all
// else percent-encoded.
func printable(name string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for _, b := range []byte(name) {
		if b >= 0x20 && b < 0x7f {
			out.WriteByte(b)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(hex[b>>4])
		out.WriteByte(hex[b&15])
	}
	return out.String()
}

// faultsOfCall and faultsOfStream are the edge of the node: they turn errors into
// what the client is told, and log those that it is not told of.
func (n *Node) faultsOfCall(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	resp, err := next(ctx, req)
	var f *fault
	if errors.As(err, &f) && f.trailer != nil {
		err = errors.Join(err, grpc.SetTrailer(ctx, f.trailer))
	}
	return resp, n.asStatus(ctx, err)
}

func (n *Node) faultsOfStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	err := next(srv, stream)
	var f *fault
	if errors.As(err, &f) && f.trailer != nil {
		stream.SetTrailer(f.trailer)
	}
	return n.asStatus(stream.Context(), err)
}

// asStatus gives every error a gRPC status. What is not a fault, a status or the
// end of a context is a failure inside, whose text is not for the client.
func (n *Node) asStatus(ctx context.Context, err error) error {
	var f *fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f.GRPCStatus().Err()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	case errors.Is(err, ErrStorage):
		return status.Error(codes.Unavailable, ErrStorage.Error())
	}
	if err = damagedData(err); errors.Is(err, ErrDamaged) || errors.Is(err, errRecord) {
		n.log.ErrorContext(ctx, "event node call met damaged data", slog.Any("error", err))
		return damagedRecord(err).GRPCStatus().Err()
	}
	if s, ok := status.FromError(err); ok {
		return s.Err()
	}
	n.log.ErrorContext(ctx, "event node call failed", slog.Any("error", err))
	return status.Error(codes.Internal, "internal error of the event node")
}
