package eventnode

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/tap"
)

const (
	refusingFor = 5 * time.Second // what a refused client still sends is read
	maxRefusing = 64              // clients that are read at a time
)

// need is what a call asks for: a right on a stream, or one on the node.
type need struct {
	right  right
	stream string
}

// open says that a call is answered to anyone. The client makes these without
// credentials.
func open(method string) bool {
	return method == serverfeatures.ServerFeatures_GetSupportedMethods_FullMethodName ||
		method == gossip.Gossip_Read_FullMethodName
}

// needOf tells what a request asks for. What is not known here is for
// administrators.
func needOf(method string, request any) need {
	switch req := request.(type) {
	case *streams.AppendReq:
		return need{rightWrite, nameOf(req.GetOptions().GetStreamIdentifier())}
	case *appendMessage:
		return need{rightWrite, string(req.stream)}
	case *streams.DeleteReq:
		return need{rightDelete, nameOf(req.GetOptions().GetStreamIdentifier())}
	case *streams.TombstoneReq:
		return need{rightDelete, nameOf(req.GetOptions().GetStreamIdentifier())}
	case *streams.ReadReq:
		if req.GetOptions().GetAll() != nil {
			return need{rightRead, streamAll}
		}
		return need{rightRead, nameOf(req.GetOptions().GetStream().GetStreamIdentifier())}
	case *persistent.ReadReq:
		if req.GetOptions().GetAll() != nil {
			return need{rightRead, streamAll}
		}
		return need{rightRead, nameOf(req.GetOptions().GetStreamIdentifier())}
	case *persistent.CreateReq, *persistent.UpdateReq, *persistent.DeleteReq, *persistent.ReplayParkedReq:
		return need{right: rightOperate}
	case *persistent.GetInfoReq, *persistent.ListReq:
		return need{right: rightKnow}
	}
	if method == persistent.PersistentSubscriptions_RestartSubsystem_FullMethodName {
		return need{right: rightOperate}
	}
	return need{right: rightAdmin}
}

func nameOf(id *shared.StreamIdentifier) string { return string(id.GetStreamName()) }

// accessOfCall and accessOfStream let pass whom the users and the access lists of
// streams allow. A node without users lets everyone pass.
func (n *Node) accessOfCall(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if n.users == nil || open(info.FullMethod) {
		return next(ctx, req)
	}
	u, err := n.caller(ctx)
	if err == nil {
		err = n.permit(u, needOf(info.FullMethod, req))
	}
	if err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (n *Node) accessOfStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if n.users == nil || open(info.FullMethod) {
		return next(srv, stream)
	}
	g := &guarded{ServerStream: stream, node: n, info: info}
	u, err := n.caller(stream.Context())
	if err != nil {
		return g.refuse(err)
	}
	g.user, g.ctx = u, context.WithValue(stream.Context(), callerKey{}, u)
	return next(srv, g)
}

// accessOfHeaders refuses a call without credentials before any of its messages is
// received. Two kinds of calls go on to accessOfStream: their clients would take a
// refusal that comes while they send for the end of the connection.
func (n *Node) accessOfHeaders(ctx context.Context, call *tap.Info) (context.Context, error) {
	switch call.FullMethodName {
	case streams.Streams_Append_FullMethodName, persistent.PersistentSubscriptions_Read_FullMethodName:
		return ctx, nil
	}
	if n.users == nil || open(call.FullMethodName) || hasBasic(call.Header["authorization"]) {
		return ctx, nil
	}
	err := unauthenticated()
	n.meters.refuse(err)
	return ctx, err
}

// callerKey is under which the context of a stream holds the user that calls.
type callerKey struct{}

// linkRights says whether who calls may read the stream that a link leads to. It
// is nil where everyone may do everything.
func (n *Node) linkRights(ctx context.Context) func(stream string) bool {
	u, known := ctx.Value(callerKey{}).(user)
	if !known || u.in(GroupAdmins) {
		return nil
	}
	return func(stream string) bool { return n.permit(u, need{rightRead, stream}) == nil }
}

// guarded is a stream whose first message, which says what the call is about, is
// looked at before the handler sees it.
type guarded struct {
	grpc.ServerStream
	ctx    context.Context //nolint:containedctx // a stream has one
	node   *Node
	info   *grpc.StreamServerInfo
	user   user
	passed bool
}

// Context is that of the stream, with the user.
func (g *guarded) Context() context.Context { return g.ctx }

// RecvMsg receives the next message.
func (g *guarded) RecvMsg(message any) error {
	if err := g.ServerStream.RecvMsg(message); err != nil || g.passed {
		return err
	}
	if err := g.node.permit(g.user, needOf(g.info.FullMethod, message)); err != nil {
		return g.refuse(err)
	}
	g.passed = true
	return nil
}

// refuse reads what the client still sends, but not for long: a client that is cut
// off while sending sees an end of file in place of the reason. Beyond so many at a
// time, clients are cut off.
func (g *guarded) refuse(reason error) error {
	if g.info.IsServerStream {
		return reason
	}
	places := g.node.refusing
	select {
	case places <- struct{}{}:
	default:
		return reason
	}
	drained := make(chan struct{})
	go func() { // receiving ends when the call does
		defer func() { <-places }()
		defer close(drained)
		drain(g.ServerStream)
	}()
	timer := time.NewTimer(refusingFor)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	}
	return reason
}

// drain reads the messages of a call to their end, or as many bytes as an append
// may have.
func drain(stream grpc.ServerStream) {
	for bytes := 0; bytes <= MaxAppendBytes; {
		var m appendMessage
		if stream.RecvMsg(&m) != nil {
			return
		}
		bytes += m.buffer.Len() + 1
		m.buffer.Free()
	}
}

// caller tells who makes a gRPC call.
func (n *Node) caller(ctx context.Context) (user, error) {
	from := ""
	if p, ok := peer.FromContext(ctx); ok {
		from = hostOf(p.Addr.String())
	}
	name, password, ok := basic(metadata.ValueFromIncomingContext(ctx, "authorization"))
	if !ok {
		return user{}, unauthenticated()
	}
	return n.users.authenticate(ctx, from, name, password)
}

// hasBasic says that there may be credentials, without reading them.
func hasBasic(headers []string) bool {
	const scheme = "Basic "
	return len(headers) == 1 && len(headers[0]) > len(scheme) && strings.EqualFold(headers[0][:len(scheme)], scheme)
}

// basic reads the header of HTTP's Basic scheme.
func basic(headers []string) (name, password string, ok bool) {
	if len(headers) != 1 {
		return "", "", false
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// restricted is an HTTP handler for those who have a right.
func (n *Node) restricted(right right, next http.HandlerFunc) http.HandlerFunc {
	if n.users == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		name, password, ok := r.BasicAuth()
		err := unauthenticated()
		if ok {
			var u user
			if u, err = n.users.authenticate(r.Context(), hostOf(r.RemoteAddr), name, password); err == nil {
				err = n.permit(u, need{right: right})
			}
		}
		if err != nil {
			n.meters.refuse(err)
			refuseHTTP(w, err)
			return
		}
		next(w, r)
	}
}

func refuseHTTP(w http.ResponseWriter, err error) {
	code := http.StatusServiceUnavailable
	f, _ := errors.AsType[*fault](err)
	switch {
	case f == nil:
	case f.code == codes.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Basic realm="event node", charset="UTF-8"`)
		code = http.StatusUnauthorized
	case f.code == codes.PermissionDenied:
		code = http.StatusForbidden
	case f.code == codes.ResourceExhausted:
		code = http.StatusTooManyRequests
	}
	http.Error(w, err.Error(), code)
}
