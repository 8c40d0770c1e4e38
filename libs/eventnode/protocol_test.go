package eventnode_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// These tests speak the protocol itself, for what the official client never sends
// or does not show.

func rawConn(t *testing.T, n *eventnode.Node) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(n.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func name(s string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(s)}
}

func options(stream string, set func(*streams.AppendReq_Options)) *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: name(stream), ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}}}
	if set != nil {
		set(o)
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

func proposed(id string, properties map[string]string, size int) *streams.AppendReq {
	return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id: &shared.UUID{Value: &shared.UUID_String_{String_: id}}, Metadata: properties, Data: make([]byte, size),
	}}}
}

func rawAppend(t *testing.T, conn *grpc.ClientConn, messages ...*streams.AppendReq) (*streams.AppendResp, metadata.MD, error) {
	t.Helper()
	var trailer metadata.MD
	call, err := streams.NewStreamsClient(conn).Append(ctx(t), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := call.Send(m); err != nil {
			t.Fatalf("cut off while sending: %v", err)
		}
	}
	resp, err := call.CloseAndRecv()
	return resp, trailer, err
}

func TestRefusedAppendsSayWhyInTheirTrailers(t *testing.T) {
	conn := rawConn(t, start(t, eventnode.Config{}))
	id := uuid.NewString()
	full := map[string]string{"type": "noted.v1", "content-type": "application/json"}
	for title, tc := range map[string]struct {
		messages []*streams.AppendReq
		trailer  metadata.MD
	}{
		"an event without its type": {
			[]*streams.AppendReq{options("case-1", nil), proposed(id, map[string]string{"content-type": "application/json"}, 1)},
			metadata.Pairs("exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"),
		},
		"an event without its content type": {
			[]*streams.AppendReq{options("case-1", nil), proposed(id, map[string]string{"type": "x"}, 1)},
			metadata.Pairs("exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"),
		},
		"events that are too large, with more to follow": {
			[]*streams.AppendReq{options("case-1", nil), proposed(id, full, 2<<20), proposed(id, full, 2<<20), proposed(id, full, 2<<20)},
			metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", "1048576"),
		},
		"an empty type": {
			[]*streams.AppendReq{options("case-1", nil), proposed(id, map[string]string{"type": "", "content-type": "x"}, 1)}, nil,
		},
		"an empty id": {
			[]*streams.AppendReq{options("case-1", nil), proposed(uuid.Nil.String(), full, 1)}, nil,
		},
		"an id that is not one": {[]*streams.AppendReq{options("case-1", nil), proposed("x", full, 1)}, nil},
		"no options":            {[]*streams.AppendReq{proposed(id, full, 1)}, nil},
		"options twice":         {[]*streams.AppendReq{options("case-1", nil), options("case-1", nil)}, nil},
		"nothing at all":        {nil, nil},
		"no expectation": {
			[]*streams.AppendReq{options("case-1", func(o *streams.AppendReq_Options) { o.ExpectedStreamRevision = nil })}, nil,
		},
	} {
		t.Run(title, func(t *testing.T) {
			_, trailer, err := rawAppend(t, conn, tc.messages...)
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("error = %v, want InvalidArgument", err)
			}
			for key, want := range tc.trailer {
				if diff := cmp.Diff(want, trailer.Get(key)); diff != "" {
					t.Errorf("trailer %s: %s", key, diff)
				}
			}
		})
	}
}

func TestAWrongRevisionFillsBothTwins(t *testing.T) {
	conn := rawConn(t, start(t, eventnode.Config{}))
	event := proposed(uuid.NewString(), map[string]string{"type": "x", "content-type": "y"}, 1)
	resp, _, err := rawAppend(t, conn, options("case-1", func(o *streams.AppendReq_Options) {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: 7}
	}), event)
	if err != nil {
		t.Fatal(err)
	}
	want := &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption:         &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}},
		CurrentRevisionOption_20_6_0:  &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}},
		ExpectedRevisionOption:        &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: 7},
		ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: 7},
	}
	if diff := cmp.Diff(want.String(), resp.GetWrongExpectedVersion().String()); diff != "" {
		t.Error(diff)
	}
	if _, _, err := rawAppend(t, conn, options("case-1", nil), event); err != nil {
		t.Fatal(err)
	}
	resp, _, err = rawAppend(t, conn, options("case-1", func(o *streams.AppendReq_Options) {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	}), proposed(uuid.NewString(), map[string]string{"type": "x", "content-type": "y"}, 1))
	if err != nil {
		t.Fatal(err)
	}
	want = &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption:         &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: 0},
		CurrentRevisionOption_20_6_0:  &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: 0},
		ExpectedRevisionOption:        &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}},
		ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: math.MaxUint64},
	}
	if diff := cmp.Diff(want.String(), resp.GetWrongExpectedVersion().String()); diff != "" {
		t.Error(diff)
	}
}

