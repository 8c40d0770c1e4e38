package eventnode_test

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
)

func TestAGroupFollowsLinksOnlyForThoseWhoMay(t *testing.T) {
	n, _ := secured(t)
	admin, clerk := as(t, n, "admin", "pass-admin"), as(t, n, "clerk", "pass-clerk")
	acl := func(stream, text string) {
		t.Helper()
		appendTo(t, admin, "$$"+stream, esdb.Any{}, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(text)})
	}
	link := func(to string) esdb.EventData {
		return esdb.EventData{EventType: "$>", ContentType: esdb.ContentTypeBinary, Data: []byte(to)}
	}
	acl("listed", `{"$acl":{"$r":"$admins"}}`)
	for _, stream := range []string{"$secret", "listed", "plain"} {
		appendTo(t, admin, stream, esdb.NoStream{}, note(stream))
	}
	resolving := fromStart(func(s *esdb.PersistentSubscriptionSettings) { s.ResolveLinkTos = true })
	createGroup(t, admin, "index", "workers", resolving)
	appendTo(t, clerk, "index", esdb.Any{}, link("0@$secret"), link("0@listed"), link("0@plain"), note("own"))

	// consumed tells which events a client is shown.
	consumed := func(s *esdb.PersistentSubscription, count int) (shown []string, list []*esdb.EventAppeared) {
		t.Helper()
		for range count {
			e := next(t, s)
			list = append(list, e)
			if e.Event.Event == nil {
				shown = append(shown, "")
				continue
			}
			shown = append(shown, e.Event.Event.StreamID)
		}
		return shown, list
	}
	want := []string{"", "", "plain", "index"}
	s := consume(t, clerk, "index", "workers", 10)
	shown, list := consumed(s, 4)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the clerk is shown (-want +got):\n%s", diff)
	}
	nack(t, s, esdb.NackActionPark, list...)
	waitForParked(t, admin, "index", "workers", 4)
	if err := admin.ReplayParkedMessages(ctx(t), "index", "workers", esdb.ReplayParkedMessagesOptions{}); err != nil {
		t.Fatal(err)
	}
	shown, _ = consumed(s, 4)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("after the replay the clerk is shown (-want +got):\n%s", diff)
	}
	_ = s.Close()
	shown, _ = consumed(consume(t, admin, "index", "workers", 10), 4)
	if diff := cmp.Diff([]string{"$secret", "listed", "plain", "index"}, shown); diff != "" {
		t.Errorf("the administrator is shown (-want +got):\n%s", diff)
	}
}

func TestWhoMayReadTheLogIsShownWhatWasParkedFromIt(t *testing.T) {
	n, _ := secured(t)
	admin, clerk := as(t, n, "admin", "pass-admin"), as(t, n, "clerk", "pass-clerk")
	appendTo(t, admin, "$$$all", esdb.Any{}, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(`{"$acl":{"$r":"clerk"}}`)})
	appendTo(t, admin, "$secret", esdb.NoStream{}, note("x"))
	createGroupOnLog(t, admin, "workers", esdb.PersistentAllSubscriptionOptions{
		StartFrom: esdb.Start{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"$secret"}},
	})
	s := consumeLog(t, clerk, "workers")
	nack(t, s, esdb.NackActionPark, wantDelivered(t, s, "0/0")...)
	waitForParked(t, admin, "$all", "workers", 1)
	if err := admin.ReplayParkedMessagesToAll(ctx(t), "workers", esdb.ReplayParkedMessagesOptions{}); err != nil {
		t.Fatal(err)
	}
	if e := next(t, s).Event; e.Event == nil || e.Event.StreamID != "$secret" {
		t.Errorf("replayed as %+v", e)
	}
}
