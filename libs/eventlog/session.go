package eventlog

import (
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	// acknowledge is the answer that is not one of the client's refusals.
	acknowledge esdb.NackAction = -1
	// batch is how many answers are sent in one message, at most.
	batch = 512
	// closeWithin bounds how long closing waits for answers to be sent.
	closeWithin = time.Second
	// lingerFor is how long a connection is kept after the last answer: the
	// client can only break it off, and what the node has not read by then is
	// lost, and done twice.
	lingerFor = 50 * time.Millisecond
)

// session is one connection of a consumer. All answers are sent by one
// goroutine, since the client must not send two at a time.
type session struct {
	answers chan answer
	over    chan struct{} // closed when no answer is taken any more
	once    sync.Once
	written chan struct{} // closed when nothing more will be sent
	sent    time.Time     // the last answer; to be read after written
}

// answer is what becomes of an event.
type answer struct {
	resolved *esdb.ResolvedEvent
	action   esdb.NackAction
	reason   string
}

func newSession(window int) *session {
	return &session{
		answers: make(chan answer, min(window, batch)),
		over:    make(chan struct{}),
		written: make(chan struct{}),
	}
}

func (s *session) end() { s.once.Do(func() { close(s.over) }) }

// answer hands an answer over to be sent.
func (s *session) answer(a answer) bool {
	select {
	case <-s.over:
		return false
	default:
	}
	select {
	case s.answers <- a:
		return true
	case <-s.over:
		return false
	}
}

// write sends answers until the session is over and all given before are sent.
func (s *session) write(sub *esdb.PersistentSubscription) {
	defer close(s.written)
	for {
		select {
		case a := <-s.answers:
			if s.send(sub, s.gather(a)) != nil {
				s.end() // the end of the subscription says why
				return
			}
			continue
		case <-s.over:
		}
		for {
			select {
			case a := <-s.answers:
				if s.send(sub, s.gather(a)) != nil {
					return
				}
				continue
			default:
			}
			return
		}
	}
}

// gather takes what else is waiting to be sent.
func (s *session) gather(first answer) []answer {
	all := []answer{first}
	for len(all) < batch {
		select {
		case a := <-s.answers:
			all = append(all, a)
			continue
		default:
		}
		break
	}
	return all
}

// send sends answers of the same kind together, the kinds in the order given.
func (s *session) send(sub *esdb.PersistentSubscription, all []answer) error {
	for len(all) > 0 {
		kind := all[0]
		var same []*esdb.ResolvedEvent
		rest := all[:0]
		for _, a := range all {
			if a.action == kind.action && a.reason == kind.reason {
				same = append(same, a.resolved)
			} else {
				rest = append(rest, a)
			}
		}
		all = rest
		err := error(nil)
		if kind.action == acknowledge {
			err = sub.Ack(same...)
		} else {
			err = sub.Nack(kind.reason, kind.action, same...)
		}
		if err != nil {
			return err
		}
		s.sent = time.Now()
	}
	return nil
}

// linger waits until the node has had time to read the last answer.
func (s *session) linger() {
	if left := lingerFor - time.Since(s.sent); !s.sent.IsZero() && left > 0 {
		time.Sleep(left)
	}
}
