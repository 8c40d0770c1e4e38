package server

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
	"google.golang.org/grpc"
)

const (
	nullMessageBytes   = 17 << 20 // as the client
	nullCalls          = 4096
	nullWaitingEvents  = 1 << 16
	nullReadWhenAsked  = 10_000 // events for a reader who wants all
	nullDefaultVersion = eventnode.ProtocolVersion
)

// nullServer speaks the protocol of the node, answers at once and stores nothing.
// What the official client gets out of it is the most that the client can do: no
// server that is written with the generated code of the same protocol is faster.
type nullServer struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer
	position  atomic.Uint64
	event     *streams.ReadResp // the same event for every reader
	followers followers
}

func startNull(ctx context.Context) (running, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return running{}, err
	}
	s := &nullServer{event: response(payload.New(), 0)}
	s.followers.members = map[chan *streams.ReadResp]struct{}{}
	g := grpc.NewServer(grpc.MaxRecvMsgSize(nullMessageBytes), grpc.MaxConcurrentStreams(nullCalls))
	streams.RegisterStreamsServer(g, s)
	serverfeatures.RegisterServerFeaturesServer(g, s)
	served := make(chan error, 1)
	go func() { served <- g.Serve(listener) }()
	return running{
		ready: Ready{Endpoint: "esdb://" + listener.Addr().String() + "?tls=false", Version: nullDefaultVersion},
		stop: func() error {
			g.Stop()
			return <-served
		},
	}, nil
}

// GetSupportedMethods claims what the client asks for before its first call.
func (*nullServer) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: nullDefaultVersion}, nil
}

// Append takes the events in, forgets them and answers. Followers, if there are
// any, are told at once.
func (s *nullServer) Append(call streams.Streams_AppendServer) error {
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if proposed := request.GetProposedMessage(); proposed != nil {
			s.followers.tell(proposed, s.position.Add(1))
		}
	}
	at := s.position.Load()
	return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: at},
		PositionOption: &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: at, PreparePosition: at},
		},
	}}})
}

// Read sends the same event as often as asked, or follows.
func (s *nullServer) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	option, ok := request.GetOptions().GetCountOption().(*streams.ReadReq_Options_Count)
	if !ok {
		return s.follow(call)
	}
	count := option.Count
	if count > 1<<40 {
		count = nullReadWhenAsked
	}
	for range count {
		if err := call.Send(s.event); err != nil {
			return err
		}
	}
	return nil
}

func (s *nullServer) follow(call streams.Streams_ReadServer) error {
	events := s.followers.join()
	defer s.followers.leave(events)
	confirmation := &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "null"}
	if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: confirmation}}); err != nil {
		return err
	}
	for {
		select {
		case event := <-events:
			if err := call.Send(event); err != nil {
				return err
			}
		case <-call.Context().Done():
			return call.Context().Err()
		}
	}
}

// followers hands what is appended to those who wait for it.
type followers struct {
	mu      sync.RWMutex
	members map[chan *streams.ReadResp]struct{}
}

func (f *followers) join() chan *streams.ReadResp {
	events := make(chan *streams.ReadResp, nullWaitingEvents)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[events] = struct{}{}
	return events
}

func (f *followers) leave(events chan *streams.ReadResp) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.members, events)
}

func (f *followers) tell(proposed *streams.AppendReq_ProposedMessage, position uint64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if len(f.members) == 0 {
		return
	}
	e := payload.Event{Type: proposed.GetMetadata()["type"], Data: proposed.GetData(), Meta: proposed.GetCustomMetadata()}
	told := response(e, position)
	told.GetEvent().GetEvent().Id = proposed.GetId()
	for events := range f.members {
		select {
		case events <- told:
		default: // it does not keep up; nothing is promised here
		}
	}
}

// response is an event as a server sends it to a reader.
func response(e payload.Event, position uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
				MostSignificantBits: 0x6ba7b8109dad41d1, LeastSignificantBits: -0x7f4b2fff3fb9bb38,
			}}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("stop-6ba7b810-9dad-41d1-80b4-d000c04430c8")},
			StreamRevision:   4711,
			PreparePosition:  position,
			CommitPosition:   position,
			Metadata: map[string]string{
				"type": e.Type, "created": "17831234567890123", "content-type": "application/json",
			},
			CustomMetadata: e.Meta,
			Data:           e.Data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: position},
	}}}
}
