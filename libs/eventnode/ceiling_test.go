package eventnode_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc"
)

// ceiling is a client of a server that stores nothing and answers at once.
func ceiling(b *testing.B) *esdb.Client {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	streams.RegisterStreamsServer(server, &nothing{})
	serverfeatures.RegisterServerFeaturesServer(server, nothingMore{})
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(server.Stop)
	cfg, err := esdb.ParseConnectionString("esdb://" + listener.Addr().String() + "?tls=false")
	if err != nil {
		b.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// nothing says that it has written what it is sent, and makes up what it is asked
// for.
type nothing struct {
	streams.UnimplementedStreamsServer
	last atomic.Uint64
}

// Append answers.
func (s *nothing) Append(call streams.Streams_AppendServer) error {
	for {
		_, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	at := s.last.Add(1)
	return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: at},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: at, PreparePosition: at}},
	}}})
}

// Read sends as many events as are asked for.
func (s *nothing) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	data := make([]byte, benchBytes)
	for i := range req.GetOptions().GetCount() {
		if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
			Event: &streams.ReadResp_ReadEvent_RecordedEvent{
				Id: &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
					MostSignificantBits: -1, LeastSignificantBits: int64(i),
				}}},
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("case-1")},
				StreamRevision:   i, PreparePosition: i + 1, CommitPosition: i + 1,
				Metadata: map[string]string{"type": "noted.v1", "created": "17000000000000000", "content-type": "application/json"},
				Data:     data,
			},
			Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: i + 1},
		}}}); err != nil {
			return err
		}
	}
	return nil
}

type nothingMore struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods says which version this is not.
func (nothingMore) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: eventnode.ProtocolVersion}, nil
}
