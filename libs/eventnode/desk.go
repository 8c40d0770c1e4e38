package eventnode

import "sync"

// desk is where work is done that is not a gRPC call and needs the engine: the
// node does not close its store before all have left.
type desk struct {
	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup
}

// enter is false once the node closes.
func (d *desk) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.busy.Add(1)
	return true
}

func (d *desk) leave() { d.busy.Done() }

// close lets nobody enter any more and waits for those inside.
func (d *desk) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.busy.Wait()
}
