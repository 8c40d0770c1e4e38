package eventnode

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// groups are the persistent subscriptions of a node.
type groups struct {
	node *Node

	admin sync.Mutex // held by whoever changes what groups there are
	mu    sync.RWMutex
	byKey map[string]*subscription
	// dormant are groups that exist but could not be opened after an update. Who
	// asks for one has it opened.
	dormant map[string]groupEntry
	cause   error // why there are none, such as before they are loaded
}

var errGroupsClosed = errors.New("the persistent subscriptions are not running")

func newGroups(n *Node) *groups {
	return &groups{
		node: n, cause: errGroupsClosed,
		byKey: make(map[string]*subscription), dormant: make(map[string]groupEntry),
	}
}

// load starts all groups that are configured. If that cannot be read the node
// works on without any, and says so to those who ask for one.
func (g *groups) load() {
	g.admin.Lock()
	defer g.admin.Unlock()
	g.start(context.Background())
}

func (g *groups) start(ctx context.Context) {
	entries, err := g.node.groupEntries()
	byKey := make(map[string]*subscription, len(entries))
	for _, e := range entries {
		var s *subscription
		if err == nil {
			s, err = g.open(e)
		}
		if err == nil {
			byKey[e.key()] = s
		}
	}
	if err != nil {
		g.node.log.Error("persistent subscriptions are not running", slog.Any("error", err))
		for _, s := range byKey {
			s.stop(ctx, false)
		}
		clear(byKey)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byKey, g.cause = byKey, err
}

// close ends all groups and lets them tell how far they have come. The engine stays
// open until they have, or until the node has given up on its writer.
func (g *groups) close() {
	if !g.node.desk.enter() {
		return
	}
	defer g.node.desk.leave()
	g.admin.Lock()
	defer g.admin.Unlock()
	g.stop(context.Background(), true)
}

func (g *groups) stop(ctx context.Context, last bool) {
	g.mu.Lock()
	all := g.byKey
	g.byKey, g.cause = make(map[string]*subscription), errGroupsClosed
	clear(g.dormant)
	g.mu.Unlock()
	var stopping sync.WaitGroup
	for _, s := range all {
		stopping.Go(func() { s.stop(ctx, last) })
	}
	stopping.Wait()
}

// restart ends all groups and starts them again from what is stored.
func (g *groups) restart(ctx context.Context) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	g.stop(ctx, false)
	g.start(ctx)
	return g.running()
}

// running is nil unless the groups are out of order.
func (g *groups) running() error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.cause != nil {
		return unavailable("the persistent subscriptions are not running")
	}
	return nil
}

// find returns a group. One that is dormant is opened.
func (g *groups) find(stream, name string) (*subscription, error) {
	s, err := g.lookup(stream, name)
	if s != nil || err != nil {
		return s, err
	}
	g.admin.Lock()
	defer g.admin.Unlock()
	return g.awake(stream, name)
}

// lookup returns a group, or nil if it is dormant.
func (g *groups) lookup(stream, name string) (*subscription, error) {
	if err := g.running(); err != nil {
		return nil, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	key := groupKey(stream, name)
	if s := g.byKey[key]; s != nil && s.entry.Stream == stream {
		return s, nil
	}
	if e, ok := g.dormant[key]; ok && e.Stream == stream {
		return nil, nil
	}
	return nil, groupMissing(stream, name)
}

// awake is find for who holds the admin lock.
func (g *groups) awake(stream, name string) (*subscription, error) {
	s, err := g.lookup(stream, name)
	if s != nil || err != nil {
		return s, err
	}
	key := groupKey(stream, name)
	if s, err = g.open(g.dormant[key]); err != nil {
		return nil, err
	}
	g.put(key, s)
	return s, nil
}

// list returns the groups on a stream, or all if it is empty, by name.
func (g *groups) list(stream string) []*subscription {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []*subscription
	for _, s := range g.byKey {
		if stream == "" || s.entry.Stream == stream {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *subscription) int { return byNames(a.entry, b.entry) })
	return out
}

// create adds a group.
func (g *groups) create(ctx context.Context, e groupEntry, user string) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	if err := g.running(); err != nil {
		return err
	}
	if _, dormant := g.dormant[e.key()]; dormant || g.byKey[e.key()] != nil {
		return groupExists(e.Stream, e.Group)
	}
	if len(g.byKey)+len(g.dormant) >= maxGroups {
		return groupFailed(e.Stream, e.Group, "there are too many")
	}
	s, err := e.source(g.node)
	if err != nil {
		return err
	}
	// A namesake that is gone has left nothing behind, unless the node ended while
	// it was being deleted.
	if err := g.clear(ctx, e); err != nil {
		return err
	}
	next, err := g.node.begin(&e)
	if err != nil {
		return err
	}
	at, err := g.save(ctx, user, func(entries []groupEntry) []groupEntry { return append(entries, e) })
	if err != nil {
		return err
	}
	if e.onLog() && e.StartedAt != nil {
		next = max(next, at+1) // its own configuration is not news
	}
	g.put(e.key(), newSubscription(g.node, e, s, next, false))
	return nil
}

