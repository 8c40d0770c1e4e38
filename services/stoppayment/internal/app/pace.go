package app

import (
	"context"
	"runtime"
	"sync"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// A flood of chases must not keep the next report waiting. What the chases under
// way lead to, and what banks answer, is therefore carried out a few at a time:
// enough to keep the cores and the log busy, which takes in together what comes
// together, and few enough for a report to find a core free at each of its many
// steps (docs/benchmarks.md).
const (
	carriedPerCore = 1
	answersPerCore = 1
	sealedPerCore  = 2
	firstPerCore   = 16 // first orders of reports, which wait for nobody
)

// perCore is how many that makes on this machine.
func perCore(n int) int { return n * runtime.GOMAXPROCS(0) }

func newGate(each int) Gate { return make(Gate, perCore(each)) }

// met tells that a command is most likely the first for its account: the chase
// meets hundreds of accounts for the first time, and few again.
func met(cmd domain.AccountCommand) bool {
	_, ok := cmd.(domain.RequestStop)
	return ok
}

// Gate lets so many in at a time as it has room for, in the order in which they
// come.
type Gate chan struct{}

// Enter waits for room and returns what makes it again.
func (g Gate) Enter(ctx context.Context) (leave func(), err error) {
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// standings reads the standing approvals of units. Each order needs those that
// are in force at its moment: a hundred orders at once share the next read, which
// begins after all of them have asked.
type standings struct {
	from es.Case[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]

	mu      sync.Mutex
	running map[string]*readOnce
	next    map[string]*readOnce
}

// readOnce is one read of the log for all who asked before it began.
type readOnce struct {
	done  chan struct{}
	state domain.Approvals
	err   error
}

func newStandings(from es.Case[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]) *standings {
	return &standings{from: from, running: map[string]*readOnce{}, next: map[string]*readOnce{}}
}

func (s *standings) load(ctx context.Context, unit string) (domain.Approvals, error) {
	s.mu.Lock()
	r, joined := s.next[unit]
	if !joined {
		r = &readOnce{done: make(chan struct{})}
		s.next[unit] = r
		go s.read(context.WithoutCancel(ctx), unit, r, s.running[unit])
	}
	s.mu.Unlock()
	select {
	case <-r.done:
		return r.state, r.err
	case <-ctx.Done():
		return domain.Approvals{}, ctx.Err()
	}
}

// read reads when the read before it is done, and meanwhile others can join.
func (s *standings) read(ctx context.Context, unit string, r, before *readOnce) {
	if before != nil {
		<-before.done
	}
	s.mu.Lock()
	delete(s.next, unit)
	s.running[unit] = r
	s.mu.Unlock()
	past, err := s.from.Load(ctx, unit)
	r.state, r.err = past.State, err
	s.mu.Lock()
	if s.running[unit] == r {
		delete(s.running, unit)
	}
	s.mu.Unlock()
	close(r.done)
}
