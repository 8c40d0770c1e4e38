package group

// Lingering is how many messages that are done are still in memory.
func (g *Group[E]) Lingering() int { return len(g.live.order) - g.live.alive }
