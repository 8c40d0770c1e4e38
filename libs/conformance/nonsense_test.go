package conformance_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/yuanlu/yuanlu/libs/conformance"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// liar stands between a client and a sound node, and changes what it says.
type liar struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer
	node   streams.StreamsClient
	lie    func(stream string, answer *streams.ReadResp)
	mute   bool // appends get no answer
	dotNet bool // looks ahead
	twist  func(*streams.AppendResp)
}

func (l *liar) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.10.0"}, nil
}

func (l *liar) Append(call streams.Streams_AppendServer) error {
	if l.mute {
		<-call.Context().Done()
		return call.Context().Err()
	}
	forward, err := l.node.Append(call.Context())
	if err != nil {
		return err
	}
	for {
		part, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := forward.Send(part); err != nil {
			break
		}
	}
	answer, err := forward.CloseAndRecv()
	if err != nil {
		return err
	}
	if l.twist != nil {
		l.twist(answer)
	}
	return call.SendAndClose(answer)
}

func (l *liar) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	if l.dotNet && strings.Contains(req.GetOptions().GetFilter().GetStreamIdentifier().GetRegex(), "(?!") {
		if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{}}}); err != nil {
			return err
		}
		<-call.Context().Done()
		return nil
	}
	forward, err := l.node.Read(call.Context(), req)
	if err != nil {
		return err
	}
	name := string(req.GetOptions().GetStream().GetStreamIdentifier().GetStreamName())
	for {
		answer, err := forward.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if l.lie != nil {
			l.lie(name, answer)
		}
		if err := call.Send(answer); err != nil {
			return err
		}
	}
}

func (l *liar) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	return l.node.Delete(ctx, req)
}

// startLiar puts a liar before a fresh node.
func startLiar(t *testing.T, l *liar) string {
	t.Helper()
	n := start(t, eventnode.Config{})
	conn, err := grpc.NewClient(n.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	l.node = streams.NewStreamsClient(conn)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	streams.RegisterStreamsServer(server, l)
	serverfeatures.RegisterServerFeaturesServer(server, l)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return "esdb://" + listener.Addr().String() + "?tls=false"
}

// afterwards lies to the checks alone, not to the look at the wire before them.
func afterwards(lie func(*streams.ReadResp)) func(string, *streams.ReadResp) {
	return func(stream string, answer *streams.ReadResp) {
		if !strings.Contains(stream, "-wire-") {
			lie(answer)
		}
	}
}

func TestALyingServerIsFoundOut(t *testing.T) {
	nothing := func(answer *streams.ReadResp) { answer.Content = nil }
	for name, c := range map[string]struct {
		server liar
		only   string
		failed []string
		says   string
	}{
		"one whose times would end the process": {
			server: liar{lie: func(_ string, answer *streams.ReadResp) {
				answer.GetEvent().GetEvent().Metadata["created"] = "yesterday"
			}},
			only: "", failed: []string{"wire-01"}, says: "time",
		},
		"one whose answers make the client panic": {
			server: liar{lie: afterwards(func(answer *streams.ReadResp) {
				answer.Content = &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: 1}
			})},
			only: "read-01", failed: []string{"read-01"}, says: "panic",
		},
		"one that answers with nothing": {
			server: liar{lie: afterwards(nothing)}, only: "read-01", failed: []string{"read-01"}, says: "panic",
		},
		"one that does not answer": {
			server: liar{mute: true}, only: "append-01", failed: []string{"append-01"}, says: "append",
		},
		"one that miscounts": {
			server: liar{lie: afterwards(func(answer *streams.ReadResp) {
				if e := answer.GetEvent().GetEvent(); e != nil {
					e.StreamRevision++
				}
			})},
			only: "read-01", failed: []string{"read-01"}, says: "revisions [1 2 3 4 5]",
		},
		"one whose repeated events are not there": {
			server: liar{lie: afterwards(func(answer *streams.ReadResp) {
				if e := answer.GetEvent(); e != nil {
					e.Event = nil
				}
			})},
			only: "append-07", failed: []string{"append-07"}, says: "panic",
		},
		"one that invents positions": {
			server: liar{twist: func(answer *streams.AppendResp) {
				if p := answer.GetSuccess().GetPosition(); p != nil {
					p.CommitPosition = 7
				}
			}},
			only: "append-16", failed: []string{"append-16"}, says: "after position 7 came 7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			connection := startLiar(t, &c.server)
			o := conformance.Options{Timeout: time.Second}
			if c.only != "" {
				o.Only = []string{c.only}
			}
			report := run(t, connection, o)
			if got := of(report, conformance.Fail); !slices.Equal(got, c.failed) || report.OK() {
				t.Fatalf("failed: %q, want %q; ok = %t", got, c.failed, report.OK())
			}
			for _, r := range report.Results {
				if r.Class == conformance.Fail && !strings.Contains(r.Observed, c.says) {
					t.Errorf("%s observed %q, which does not say %q", r.ID, r.Observed, c.says)
				}
			}
		})
	}
}

func TestAKnownDifferenceIsNoFailure(t *testing.T) {
	report := run(t, startLiar(t, &liar{dotNet: true}), conformance.Options{Only: []string{"filter-05", "append-01"}})
	if got := of(report, conformance.Differs); !slices.Equal(got, []string{"filter-05"}) || !report.OK() {
		t.Errorf("differs: %q, results %+v", got, report.Results)
	}
}
