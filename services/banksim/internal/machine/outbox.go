package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
)

// letter is an answer on its way, and where to say what became of it.
type letter struct {
	answer bank.OrderAnswer
	done   chan error
}

const (
	// inFlight is how many batches of answers are on their way at once.
	inFlight = 2
	// The pause between tries doubles up to a limit.
	shortestPause = 50 * time.Millisecond
	longestPause  = time.Second
	// roomy is how many bytes of answers go into one batch, well below what a
	// message may have; a single answer may be larger.
	roomy = 1 << 20
)

// send puts an answer out and waits for what the city says of it.
func (m *Machine) send(ctx context.Context, a bank.OrderAnswer) error {
	l := letter{a, make(chan error, 1)}
	select {
	case m.outbox <- l:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run sends answers until ctx ends. What is answered while batches are on their
// way gathers for the next.
func (m *Machine) Run(ctx context.Context) {
	var senders sync.WaitGroup
	for range inFlight {
		senders.Go(func() {
			for {
				batch := m.gather(ctx)
				if len(batch) == 0 {
					return
				}
				m.deliver(ctx, batch)
			}
		})
	}
	senders.Wait()
}

// gather waits for an answer and takes what else is there.
func (m *Machine) gather(ctx context.Context) []letter {
	var batch []letter
	select {
	case l := <-m.outbox:
		batch = append(batch, l)
	case <-ctx.Done():
		return nil
	}
	size := 0
	for len(batch) < bank.MaxBatch && size < roomy {
		size += weight(batch[len(batch)-1].answer)
		select {
		case l := <-m.outbox:
			batch = append(batch, l)
		default:
			return batch
		}
	}
	return batch
}

// weight is about how many bytes an answer takes.
func weight(a bank.OrderAnswer) int {
	return 1000 + 400*len(a.Answer.Transactions) + 400*len(a.Answer.Accounts)
}

// deliver sends a batch until each of its answers has been taken or refused.
func (m *Machine) deliver(ctx context.Context, batch []letter) {
	for pause := shortestPause; len(batch) > 0; pause = min(2*pause, longestPause) {
		said, err := m.post(ctx, batch)
		if err == nil {
			batch = settle(batch, said)
		}
		if len(batch) == 0 {
			return
		}
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // jitter
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			for _, l := range batch {
				l.done <- ctx.Err()
			}
			return
		}
	}
}

var errReceipt = errors.New("the city's receipt does not fit the answers")

// post is one attempt, signed anew.
func (m *Machine) post(ctx context.Context, batch []letter) (bank.AnswersReceipt, error) {
	var said bank.AnswersReceipt
	var body bank.Answers
	for _, l := range batch {
		body.Items = append(body.Items, l.answer)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return said, err
	}
	reply, err := m.City.Send(ctx, http.MethodPost, m.Answers, data)
	if err != nil {
		return said, err
	}
	if reply.Status != http.StatusOK {
		return said, fmt.Errorf("%w: status %d", errReceipt, reply.Status)
	}
	if err := json.Unmarshal(reply.Body, &said); err != nil || len(said.Items) != len(batch) {
		return said, errReceipt
	}
	return said, nil
}

// settle tells what became of each answer, and gives those to be sent again.
func settle(batch []letter, said bank.AnswersReceipt) []letter {
	var again []letter
	for i, l := range batch {
		switch r := said.Items[i]; {
		case r.ApplicationID != l.answer.ApplicationID || r.Result == bank.ComeAgain:
			again = append(again, l)
		case r.Result == bank.NotTaken:
			l.done <- &city.Refusal{Status: http.StatusConflict, Code: r.Code, Title: r.Title}
		default:
			l.done <- nil
		}
	}
	return again
}
