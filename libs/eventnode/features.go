package eventnode

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
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
	)
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: ProtocolVersion,
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: streamsService, MethodName: "read", Features: []string{"position", "events"}},
			{ServiceName: streamsService, MethodName: "append"},
			{ServiceName: streamsService, MethodName: "delete"},
			{ServiceName: streamsService, MethodName: "tombstone"},
			{ServiceName: featuresService, MethodName: "getsupportedmethods"},
			{ServiceName: gossipService, MethodName: "read"},
		},
	}, nil
}

// gossipServer describes a cluster of one.
type gossipServer struct {
	gossip.UnimplementedGossipServer
	instance uuid.UUID
	address  net.Addr
	now      func() time.Time
}

// Read returns this node as the leader and only member.
func (s gossipServer) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	host, text, err := net.SplitHostPort(s.address.String())
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
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
