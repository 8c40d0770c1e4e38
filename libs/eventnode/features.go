package eventnode

import (
	"context"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"
)

// ProtocolVersion is the server version that the node tells its clients: that of
// the protocol it speaks, so that clients pick the right calls.
const ProtocolVersion = "24.10.0"

// featuresServer says what the node can do, and no more than that.
type featuresServer struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods lists the implemented calls, in lower case as clients
// compare them.
func (featuresServer) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const (
		streamsService  = "event_store.client.streams.streams"
		featuresService = "event_store.client.server_features.serverfeatures"
		gossipService   = "event_store.client.gossip.gossip"
		groupsService   = "event_store.client.persistent_subscriptions.persistentsubscriptions"
	)
	onStreamsAndLog := []string{"stream", "all"}
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: ProtocolVersion,
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: streamsService, MethodName: "read", Features: []string{"position", "events"}},
			{ServiceName: streamsService, MethodName: "append"},
			{ServiceName: streamsService, MethodName: "delete"},
			{ServiceName: streamsService, MethodName: "tombstone"},
			{ServiceName: groupsService, MethodName: "create", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "update", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "delete", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "read", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "getinfo", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "replayparked", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "list", Features: onStreamsAndLog},
			{ServiceName: groupsService, MethodName: "restartsubsystem"},
			{ServiceName: featuresService, MethodName: "getsupportedmethods"},
			{ServiceName: gossipService, MethodName: "read"},
		},
	}, nil
}

// gossipServer describes a cluster of one.
type gossipServer struct {
	gossip.UnimplementedGossipServer
	instance  uuid.UUID
	address   net.Addr
	advertise string
	now       func() time.Time
}

// Read returns this node as the leader and only member.
func (s gossipServer) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	asked := ""
	if authority := metadata.ValueFromIncomingContext(ctx, ":authority"); len(authority) == 1 {
		asked = authority[0]
	}
	host, port, err := advertised(s.advertise, asked, s.address)
	if err != nil {
		return nil, err
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   protoID(s.instance, false),
		TimeStamp:    s.now().UnixNano() / 100,
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
	}}}, nil
}
