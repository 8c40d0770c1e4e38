package eventnode

import "container/list"

// maxHeads bounds the memory of the cache: some 200 bytes each and the name.
const maxHeads = 1 << 16

// head is what the writer knows of a stream.
type head struct {
	id      uint64 // 0: never written
	last    int64  // -1: no event; tombstoneRevision: burnt
	meta    streamMetadata
	hasMeta bool   // meta has been loaded
	batchNo uint64 // of the writer's batch that it was last written in
}

func (h *head) tombstoned() bool { return h.last == tombstoneRevision }

// heads keeps the heads of the streams written last. Only the writer uses it.
type heads struct {
	byName map[string]*list.Element
	recent *list.List
	limit  int
}

type namedHead struct {
	name string
	head *head
}

func newHeads(limit int) *heads {
	return &heads{byName: make(map[string]*list.Element), recent: list.New(), limit: limit}
}

func (c *heads) get(name string) *head {
	element, ok := c.byName[name]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(namedHead).head
}

func (c *heads) put(name string, h *head) {
	c.byName[name] = c.recent.PushFront(namedHead{name, h})
	if c.recent.Len() > c.limit {
		oldest := c.recent.Remove(c.recent.Back()).(namedHead)
		delete(c.byName, oldest.name)
	}
}
