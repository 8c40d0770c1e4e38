package eventnode

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Read connects a consumer to a group. It is sent messages, as many as its window
// has room for, and says what became of them.
func (s *persistentServer) Read(call persistent.PersistentSubscriptions_ReadServer) error {
	req, err := call.Recv()
	if err != nil {
		return err
	}
	options := req.GetOptions()
	if options == nil {
		return invalid("a persistent subscription begins with its options")
	}
	stream, err := groupTarget(options.GetStreamIdentifier(), options.GetAll() != nil, options.GetGroupName())
	if err != nil {
		return err
	}
	window := options.GetBufferSize()
	if window < 1 {
		return invalid("the buffer size of a consumer is positive")
	}
	sub, err := s.groups.find(stream, options.GetGroupName())
	if err != nil {
		return err
	}
	c := s.newClient(call.Context())
	if err := sub.join(c, int(min(window, maxGroupWindow))); err != nil {
		return err
	}
	defer sub.leave(c)
	err = call.Send(&persistent.ReadResp{Content: &persistent.ReadResp_SubscriptionConfirmation_{
		SubscriptionConfirmation: &persistent.ReadResp_SubscriptionConfirmation{SubscriptionId: sub.entry.key()},
	}})
	if err != nil {
		return err
	}
	// The receiver ends with the call at the latest.
	gone := make(chan error, 1)
	go func() { gone <- sub.receive(c, call) }()
	_, textID := options.GetUuidOption().GetContent().(*persistent.ReadReq_Options_UUIDOption_String_)
	return sub.send(c, call, gone, textID)
}

func (s *persistentServer) newClient(ctx context.Context) *groupClient {
	c := &groupClient{wake: make(chan struct{}, 1), user: s.userOf(ctx)}
	if p, ok := peer.FromContext(ctx); ok {
		c.from = p.Addr.String()
	}
	if name := metadata.ValueFromIncomingContext(ctx, "connection-name"); len(name) > 0 {
		c.name = name[0]
	}
	return c
}

// userOf is the name of the caller, if the node knows users.
func (s *persistentServer) userOf(ctx context.Context) string {
	if s.groups.node.users == nil {
		return ""
	}
	name, _, _ := basic(metadata.ValueFromIncomingContext(ctx, "authorization"))
	return name
}

// send sends what the group has for a consumer until the call or the group ends.
// It holds no lock while the consumer is slow to receive.
func (s *subscription) send(c *groupClient, call persistent.PersistentSubscriptions_ReadServer, gone <-chan error, textID bool) error {
	mayFollow := s.node.linkRights(call.Context())
	for {
		select {
		case <-c.wake:
		case err := <-gone:
			return err
		case <-s.node.stopping:
			return unavailable("the event node is closing")
		case <-s.node.store.failure.done:
			return s.node.store.failure.err
		case <-s.end:
			return groupDropped(s.entry.Stream, s.entry.Group)
		}
		for _, d := range s.take(c) {
			d.Body = s.visible(d.Body, mayFollow)
			if err := call.Send(delivery(d, textID)); err != nil {
				return err
			}
		}
	}
}

// visible is a message as a consumer may see it: where a link leads that it may not
// follow is not shown, as in reads. A consumer may read what the group is on, and so
// what was parked from there: the link to it is the node's own.
func (s *subscription) visible(l letter, mayFollow func(stream string) bool) letter {
	if mayFollow == nil || l.link == nil || l.event == nil {
		return l
	}
	stream := string(l.event.stream)
	if stream == s.entry.Stream || s.entry.onLog() && string(l.link.stream) == s.entry.parkedStream() {
		return l
	}
	if !mayFollow(stream) {
		l.event = nil
	}
	return l
}

// receive hears what became of messages until the consumer is gone.
func (s *subscription) receive(c *groupClient, call persistent.PersistentSubscriptions_ReadServer) error {
	for {
		req, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch content := req.GetContent().(type) {
		case *persistent.ReadReq_Ack_:
			ids, err := answered(content.Ack.GetIds())
			if err != nil {
				return err
			}
			s.do(func(g *group.Group[letter], now time.Time) { g.Ack(now, c.id, ids...) })
		case *persistent.ReadReq_Nack_:
			ids, err := answered(content.Nack.GetIds())
			if err != nil {
				return err
			}
			action, reason := actionOf(content.Nack.GetAction()), brief(content.Nack.GetReason())
			s.do(func(g *group.Group[letter], now time.Time) { g.Nack(now, c.id, action, reason, ids...) })
		default:
			return invalid("a consumer acknowledges messages or does not")
		}
	}
}

// brief is a reason as it is kept.
func brief(reason string) string {
	return strings.ToValidUTF8(reason[:min(len(reason), maxGroupReason)], "")
}

func answered(list []*shared.UUID) ([]group.ID, error) {
	ids := make([]group.ID, len(list))
	for i, id := range list {
		parsed, err := idOfProto(id)
		if err != nil {
			return nil, invalid("this is not the id of an event")
		}
		ids[i] = parsed
	}
	return ids, nil
}

// actionOf says what a group does: who knows no better retries, and a consumer that
// wants to stop the subscription skips the message, as on a real server.
func actionOf(action persistent.ReadReq_Nack_Action) group.Action {
	switch action {
	case persistent.ReadReq_Nack_Park:
		return group.Park
	case persistent.ReadReq_Nack_Skip, persistent.ReadReq_Nack_Stop:
		return group.Skip
	case persistent.ReadReq_Nack_Unknown, persistent.ReadReq_Nack_Retry:
	}
	return group.Retry
}

// delivery is a message as the client wants it.
func delivery(d group.Delivery[letter], textID bool) *persistent.ReadResp {
	e := &persistent.ReadResp_ReadEvent{
		Position: &persistent.ReadResp_ReadEvent_CommitPosition{CommitPosition: d.Body.original().position},
		Count:    &persistent.ReadResp_ReadEvent_RetryCount{RetryCount: int32(d.Retries)},
	}
	if d.Body.event != nil {
		e.Event = recorded(d.Body.event.proto(textID))
	}
	if d.Body.link != nil {
		e.Link = recorded(d.Body.link.proto(textID))
	}
	return &persistent.ReadResp{Content: &persistent.ReadResp_Event{Event: e}}
}

func recorded(e *streams.ReadResp_ReadEvent_RecordedEvent) *persistent.ReadResp_ReadEvent_RecordedEvent {
	return &persistent.ReadResp_ReadEvent_RecordedEvent{
		Id:               e.GetId(),
		StreamIdentifier: e.GetStreamIdentifier(),
		StreamRevision:   e.GetStreamRevision(),
		PreparePosition:  e.GetPreparePosition(),
		CommitPosition:   e.GetCommitPosition(),
		Metadata:         e.GetMetadata(),
		CustomMetadata:   e.GetCustomMetadata(),
		Data:             e.GetData(),
	}
}
