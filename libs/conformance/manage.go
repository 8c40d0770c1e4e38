package conformance

import (
	"context"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func manageChecks() []check {
	return []check{
		{Check: Check{"manage-01", "A group cannot be created twice, but again after it was deleted."}, ask: createTwice},
		{Check: Check{"manage-02", "A group that is not there can be neither changed, deleted, asked about, replayed nor joined."}, ask: groupMissing},
		{Check: Check{"manage-03", "A group is described with the settings that it was given."}, ask: describeGroup},
		{Check: Check{"manage-04", "A group is in the list of all groups and in that of its stream."}, ask: listGroups},
		{Check: Check{"manage-05", "A change of a group drops its consumers; the new settings hold."}, ask: changeConnected},
		{Check: Check{"manage-06", "The deletion of a group drops its consumers."}, ask: deleteConnected},
		{Check: Check{"manage-07", "No more consumers than allowed can join a group."}, ask: tooManyConsumers},
		{Check: Check{"manage-08", "Names of groups and of their streams may hold spaces, slashes, percent signs and Chinese."}, ask: unusualGroups},
		{Check: Check{"manage-09", "The description of a group counts its consumers and the events that they hold."}, ask: countHeld},
		{Check: Check{"manage-10", "A deleted group begins anew when it is created again."}, ask: forgetsDeleted},
	}
}

func (s *stage) tryCreate(ctx context.Context, stream, name string, o esdb.PersistentSubscriptionSettings) error {
	return led(func() error {
		return s.client.CreatePersistentSubscription(ctx, stream, name, esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &o})
	})
}

func (s *stage) deleteGroup(ctx context.Context, stream, name string) {
	s.must(led(func() error { return removeGroup(ctx, s.client, groupName{stream, name}) }), "the deletion of a group")
}

func createTwice(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	s.want(s.tryCreate(ctx, stream, groupName1, settings()), esdb.ErrorCodeResourceAlreadyExists, "the second creation of a group")
	s.deleteGroup(ctx, stream, groupName1)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
}

func groupMissing(ctx context.Context, s *stage) {
	stream, o := s.stream("a"), settings()
	for what, do := range map[string]func() error{
		"the change of a missing group": func() error {
			return s.client.UpdatePersistentSubscription(ctx, stream, groupName1, esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &o})
		},
		"the deletion of a missing group": func() error { return removeGroup(ctx, s.client, groupName{stream, groupName1}) },
		"the question about a missing group": func() error {
			_, err := s.client.GetPersistentSubscriptionInfo(ctx, stream, groupName1, esdb.GetPersistentSubscriptionOptions{})
			return err
		},
		"the replay of a missing group": func() error {
			return s.client.ReplayParkedMessages(ctx, stream, groupName1, esdb.ReplayParkedMessagesOptions{})
		},
		"joining a missing group": func() error {
			c, err := s.tryConsume(ctx, stream, groupName1, 10)
			if err == nil {
				c.close()
			}
			return err
		},
	} {
		s.want(led(do), esdb.ErrorCodeResourceNotFound, what)
	}
}

func describeGroup(ctx context.Context, s *stage) {
	stream, o := s.stream("a"), settings()
	o.MaxRetryCount, o.MessageTimeout, o.MaxSubscriberCount, o.ResolveLinkTos = 3, 7000, 4, true
	o.LiveBufferSize, o.ReadBatchSize, o.HistoryBufferSize, o.ConsumerStrategyName = 111, 22, 333, esdb.ConsumerStrategyPinned
	s.group(ctx, stream, groupName1, esdb.Start{}, o)
	info := s.info(ctx, stream, groupName1)
	if info.EventSource != stream || info.GroupName != groupName1 {
		s.fail("it is described as group %q of %q", info.GroupName, info.EventSource)
	}
	if info.Settings == nil {
		s.fail("it is described without settings")
	}
	got := *info.Settings
	got.StartFrom, got.ExtraStatistics, got.CheckpointAfter = o.StartFrom, o.ExtraStatistics, o.CheckpointAfter
	if got != o {
		s.fail("the settings are %+v", got)
	}
}

