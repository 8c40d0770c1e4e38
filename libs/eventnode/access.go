package eventnode

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
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

// refuse reads what the client still sends, but not for ever: a client that is cut
// off while sending sees an end of file in place of the reason.
func (g *guarded) refuse(reason error) error {
	if g.info.IsServerStream {
		return reason
	}
	for range maxEvents + 1 {
		if g.ServerStream.RecvMsg(new(streams.AppendReq)) != nil {
			break
		}
	}
	return reason
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
