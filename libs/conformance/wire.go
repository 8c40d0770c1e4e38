package conformance

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const defaultPort = "2113"

func wireChecks() []check {
	return []check{{Check: Check{"wire-01", "The answer to a read has the form that the official client can bear; others end the process."}, ask: wireForm}}
}

// wireForm writes and reads one event without the official client, which ends
// the process when it cannot read the time of an event.
func wireForm(ctx context.Context, s *stage) {
	conn, err := s.dial()
	if err != nil {
		s.skip("no connection of our own: %v", err)
	}
	defer func() { _ = conn.Close() }() // nothing is left on it
	if s.config.Username != "" && !s.config.DisableTLS {
		basic := base64.StdEncoding.EncodeToString([]byte(s.config.Username + ":" + s.config.Password))
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Basic "+basic)
	}
	stream := &shared.StreamIdentifier{StreamName: []byte(s.stream("a"))}
	server := streams.NewStreamsClient(conn)
	if err := appendRaw(ctx, server, stream); err != nil {
		s.skip("%s", notAsked(status.Code(err)))
	}
	answers, err := server.Read(ctx, &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: stream, RevisionOption: &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}},
		}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 1},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}})
	for err == nil {
		var answer *streams.ReadResp
		if answer, err = answers.Recv(); err == nil {
			s.bearable(answer)
		}
	}
	if !errors.Is(err, io.EOF) {
		s.skip("%s", notAsked(status.Code(err)))
	}
}

// notAsked is what the check saw that was answered with a code at once.
func notAsked(code codes.Code) string { return fmt.Sprintf("not asked: %s", code) }

// bearable ends the check unless the official client reads an answer without
// ending the process or panicking.
func (s *stage) bearable(answer *streams.ReadResp) {
	e := answer.GetEvent().GetEvent()
	if e == nil {
		s.fail("a read is answered with %T", answer.GetContent())
	}
	if _, err := strconv.ParseInt(e.GetMetadata()["created"], 10, 64); err != nil {
		s.fail("the time of an event is no number")
	}
	if e.GetStreamIdentifier() == nil || e.GetId() == nil {
		s.fail("an event has no id or no stream")
	}
}

func appendRaw(ctx context.Context, server streams.StreamsClient, stream *shared.StreamIdentifier) error {
	call, err := server.Append(ctx)
	if err != nil {
		return err
	}
	for _, part := range []*streams.AppendReq{
		{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
			StreamIdentifier: stream, ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}},
		}}},
		{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
			Id:       &shared.UUID{Value: &shared.UUID_String_{String_: note("").EventID.String()}},
			Metadata: map[string]string{"type": "noted", "content-type": "application/json"}, Data: []byte("{}"),
		}}},
	} {
		if err := call.Send(part); err != nil {
			break // the answer says why
		}
	}
	answer, err := call.CloseAndRecv()
	if err == nil && answer.GetSuccess() == nil {
		return status.Error(codes.Internal, "the append had no success")
	}
	return err
}

// dial connects to the first server that the connection string names.
func (s *stage) dial() (*grpc.ClientConn, error) {
	address := s.config.Address
	if address == "" && len(s.config.GossipSeeds) > 0 {
		address = s.config.GossipSeeds[0].String()
	}
	if s.config.DnsDiscover {
		address = fmt.Sprintf("%s:%s", s.config.Address, defaultPort)
	}
	secure := insecure.NewCredentials()
	if !s.config.DisableTLS {
		secure = credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: s.config.RootCAs,
			InsecureSkipVerify: s.config.SkipCertificateVerification, //nolint:gosec // as the connection string has it
		})
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(secure))
}
