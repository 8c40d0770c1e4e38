package privacy

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// KeyStream names the stream that holds a subject's wrapped key. Deleting the
// stream destroys the key.
func KeyStream(subject string) string { return "key-" + subject }

// keyCreated is the one event of a key stream. It is stored as
// "subject-key-created.v1", for ever. The key's version is the event's place in
// its stream plus one: the log counts on after a deletion, so that a new key
// never has the version of a destroyed one.
type keyCreated struct {
	Suite   string `json:"suite"`
	Wrapped []byte `json:"wrapped"`
	Nonce   []byte `json:"nonce"`
}

const keyCreatedType = "subject-key-created.v1"

// key returns a subject's key from memory or from the log, and makes it if asked.
// Of many callers that want the same key at once, one goes to the log.
func (k *Keyring) key(ctx context.Context, subject string, create bool) (dataKey, error) {
	if !subjectForm.MatchString(subject) {
		return dataKey{}, ErrSubject
	}
	for {
		k.mu.Lock()
		if found, ok := k.cache.get(subject); ok {
			k.mu.Unlock()
			return found, nil
		}
		id := flightKey{subject, create}
		f, flying := k.flights[id]
		if !flying {
			f = &flight{landed: make(chan struct{})}
			k.flights[id] = f
		}
		k.mu.Unlock()

		if !flying {
			k.fly(ctx, id, f)
			return f.key, f.err
		}
		select {
		case <-ctx.Done():
			return dataKey{}, ctx.Err()
		case <-f.landed:
		}
		// The one who went may have been called back; that is no answer for others.
		if !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return f.key, f.err
		}
	}
}

// flightKey tells flights apart. One that only looks must not answer for one
// that would make the key.
type flightKey struct {
	subject string
	create  bool
}

// flight is one trip to the log that others wait for. Its result is written
// before it has landed.
type flight struct {
	landed chan struct{}
	key    dataKey
	err    error
}

func (k *Keyring) fly(ctx context.Context, id flightKey, f *flight) {
	f.err = errors.New("the key was not fetched") // what others see should the log panic
	defer func() {
		k.mu.Lock()
		if f.err == nil {
			k.cache.put(id.subject, f.key)
		}
		delete(k.flights, id)
		k.mu.Unlock()
		close(f.landed)
	}()
	if id.create {
		f.key, f.err = k.fetchOrCreate(ctx, id.subject)
		return
	}
	f.key, f.err = k.fetch(ctx, id.subject)
}

func (k *Keyring) fetch(ctx context.Context, subject string) (dataKey, error) {
	last, err := k.log.Last(ctx, KeyStream(subject))
	switch {
	case errors.Is(err, eventlog.ErrNotFound), errors.Is(err, eventlog.ErrDeleted):
		return dataKey{}, fmt.Errorf("%w: %w", ErrShredded, err)
	case err != nil:
		return dataKey{}, fmt.Errorf("fetch a subject's key: %w", err)
	}
	return k.unwrap(subject, last)
}

func (k *Keyring) fetchOrCreate(ctx context.Context, subject string) (dataKey, error) {
	key, err := k.fetch(ctx, subject)
	if !errors.Is(err, eventlog.ErrNotFound) {
		return key, err
	}
	plain := make([]byte, k.suite.KeySize())
	_, _ = rand.Read(plain) // never fails: it ends the program instead
	event, err := k.wrap(subject, plain)
	if err != nil {
		return dataKey{}, err
	}
	done, err := k.log.Append(ctx, KeyStream(subject), eventlog.NoStream, event)
	switch {
	case errors.Is(err, eventlog.ErrConflict): // somebody was faster, and it is their key that counts
		return k.fetch(ctx, subject)
	case errors.Is(err, eventlog.ErrDeleted):
		return dataKey{}, fmt.Errorf("%w: %w", ErrShredded, err)
	case err != nil:
		return dataKey{}, fmt.Errorf("store a subject's key: %w", err)
	}
	return newDataKey(k.suite, plain, done.Revision)
}

// wrap makes the event that stores a key. Its id must be random: an id derived
// from the subject would let the log take a second key for a repetition of
// the first, and tell both writers that theirs is stored.
func (k *Keyring) wrap(subject string, plain []byte) (eventlog.Event, error) {
	kek := k.wraps[k.suite.Name()]
	nonce := make([]byte, kek.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the program instead
	data, err := json.Marshal(keyCreated{
		Suite: k.suite.Name(), Nonce: nonce,
		Wrapped: kek.Seal(nil, nonce, plain, lengthed("key", subject, k.suite.Name())),
	})
	if err != nil {
		return eventlog.Event{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return eventlog.Event{}, err
	}
	return eventlog.Event{ID: id, Type: keyCreatedType, Data: data, Meta: []byte(`{"schema":1}`)}, nil
}

func (k *Keyring) unwrap(subject string, stored eventlog.Recorded) (dataKey, error) {
	var created keyCreated
	if stored.Type != keyCreatedType || json.Unmarshal(stored.Data, &created) != nil {
		return dataKey{}, ErrKeyUnusable
	}
	suite, err := suiteByName(created.Suite)
	if err != nil {
		return dataKey{}, err
	}
	kek := k.wraps[suite.Name()]
	if len(created.Nonce) != kek.NonceSize() {
		return dataKey{}, ErrKeyUnusable
	}
	plain, err := kek.Open(nil, created.Nonce, created.Wrapped, lengthed("key", subject, suite.Name()))
	if err != nil {
		return dataKey{}, ErrKeyUnusable
	}
	return newDataKey(suite, plain, stored.Revision)
}

func newDataKey(suite Suite, plain []byte, revision uint64) (dataKey, error) {
	aead, err := suite.AEAD(plain)
	if err != nil {
		return dataKey{}, ErrKeyUnusable
	}
	return dataKey{version: int(revision) + 1, suite: suite.Name(), aead: aead}, nil //nolint:gosec // keys are few
}
