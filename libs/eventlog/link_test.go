package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.uber.org/goleak"
)

// calls are all calls that need the node, each of them failing without it.
func calls(log *eventlog.Log) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"ping": log.Ping,
		"append": func(ctx context.Context) error {
			_, err := log.Append(ctx, "case-1", eventlog.Any, event(1))
			return err
		},
		"read": func(ctx context.Context) error {
			for _, err := range log.Read(ctx, "case-1", 0) {
				return err
			}
			return nil
		},
		"last": func(ctx context.Context) error {
			_, err := log.Last(ctx, "case-1")
			return err
		},
		"read all": func(ctx context.Context) error {
			_, _, err := log.ReadAll(ctx, eventlog.Start, nil, 10)
			return err
		},
		"set max count": func(ctx context.Context) error { return log.SetMaxCount(ctx, "case-1", 3) },
		"delete":        func(ctx context.Context) error { return log.Delete(ctx, "case-1") },
	}
}

// givesUp is how long a call waits that has no deadline. What takes half as long
// has not waited for that, on however slow a machine.
const givesUp = 10 * time.Second

// settings make the client patient, or have it give itself up at once.
var settings = map[string]string{
	"a patient client":              "",
	"a client that gives itself up": "&maxDiscoverAttempts=2&discoveryInterval=10",
}

func TestNoCallOutlivesItsContext(t *testing.T) {
	for name, setting := range settings {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			log := openLog(t, s.connection(setting))
			mustAppend(t, log, "case-1", event(0))
			s.down(t)
			for name, call := range calls(log) {
				const parallel = 8
				done := make(chan error, 2*parallel)
				start := time.Now()
				for range parallel {
					go func() {
						ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
						defer cancel()
						if err := call(ctx); !errors.Is(err, eventlog.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
							done <- fmt.Errorf("error %w, want unavailable and deadline exceeded", err)
						}
						done <- nil
					}()
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(100*time.Millisecond, cancel)
				if err := call(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, eventlog.ErrUnavailable) {
					t.Errorf("%s: error %v, want cancelled", name, err)
				}
				for range parallel {
					if err := <-done; err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				if took := time.Since(start); took > givesUp/2 {
					t.Errorf("%s: took %v", name, took)
				}
			}
		})
	}
}

func TestCallsWaitForTheNode(t *testing.T) {
	for name, setting := range settings {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			log := openLog(t, s.connection(setting))
			mustAppend(t, log, "case-1", event(0))
			s.down(t)
			const parallel = 8
			ctx, cancel := context.WithTimeout(t.Context(), patient)
			defer cancel()
			done := make(chan error, parallel)
			for i := range parallel {
				go func() {
					_, err := log.Append(ctx, fmt.Sprintf("case-w%d", i), eventlog.NoStream, event(1))
					done <- err
				}()
			}
			f := follow(t.Context(), log, eventlog.Start, "case-")
			for range 3 { // the node stays away for a while, and is asked for
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				if err := log.Ping(ctx); err == nil {
					t.Error("a node that is away answered")
				}
				cancel()
			}
			s.up(t)
			for range parallel {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			for range parallel + 1 {
				f.event(t)
			}
		})
	}
}

func TestClose(t *testing.T) {
	s := newServer(t)
	ignored := []goleak.Option{
		goleak.IgnoreCurrent(),
		// A client that gave itself up, in another test, dials on for ever.
		goleak.IgnoreAnyFunction("google.golang.org/grpc.(*addrConn).resetTransportAndUnlock"),
	}
	log := openLog(t, s.connection(""))
	mustAppend(t, log, "case-1", events(100)...)
	f := follow(t.Context(), log, eventlog.Start, "case-")
	f.event(t)
	for _, err := range log.Read(t.Context(), "case-1", 0) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	for range 2 {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-f.end; !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("the follower ended with %v", err)
	}
	for name, call := range calls(log) {
		if err := call(t.Context()); !errors.Is(err, eventlog.ErrUnavailable) {
			t.Errorf("%s on a closed log: %v", name, err)
		}
	}
	s.down(t)
	noneLeft(t, ignored...)
}

// noneLeft waits for the goroutines of a test to end; goleak by itself does so for
// half a second.
func noneLeft(t *testing.T, ignored ...goleak.Option) {
	t.Helper()
	var left error
	for deadline := time.Now().Add(patient); time.Now().Before(deadline); {
		if left = goleak.Find(ignored...); left == nil {
			return
		}
	}
	t.Error(left)
}

func TestCloseDoesNotWaitForTheNode(t *testing.T) {
	s := newServer(t)
	log := openLog(t, s.connection(""))
	s.down(t)
	waiting := map[string]chan error{}
	for name, call := range calls(log) {
		done := make(chan error, 1)
		waiting[name] = done
		go func() { done <- call(t.Context()) }()
	}
	waiting["follow"] = follow(t.Context(), log, eventlog.Start).end
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_ = log.Ping(ctx) // until then all are inside the client
	start := time.Now()
	_ = log.Close()
	for name, done := range waiting {
		select {
		case err := <-done:
			if !errors.Is(err, eventlog.ErrUnavailable) {
				t.Errorf("%s ended with %v", name, err)
			}
		case <-time.After(patient):
			t.Errorf("%s still waits", name)
		}
	}
	if took := time.Since(start); took > givesUp/2 {
		t.Errorf("took %v", took)
	}
}

func TestCallsWithoutDeadlineGiveUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the default deadline")
	}
	s := newServer(t)
	log := openLog(t, s.connection(""))
	s.down(t)
	var waiting sync.WaitGroup
	for name, call := range calls(log) {
		waiting.Go(func() {
			start := time.Now()
			if err := call(context.Background()); !errors.Is(err, eventlog.ErrUnavailable) {
				t.Errorf("%s: error %v, want unavailable", name, err)
			}
			if took := time.Since(start); took < givesUp/2 || took > givesUp*3/2 {
				t.Errorf("%s: took %v", name, took)
			}
		})
	}
	waiting.Wait()
}