func TestAWrongDeletionIsAnErrorWithTrailers(t *testing.T) {
	n := start(t, eventnode.Config{})
	fill(t, dial(t, n), "案件-1", 3)
	client := streams.NewStreamsClient(rawConn(t, n))
	var trailer metadata.MD
	_, err := client.Tombstone(ctx(t), &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier:       name("案件-1"),
		ExpectedStreamRevision: &streams.TombstoneReq_Options_NoStream{NoStream: &shared.Empty{}},
	}}, grpc.Trailer(&trailer))
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("error = %v, want FailedPrecondition", err)
	}
	for key, want := range map[string]string{
		"exception": "wrong-expected-version", "expected-version": "-1", "actual-version": "2", "stream-name": "%E6%A1%88%E4%BB%B6-1",
	} {
		if got := strings.Join(trailer.Get(key), ","); got != want {
			t.Errorf("trailer %s = %q, want %q", key, got, want)
		}
	}
}

func TestReadsOfTheLogCanBeFiltered(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	for _, stream := range []string{"case-1", "alert-1", "case-2", "alert-1", "case-1"} {
		appendTo(t, c, stream, esdb.Any{}, note("x"))
	}
	req := func(direction streams.ReadReq_Options_ReadDirection, count uint64) *streams.ReadReq {
		all := &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
		if direction == streams.ReadReq_Options_Backwards {
			all.AllOption = &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
		}
		return &streams.ReadReq{Options: &streams.ReadReq_Options{
			StreamOption:  &streams.ReadReq_Options_All{All: all},
			ReadDirection: direction,
			CountOption:   &streams.ReadReq_Options_Count{Count: count},
			UuidOption:    &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}},
			FilterOption: &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
				Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
					StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"case-"}},
				},
			}},
		}}
	}
	client := streams.NewStreamsClient(rawConn(t, n))
	for title, tc := range map[string]struct {
		req  *streams.ReadReq
		want []uint64
	}{
		"forwards":           {req(streams.ReadReq_Options_Forwards, 10), []uint64{1, 3, 5}},
		"forwards by count":  {req(streams.ReadReq_Options_Forwards, 2), []uint64{1, 3}},
		"backwards":          {req(streams.ReadReq_Options_Backwards, 10), []uint64{5, 3, 1}},
		"backwards by count": {req(streams.ReadReq_Options_Backwards, 2), []uint64{5, 3}},
		"none at all":        {req(streams.ReadReq_Options_Forwards, 0), nil},
	} {
		t.Run(title, func(t *testing.T) {
			call, err := client.Read(ctx(t), tc.req)
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for {
				resp, err := call.Recv()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, resp.GetEvent().GetEvent().GetCommitPosition())
				if _, err := uuid.Parse(resp.GetEvent().GetEvent().GetId().GetString_()); err != nil {
					t.Errorf("id as text: %v", err)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyWhatExistsIsAdvertised(t *testing.T) {
	conn := rawConn(t, start(t, eventnode.Config{}))
	features, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(ctx(t), &shared.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if got := features.GetEventStoreServerVersion(); got != eventnode.ProtocolVersion {
		t.Errorf("version = %s", got)
	}
	for _, m := range features.GetMethods() {
		if m.GetMethodName() == "batchappend" {
			t.Errorf("%s/%s is advertised", m.GetServiceName(), m.GetMethodName())
		}
	}
	call, err := streams.NewStreamsClient(conn).BatchAppend(ctx(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call.Recv(); status.Code(err) != codes.Unimplemented {
		t.Errorf("BatchAppend: %v, want Unimplemented", err)
	}
}
