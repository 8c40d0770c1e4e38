package eventnode

// paceBytes is how much the heap of a node pretends to hold at least.
const paceBytes = 16 << 20

// newPace returns a block that nobody ever touches, so that it takes address space
// and no memory. The collector runs when the heap has doubled. What a node keeps
// in it is so small, a few megabytes beside the engine's own memory, that it would
// run some thirty times a second under load and take an eighth of the time of
// every append; with the block it runs a few times.
func newPace() []byte { return make([]byte, paceBytes) }