// update gives a group other settings. All its clients are dropped, and it goes on
// where it is: where it was to begin is told, but no longer matters.
func (g *groups) update(ctx context.Context, e groupEntry, user string) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	old, err := g.awake(e.Stream, e.Group)
	if err != nil {
		return err
	}
	e.Filter = old.entry.Filter
	if _, err := g.node.begin(&e); err != nil {
		return err
	}
	// Without a checkpoint the new group begins with what the old one has not done.
	low := old.low()
	e.StartedAt = &low
	_, err = g.save(ctx, user, func(entries []groupEntry) []groupEntry {
		for i := range entries {
			if entries[i].key() == e.key() {
				entries[i] = e
			}
		}
		return entries
	})
	if err != nil {
		return err
	}
	old.stop(ctx, true)
	s, err := g.open(e)
	if err != nil {
		g.rest(e)
		return err
	}
	g.put(e.key(), s)
	return nil
}

// remove deletes a group and what it has stored.
func (g *groups) remove(ctx context.Context, stream, name, user string) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	old, err := g.lookup(stream, name)
	if err != nil {
		return err
	}
	key := groupKey(stream, name)
	e := g.dormant[key]
	if old != nil {
		e = old.entry
	}
	_, err = g.save(ctx, user, func(entries []groupEntry) []groupEntry {
		return slices.DeleteFunc(entries, func(e groupEntry) bool { return e.key() == key })
	})
	if err != nil {
		return err
	}
	if old != nil {
		old.stop(ctx, false)
	}
	g.put(key, nil)
	return g.clear(ctx, e)
}

func (g *groups) clear(ctx context.Context, e groupEntry) error {
	return errors.Join(g.node.removeStream(ctx, e.checkpointStream()), g.node.removeStream(ctx, e.parkedStream()))
}

func (g *groups) put(key string, s *subscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.dormant, key)
	if s == nil {
		delete(g.byKey, key)
		return
	}
	g.byKey[key] = s
}

// rest makes a group dormant.
func (g *groups) rest(e groupEntry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.byKey, e.key())
	g.dormant[e.key()] = e
}

// open starts a group from its checkpoint.
func (g *groups) open(e groupEntry) (*subscription, error) {
	s, err := e.source(g.node)
	if err != nil {
		return nil, err
	}
	next, err := e.first()
	if err != nil {
		return nil, err
	}
	low, found, err := g.node.checkpointOf(e)
	if err != nil {
		return nil, err
	}
	if found {
		next = low
	}
	return newSubscription(g.node, e, s, next, found), nil
}

// save writes the configuration with a change and returns its position.
func (g *groups) save(ctx context.Context, user string, change func([]groupEntry) []groupEntry) (uint64, error) {
	c := groupConfig{Version: "2", Updated: g.node.now().UTC().Truncate(time.Millisecond), UpdatedBy: user, Entries: []groupEntry{}}
	for _, s := range g.list("") {
		c.Entries = append(c.Entries, s.entry)
	}
	c.Entries = slices.AppendSeq(c.Entries, maps.Values(g.dormant))
	c.Entries = change(c.Entries)
	data, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	if err := g.node.setMetadata(ctx, groupConfigStream, "$maxCount", keptEvents); err != nil {
		return 0, err
	}
	return g.node.append(ctx, groupConfigStream, []record{{id: uuid.New(), json: true, kind: []byte(typeGroupConfig), data: data}})
}
