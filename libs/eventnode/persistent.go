package eventnode

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// persistentServer answers the PersistentSubscriptions service: groups of consumers
// whose progress the node remembers.
type persistentServer struct {
	persistent.UnimplementedPersistentSubscriptionsServer
	groups *groups
}

// Create makes a group on a stream, which need not exist, or on $all.
func (s *persistentServer) Create(ctx context.Context, req *persistent.CreateReq) (*persistent.CreateResp, error) {
	e, err := createdEntry(req.GetOptions())
	if err != nil {
		return nil, err
	}
	if why := e.validate(); why != "" {
		return nil, groupFailed(e.Stream, e.Group, why)
	}
	if err := s.groups.create(ctx, e, s.userOf(ctx)); err != nil {
		return nil, err
	}
	return &persistent.CreateResp{}, nil
}

// Update gives a group other settings. Its clients are dropped and it goes on from
// its checkpoint. The filter of a group on $all stays as it is.
func (s *persistentServer) Update(ctx context.Context, req *persistent.UpdateReq) (*persistent.UpdateResp, error) {
	e, err := updatedEntry(req.GetOptions())
	if err != nil {
		return nil, err
	}
	if _, err := s.groups.find(e.Stream, e.Group); err != nil {
		return nil, err
	}
	if why := e.validate(); why != "" {
		return nil, groupFailed(e.Stream, e.Group, why)
	}
	if err := s.groups.update(ctx, e, s.userOf(ctx)); err != nil {
		return nil, err
	}
	return &persistent.UpdateResp{}, nil
}

// Delete removes a group, its checkpoint and its parked messages.
func (s *persistentServer) Delete(ctx context.Context, req *persistent.DeleteReq) (*persistent.DeleteResp, error) {
	options := req.GetOptions()
	stream, err := groupTarget(options.GetStreamIdentifier(), options.GetAll() != nil, options.GetGroupName())
	if err != nil {
		return nil, err
	}
	if err := s.groups.remove(ctx, stream, options.GetGroupName(), s.userOf(ctx)); err != nil {
		return nil, err
	}
	return &persistent.DeleteResp{}, nil
}

// GetInfo tells about one group.
func (s *persistentServer) GetInfo(_ context.Context, req *persistent.GetInfoReq) (*persistent.GetInfoResp, error) {
	options := req.GetOptions()
	stream, err := groupTarget(options.GetStreamIdentifier(), options.GetAll() != nil, options.GetGroupName())
	if err != nil {
		return nil, err
	}
	sub, err := s.groups.find(stream, options.GetGroupName())
	if err != nil {
		return nil, err
	}
	info, err := sub.info()
	if err != nil {
		return nil, err
	}
	return &persistent.GetInfoResp{SubscriptionInfo: info}, nil
}

// List tells about all groups, or those on one stream. None on a stream is an error.
func (s *persistentServer) List(_ context.Context, req *persistent.ListReq) (*persistent.ListResp, error) {
	if err := s.groups.running(); err != nil {
		return nil, err
	}
	stream := ""
	if one := req.GetOptions().GetListForStream(); one != nil {
		stream = streamAll
		if one.GetAll() == nil {
			stream = string(one.GetStream().GetStreamName())
		}
		if stream == "" {
			return nil, invalid("this is not the name of a stream")
		}
	}
	found := s.groups.list(stream)
	if stream != "" && len(found) == 0 {
		return nil, groupMissing(stream, "")
	}
	resp := &persistent.ListResp{}
	for _, sub := range found {
		info, err := sub.info()
		if err != nil {
			return nil, err
		}
		resp.Subscriptions = append(resp.Subscriptions, info)
	}
	return resp, nil
}

// ReplayParked lets the parked messages of a group be delivered again.
func (s *persistentServer) ReplayParked(_ context.Context, req *persistent.ReplayParkedReq) (*persistent.ReplayParkedResp, error) {
	options := req.GetOptions()
	stream, err := groupTarget(options.GetStreamIdentifier(), options.GetAll() != nil, options.GetGroupName())
	if err != nil {
		return nil, err
	}
	sub, err := s.groups.find(stream, options.GetGroupName())
	if err != nil {
		return nil, err
	}
	end := int64(tombstoneRevision)
	if limited, ok := options.GetStopAtOption().(*persistent.ReplayParkedReq_Options_StopAt); ok {
		end = limited.StopAt
	}
	if end < 0 {
		return nil, groupFailed(stream, options.GetGroupName(), "a replay stops at a revision of the parked stream")
	}
	if err := sub.replay(uint64(end)); err != nil {
		return nil, err
	}
	return &persistent.ReplayParkedResp{}, nil
}

// RestartSubsystem ends all groups, drops their clients and starts them again from
// their checkpoints.
func (s *persistentServer) RestartSubsystem(ctx context.Context, _ *shared.Empty) (*shared.Empty, error) {
	if err := s.groups.restart(ctx); err != nil {
		return nil, err
	}
	return &shared.Empty{}, nil
}
