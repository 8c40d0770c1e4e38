package eventnode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	cause error // why there are none, such as before they are loaded
}

var errGroupsClosed = errors.New("the persistent subscriptions are not running")

func newGroups(n *Node) *groups {
	return &groups{node: n, byKey: make(map[string]*subscription), cause: errGroupsClosed}
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

// close ends all groups and lets them tell how far they have come.
func (g *groups) close() {
	g.admin.Lock()
	defer g.admin.Unlock()
	g.stop(context.Background(), true)
}

func (g *groups) stop(ctx context.Context, last bool) {
	g.mu.Lock()
	all := g.byKey
	g.byKey, g.cause = make(map[string]*subscription), errGroupsClosed
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

func (g *groups) find(stream, name string) (*subscription, error) {
	if err := g.running(); err != nil {
		return nil, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	s := g.byKey[groupKey(stream, name)]
	if s == nil || s.entry.Stream != stream {
		return nil, groupMissing(stream, name)
	}
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
	if g.byKey[e.key()] != nil {
		return groupExists(e.Stream, e.Group)
	}
	if len(g.byKey) >= maxGroups {
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
// from its checkpoint.
func (g *groups) update(ctx context.Context, e groupEntry, user string) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	old, err := g.find(e.Stream, e.Group)
	if err != nil {
		return err
	}
	e.Filter = old.entry.Filter
	if _, err := g.node.begin(&e); err != nil {
		return err
	}
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
	old.stop(ctx, false)
	s, err := g.open(e)
	if err != nil {
		return err
	}
	g.put(e.key(), s)
	return nil
}

// remove deletes a group and what it has stored.
func (g *groups) remove(ctx context.Context, stream, name, user string) error {
	g.admin.Lock()
	defer g.admin.Unlock()
	old, err := g.find(stream, name)
	if err != nil {
		return err
	}
	_, err = g.save(ctx, user, func(entries []groupEntry) []groupEntry {
		return slices.DeleteFunc(entries, func(e groupEntry) bool { return e.key() == old.entry.key() })
	})
	if err != nil {
		return err
	}
	old.stop(ctx, false)
	g.put(old.entry.key(), nil)
	return g.clear(ctx, old.entry)
}

func (g *groups) clear(ctx context.Context, e groupEntry) error {
	return errors.Join(g.node.removeStream(ctx, e.checkpointStream()), g.node.removeStream(ctx, e.parkedStream()))
}

func (g *groups) put(key string, s *subscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s == nil {
		delete(g.byKey, key)
		return
	}
	g.byKey[key] = s
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

// lastWord is the data of the last event of a stream of the node's own, or nil.
func (n *Node) lastWord(stream, kind string) ([]byte, error) {
	bound, _ := n.store.tail.load()
	r := &reader{db: n.store.engine(), bound: bound, now: n.now()}
	v, err := r.view(stream)
	if err != nil || !v.found || v.tombstoned || v.last < v.first && v.lastAt <= bound {
		return nil, err
	}
	rec, err := lastRecord(r.db, v.id, max(bound, v.lastAt)) // the scavenger may be faster
	if err != nil || rec.stub {
		return nil, err
	}
	if string(rec.kind) != kind {
		return nil, fmt.Errorf("%w: %s ends with a %s", errRecord, stream, rec.kind)
	}
	return rec.data, nil
}

func (n *Node) groupEntries() ([]groupEntry, error) {
	data, err := n.lastWord(groupConfigStream, typeGroupConfig)
	if data == nil || err != nil {
		return nil, err
	}
	c, err := decodeGroupConfig(data)
	return c.Entries, err
}

// checkpointOf returns the number below which all is done.
func (n *Node) checkpointOf(e groupEntry) (low uint64, found bool, err error) {
	data, err := n.lastWord(e.checkpointStream(), typeCheckpoint)
	if data == nil || err != nil {
		return 0, false, err
	}
	var place string
	if err := json.Unmarshal(data, &place); err != nil {
		return 0, false, fmt.Errorf("checkpoint of a persistent subscription: %w", err)
	}
	last, err := e.number(place)
	if err != nil || last < 0 {
		return 0, false, err
	}
	return uint64(last) + 1, true, nil
}

// begin says with which number a new group begins, and keeps what "the end" means
// at this moment.
func (n *Node) begin(e *groupEntry) (uint64, error) {
	first, err := e.number(e.StartPosition)
	if err != nil {
		return 0, err
	}
	bound, _ := n.store.tail.load()
	if e.onLog() && first > 0 && uint64(first) > bound {
		return 0, groupFailed(e.Stream, e.Group, "the position is beyond the end of the log")
	}
	if first >= 0 {
		return uint64(first), nil
	}
	next := bound + 1
	if !e.onLog() {
		v, err := (&reader{db: n.store.engine(), bound: bound, now: n.now()}).view(e.Stream)
		if err != nil {
			return 0, err
		}
		next = 0
		if v.id != 0 && !v.tombstoned {
			next = v.last + 1
		}
	}
	e.StartedAt = &next
	return next, nil
}
