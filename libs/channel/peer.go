package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Peer (对端) is the other side, as one that can be asked.
type Peer struct {
	Owner    string // whose key signs its replies
	HTTP     *http.Client
	Signer   *Signer
	Verifier *Verifier
}

// ErrUnreachable says that a message may not have arrived: nothing, or nothing
// that can be read, has come back.
var ErrUnreachable = errors.New("the other side of the machine channel does not answer")

// Send signs a message, sends it and takes in the signed reply, whatever its
// status. The errors are [ErrUnreachable] and those of rules.go, about the reply.
func (p Peer) Send(ctx context.Context, method, url string, body []byte) (Message, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	if err := p.Signer.Sign(request, body); err != nil {
		return Message{}, err
	}
	response, err := p.HTTP.Do(request)
	if err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer func() { _ = response.Body.Close() }() // read as far as it counts
	return p.Verifier.Reply(response, request, p.Owner)
}

type messageKey struct{}

// From is the message that a request has brought, in a handler behind a [Door].
func From(ctx context.Context) (Message, bool) {
	m, ok := ctx.Value(messageKey{}).(Message)
	return m, ok
}

// Door (机器通道入口) lets nobody in whose request is not proven, and signs what
// goes out. Refuse answers the others, unsigned: who they are is not known.
type Door struct {
	Verifier *Verifier
	Signer   *Signer
	Refuse   func(http.ResponseWriter, *http.Request, error)
}

// Open puts the door before a handler. The handler's answer is held back until
// it is whole, for its signature.
func (d Door) Open(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := d.Verifier.Request(r)
		if err != nil {
			d.Refuse(w, r, err)
			return
		}
		out := &held{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), messageKey{}, m)))
		_ = d.Signer.Reply(w, r, out.status, out.body.Bytes()) // a caller that has gone cannot be told
	})
}

// held keeps an answer until it can be signed.
type held struct {
	http.ResponseWriter
	status int
	begun  bool
	body   bytes.Buffer
}

// WriteHeader keeps the first status.
func (h *held) WriteHeader(status int) {
	if !h.begun {
		h.status, h.begun = status, true
	}
}

// Write keeps what is written.
func (h *held) Write(data []byte) (int, error) {
	h.begun = true
	return h.body.Write(data)
}

// Unwrap lets a handler set deadlines.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }
