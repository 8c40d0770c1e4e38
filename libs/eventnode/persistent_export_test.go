package eventnode

import "context"

// WriterTold is closed once the node, in closing, waits for its groups no more and
// has told its writer to end.
func (n *Node) WriterTold() <-chan struct{} { return n.writer.stop }

// Late appends an event as the node itself does, at any time.
func (n *Node) Late(ctx context.Context, stream string) error {
	_, err := n.write(ctx, &write{
		action: actionAppend, stream: stream, answer: make(chan answer, 1),
		events: []record{{id: eventID{1}, kind: []byte("noted.v1")}},
	})
	return err
}
