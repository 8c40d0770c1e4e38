package eventnode

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

const (
	longestPause = 10 * time.Second // between two messages of a large append
	wholeRest    = 30 * time.Second // for all that a large append still sends
)

// hurried receives the rest of a large append. A client that stalls would keep one
// of the few places for large appends for itself, so it is not waited for long.
type hurried struct {
	call    grpc.ServerStream
	wanted  chan struct{}
	got     chan error
	message appendMessage // belongs to run between wanted and got
	pause   *time.Timer
	rest    *time.Timer
}

func newHurried(call grpc.ServerStream) *hurried {
	h := &hurried{
		call: call, wanted: make(chan struct{}, 1), got: make(chan error, 1),
		pause: time.NewTimer(longestPause), rest: time.NewTimer(wholeRest),
	}
	go h.run()
	return h
}

// run receives aside, because receiving ends by itself only with the call.
func (h *hurried) run() {
	for range h.wanted {
		h.got <- h.call.RecvMsg(&h.message)
	}
}

// next receives a message. After an error there is no next one.
func (h *hurried) next(m *appendMessage) error {
	h.pause.Reset(longestPause)
	h.wanted <- struct{}{}
	select {
	case err := <-h.got:
		*m = h.message
		return err
	case <-h.pause.C:
	case <-h.rest.C:
	}
	return &fault{code: codes.Aborted, text: "the rest of the append did not come in time; nothing of it is written"}
}

func (h *hurried) end() {
	close(h.wanted)
	h.pause.Stop()
	h.rest.Stop()
}
