package eventlog_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	serverfeatures "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// refusing is a node that says what a test wants to hear to those who would
// consume.
type refusing struct {
	persistent.UnimplementedPersistentSubscriptionsServer
	serverfeatures.UnimplementedServerFeaturesServer
	read func(persistent.PersistentSubscriptions_ReadServer) error
}

func (r *refusing) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.10.5"}, nil
}

func (r *refusing) Read(call persistent.PersistentSubscriptions_ReadServer) error {
	return r.read(call)
}

func (r *refusing) log(t *testing.T) *eventlog.Log {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	persistent.RegisterPersistentSubscriptionsServer(server, r)
	serverfeatures.RegisterServerFeaturesServer(server, r)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return openLog(t, "esdb://"+listener.Addr().String()+"?tls=false")
}

func TestConsumerEndsWhenGoingOnIsInVain(t *testing.T) {
	deleted := metadata.Pairs("exception", "stream-deleted", "stream-name", "case-1")
	for name, c := range map[string]struct {
		code    codes.Code
		trailer metadata.MD
		want    error
	}{
		"the stream is gone for good":  {codes.FailedPrecondition, deleted, eventlog.ErrDeleted},
		"the node does not let it in":  {codes.PermissionDenied, nil, eventlog.ErrDenied},
		"the node does not know it":    {codes.Unauthenticated, nil, eventlog.ErrDenied},
		"there is no such group":       {codes.NotFound, nil, eventlog.ErrNotFound},
		"the node cannot do that":      {codes.Unimplemented, nil, nil},
		"the node does not understand": {codes.InvalidArgument, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			node := &refusing{read: func(call persistent.PersistentSubscriptions_ReadServer) error {
				calls.Add(1)
				if _, err := call.Recv(); err != nil {
					return err
				}
				call.SetTrailer(c.trailer)
				return status.Error(c.code, "no")
			}}
			consumer := node.log(t).Consumer(group("case-1"), 1)
			defer consumer.Close()
			if _, err := consumer.Next(t.Context()); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("ended with %v, want %v", err, c.want)
			}
			if n := calls.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestConsumerOutlivesWhatTheClientDoesNot(t *testing.T) {
	confirmed := &persistent.ReadResp{Content: &persistent.ReadResp_SubscriptionConfirmation_{
		SubscriptionConfirmation: &persistent.ReadResp_SubscriptionConfirmation{SubscriptionId: "case-1::g"},
	}}
	for name, trouble := range map[string]func(persistent.PersistentSubscriptions_ReadServer) error{
		"a message that it does not expect, on which it panics": func(call persistent.PersistentSubscriptions_ReadServer) error {
			return errors.Join(call.Send(confirmed), call.Send(confirmed))
		},
		"a subscription that ends without an error": func(call persistent.PersistentSubscriptions_ReadServer) error {
			return call.Send(confirmed)
		},
		"a group without room for another consumer": func(persistent.PersistentSubscriptions_ReadServer) error {
			return status.Error(codes.FailedPrecondition, "maximum subscribers reached")
		},
		"a subscription that the node drops": func(call persistent.PersistentSubscriptions_ReadServer) error {
			return errors.Join(call.Send(confirmed), status.Error(codes.Canceled, "dropped"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			node := &refusing{read: func(call persistent.PersistentSubscriptions_ReadServer) error {
				if _, err := call.Recv(); err != nil {
					return err
				}
				if calls.Add(1) <= 3 {
					return trouble(call)
				}
				return status.Error(codes.NotFound, "enough")
			}}
			consumer := node.log(t).Consumer(group("case-1"), 1)
			defer consumer.Close()
			if _, err := consumer.Next(t.Context()); !errors.Is(err, eventlog.ErrNotFound) {
				t.Errorf("ended with %v", err)
			}
			if n := calls.Load(); n != 4 {
				t.Errorf("asked %d times, want 4", n)
			}
		})
	}
}