func listGroups(ctx context.Context, s *stage) {
	stream := s.stream("a")
	for _, name := range []string{"one", "two"} {
		s.group(ctx, stream, name, esdb.Start{}, settings())
	}
	var ofStream, ofAll []esdb.PersistentSubscriptionInfo
	s.must(led(func() (err error) {
		ofStream, err = s.client.ListPersistentSubscriptionsForStream(ctx, stream, esdb.ListPersistentSubscriptionsOptions{})
		return err
	}), "the list of a stream's groups")
	s.must(led(func() (err error) {
		ofAll, err = s.client.ListAllPersistentSubscriptions(ctx, esdb.ListPersistentSubscriptionsOptions{})
		return err
	}), "the list of all groups")
	for what, list := range map[string][]esdb.PersistentSubscriptionInfo{"the list of the stream": ofStream, "the list of all": ofAll} {
		var mine []string
		for _, info := range list {
			if info.EventSource == stream {
				mine = append(mine, info.GroupName)
			}
		}
		if slices.Sort(mine); !slices.Equal(mine, []string{"one", "two"}) {
			s.fail("%s has the groups %q", what, mine)
		}
	}
	if len(ofStream) != 2 {
		s.fail("the list of the stream has %d groups", len(ofStream))
	}
}

func changeConnected(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	o := settings()
	o.MaxRetryCount = 77
	s.must(led(func() error {
		return s.client.UpdatePersistentSubscription(ctx, stream, groupName1, esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &o})
	}), "the change of a group")
	_ = c.dropped(ctx, s) // with an error, always
	if got := s.info(ctx, stream, groupName1).Settings; got == nil || got.MaxRetryCount != 77 {
		s.fail("the new settings do not hold")
	}
}

func deleteConnected(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	s.deleteGroup(ctx, stream, groupName1)
	_ = c.dropped(ctx, s) // with an error, always
}

func tooManyConsumers(ctx context.Context, s *stage) {
	stream, o := s.stream("a"), settings()
	o.MaxSubscriberCount = 1
	s.group(ctx, stream, groupName1, esdb.Start{}, o)
	first := s.consume(ctx, stream, groupName1, 10)
	second, err := s.tryConsume(ctx, stream, groupName1, 10)
	if err == nil {
		second.close()
	}
	s.refused(ctx, err, "a second consumer where one is allowed")
	first.close()
	s.until(ctx, "the next consumer can join when the first has left", func() bool {
		third, err := s.tryConsume(ctx, stream, groupName1, 10)
		if err == nil {
			third.close()
		}
		return err == nil
	})
}

func unusualGroups(ctx context.Context, s *stage) {
	for _, name := range []string{"with space", "a/b", "100%25", "原路 组", "a-b:c"} {
		stream := s.stream("of " + name)
		s.append(ctx, stream, esdb.NoStream{}, note(name))
		s.group(ctx, stream, name, esdb.Start{}, settings())
		if info := s.info(ctx, stream, name); info.EventSource != stream || info.GroupName != name {
			s.fail("group %q of %q is described as %q of %q", name, stream, info.GroupName, info.EventSource)
		}
		c := s.consume(ctx, stream, name, 10)
		c.take(ctx, s, 1)
		c.close()
	}
}

func countHeld(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 3, settings())
	defer c.close()
	c.events(ctx, s, 3)
	s.until(ctx, "one consumer and three held events are counted", func() bool {
		info := s.info(ctx, stream, groupName1)
		return len(info.Connections) == 1 && info.Stats != nil && info.Stats.TotalInFlightMessages == 3
	})
}

func forgetsDeleted(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 3, settings())
	c.take(ctx, s, 3)
	s.checkpointAt(ctx, stream, 2)
	c.close()
	s.deleteGroup(ctx, stream, groupName1)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	again := s.consume(ctx, stream, groupName1, 10)
	defer again.close()
	s.revisions(again.take(ctx, s, 3), "the group created again", 0, 1, 2)
}
