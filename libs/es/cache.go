package es

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// CacheBytes is what a service gives the cache of one kind of aggregate: what
// the cached events take in the log. In memory they take two to three times that.
const CacheBytes = 64 << 20

// trust is how long a past is decided on after the log has last confirmed it.
// What is decided on a past that others have added to comes to nothing, since
// the append names the revision. A log restored from a backup and written on to
// the very same revision would not tell; to stop, restore and start a node takes
// longer than this.
const trust = 5 * time.Second

// Cache keeps the folded pasts of the streams used last, so that a command need
// not read and decode its whole stream. It holds no truth: nothing is refused
// and nothing is called done on a cached past before the log was asked. States
// that it hands out are shared, so that a decider must treat them as values.
type Cache[S, E any] struct {
	limit int
	now   func() time.Time

	mu     sync.Mutex
	held   int
	pasts  map[string]*list.Element // of *kept[S, E]
	recent *list.List               // the last used in front
}

// kept is the past of one stream.
type kept[S, E any] struct {
	stream    string
	past      Past[S, E]
	confirmed time.Time
	commands  map[uuid.UUID]span
}

// span is where the events of a command lie in a stream; only that it reaches
// from the first to the last of them.
type span struct{ first, last int }

// NewCache makes a cache for one kind of aggregate that holds events of so many
// bytes, as they are stored.
func NewCache[S, E any](bytes int) *Cache[S, E] {
	return &Cache[S, E]{limit: bytes, now: time.Now, pasts: map[string]*list.Element{}, recent: list.New()}
}

// recall returns a past that can be decided on, though not answered from.
func (c *Cache[S, E]) recall(stream string) (Past[S, E], bool) {
	if c == nil {
		return Past[S, E]{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.use(stream)
	if k == nil || c.now().Sub(k.confirmed) > trust {
		return Past[S, E]{}, false
	}
	return k.past.shared(), true
}

// prefix returns a past to be compared with the log and read on from.
func (c *Cache[S, E]) prefix(stream string) (Past[S, E], bool) {
	if c == nil {
		return Past[S, E]{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.use(stream); k != nil {
		return k.past.shared(), true
	}
	return Past[S, E]{}, false
}

// find tells where the events of a command can be in a past, and up to where
// that is known; behind it the past has to be searched.
func (c *Cache[S, E]) find(stream string, past Past[S, E], command uuid.UUID) (at span, upTo int) {
	nowhere := span{0, -1}
	if c == nil {
		return nowhere, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.use(stream)
	if k == nil {
		return nowhere, 0
	}
	upTo = min(len(k.past.Metas), len(past.Metas))
	if upTo == 0 || !past.agrees(k.past, upTo) {
		return nowhere, 0
	}
	if at, known := k.commands[command]; known {
		return span{at.first, min(at.last, upTo-1)}, upTo
	}
	return nowhere, upTo
}

// Done tells whether a command is known to have been carried out on a stream, so
// that what it would need, were it new, need not be fetched. False says nothing.
func (c Case[S, C, E]) Done(id string, command uuid.UUID) bool {
	past, ok := c.Cache.recall(c.Stream(id))
	if !ok {
		return false
	}
	at, _ := c.Cache.find(c.Stream(id), past, command)
	return at.last >= at.first
}

// Recall returns the past of a stream up to an event of the log, or further, as it
// is kept in memory, to one who would read the stream otherwise: the log is not
// asked. An event that was heard of before its writer has heard that it is stored
// is added; that it comes next its seal tells, as it tells of all before it.
func (c Case[S, C, E]) Recall(id string, r eventlog.Recorded) (Past[S, E], bool) {
	past, ok := c.Cache.recall(c.Stream(id))
	if !ok || r.Revision > uint64(len(past.ids)) {
		return Past[S, E]{}, false
	}
	if r.Revision == uint64(len(past.ids)) {
		before := past.hash
		past, err := c.fold(past, r)
		return past, err == nil && before != "" && past.Metas[r.Revision].Prev == before
	}
	_, hash, err := chain.SplitHash(r.Meta)
	return past, err == nil && past.ids[r.Revision] == r.ID && past.Metas[r.Revision].Hash == hash
}

// put keeps a past that the log has just shown, unless more is known already.
func (c *Cache[S, E]) put(stream string, past Past[S, E]) {
	if c == nil || past.Revision < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.use(stream)
	switch {
	case past.size > c.limit/2:
		c.remove(stream) // one stream must not drive out all others
		return
	case k != nil && k.past.same(past):
		k.confirmed = c.now()
		return
	case k != nil && k.past.Revision > past.Revision:
		return
	case k != nil && past.agrees(k.past, len(k.past.Metas)):
		for n := len(k.past.Metas); n < len(past.Metas); n++ {
			k.note(n, past.Metas[n].Command)
		}
		c.held += past.size - k.past.size
		k.past, k.confirmed = past, c.now()
	default:
		c.remove(stream)
		k = &kept[S, E]{stream: stream, past: past, confirmed: c.now(), commands: make(map[uuid.UUID]span, len(past.Metas))}
		for n, m := range past.Metas {
			k.note(n, m.Command)
		}
		c.pasts[stream] = c.recent.PushFront(k)
		c.held += past.size
	}
	c.evict()
}

// grow adds to a past what has just been appended to it.
func (c *Cache[S, E]) grow(stream string, past Past[S, E], added Past[S, E]) {
	if c == nil {
		return
	}
	c.mu.Lock()
	k := c.use(stream)
	if k != nil && k.past.same(past) {
		defer c.mu.Unlock()
		for n, m := range added.Metas {
			k.note(len(k.past.Metas)+n, m.Command)
		}
		// Others hold shorter slices of the same memory and never look beyond them.
		k.past.Events = append(k.past.Events, added.Events...)
		k.past.Metas = append(k.past.Metas, added.Metas...)
		k.past.ids = append(k.past.ids, added.ids...)
		k.past.State, k.past.Revision, k.past.hash = added.State, added.Revision, added.hash
		k.past.size += added.size
		k.confirmed = c.now()
		c.held += added.size
		if k.past.size > c.limit/2 {
			c.remove(stream)
		}
		c.evict()
		return
	}
	c.mu.Unlock()
	if k == nil {
		added.Events = append(slices.Clip(past.Events), added.Events...)
		added.Metas = append(slices.Clip(past.Metas), added.Metas...)
		added.ids = append(slices.Clip(past.ids), added.ids...)
		added.size += past.size
		c.put(stream, added)
	}
}

// drop forgets a past that the log has shown to be another's.
func (c *Cache[S, E]) drop(stream string, past Past[S, E]) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.use(stream); k != nil && k.past.Revision <= past.Revision {
		c.remove(stream)
	}
}

// use finds a stream and makes it the last used. The lock is held.
func (c *Cache[S, E]) use(stream string) *kept[S, E] {
	at, ok := c.pasts[stream]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(at)
	k, _ := at.Value.(*kept[S, E]) // nothing else is put in
	return k
}

// remove forgets a stream. The lock is held.
func (c *Cache[S, E]) remove(stream string) {
	at, ok := c.pasts[stream]
	if !ok {
		return
	}
	k, _ := at.Value.(*kept[S, E]) // nothing else is put in
	c.held -= k.past.size
	c.recent.Remove(at)
	delete(c.pasts, stream)
}

// evict makes room. The lock is held.
func (c *Cache[S, E]) evict() {
	for c.held > c.limit {
		oldest, _ := c.recent.Back().Value.(*kept[S, E]) // not empty while something is held
		c.remove(oldest.stream)
	}
}

func (k *kept[S, E]) note(n int, command uuid.UUID) {
	at, known := k.commands[command]
	if !known {
		at.first = n
	}
	at.last = n
	k.commands[command] = at
}

// shared is the past for someone outside, who may append to its slices.
func (p Past[S, E]) shared() Past[S, E] {
	p.Events, p.Metas, p.ids = slices.Clip(p.Events), slices.Clip(p.Metas), slices.Clip(p.ids)
	return p
}

// last is the id of the last event.
func (p Past[S, E]) last() uuid.UUID {
	if len(p.ids) == 0 {
		return uuid.Nil
	}
	return p.ids[len(p.ids)-1]
}

// same tells whether two pasts end with the same event.
func (p Past[S, E]) same(o Past[S, E]) bool {
	return p.Revision == o.Revision && p.last() == o.last() && p.hash == o.hash
}

// agrees tells whether two pasts have the same first n events. Each event is
// sealed with what was before it, so that the last of them tells.
func (p Past[S, E]) agrees(o Past[S, E], n int) bool {
	a, b := p.Metas[n-1], o.Metas[n-1]
	return a.Hash != "" && a.Hash == b.Hash && a.Command == b.Command
}
