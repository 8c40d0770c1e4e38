package bus

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"
)

// maxReason bounds the reason kept with a parked message, in bytes.
const maxReason = 500

// permanent is an error that another attempt will not help.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error as one that another attempt will not help: a
// PersistentSubscriber parks the message at once. Nil stays nil. A Subscriber
// has no place to park in and goes on trying; give its router a poison queue.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent tells whether an error is marked by Permanent.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}

type refusalKey struct{}

// refusal takes the reason of a Nack to the subscription.
type refusal struct{ err atomic.Pointer[error] }

func withRefusal(ctx context.Context) (context.Context, *refusal) {
	r := &refusal{}
	return context.WithValue(ctx, refusalKey{}, r), r
}

func (r *refusal) reason() error {
	if err := r.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Refuse is a Nack with a reason, which is kept with the message should it be
// parked. It must not hold data of the event: whoever looks after the node can
// read it. Like Nack, it is false if the message has been acknowledged.
func Refuse(m *message.Message, err error) bool {
	because(m, err)
	return m.Nack()
}

func because(m *message.Message, err error) {
	if r, ok := m.Context().Value(refusalKey{}).(*refusal); ok && err != nil {
		r.err.Store(&err)
	}
}

// Reasons is a router middleware that makes the error of a handler the reason
// of the Nack that follows, so that Permanent is heeded. Put it outside of
// (before) the middlewares that may change the error.
func Reasons(h message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) {
		out, err := h(m)
		because(m, err)
		return out, err
	}
}

// reasonText is what is kept with a parked message.
func reasonText(err error) string {
	if err == nil {
		return "not acknowledged"
	}
	text := strings.ToValidUTF8(err.Error(), "?")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return text
}
