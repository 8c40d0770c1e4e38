package privacy

import "container/list"

// cache keeps the keys used last, up to a number. Its user locks it.
type cache struct {
	max      int
	order    *list.List // of entries, used last in front
	elements map[string]*list.Element
}

type entry struct {
	subject string
	key     dataKey
}

func newCache(size int) *cache {
	return &cache{max: size, order: list.New(), elements: make(map[string]*list.Element)}
}

func (c *cache) get(subject string) (dataKey, bool) {
	e, ok := c.elements[subject]
	if !ok {
		return dataKey{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry).key, true //nolint:forcetypeassert // only put fills the list
}

func (c *cache) put(subject string, key dataKey) {
	c.remove(subject)
	c.elements[subject] = c.order.PushFront(entry{subject, key})
	if c.order.Len() > c.max {
		c.remove(c.order.Back().Value.(entry).subject) //nolint:forcetypeassert // only put fills the list
	}
}

func (c *cache) remove(subject string) {
	if e, ok := c.elements[subject]; ok {
		c.order.Remove(e)
		delete(c.elements, subject)
	}
}
