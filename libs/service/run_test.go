package service_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// served is a running service that the test stops itself.
type served struct {
	t     *testing.T
	url   string
	token string
	stop  func()
	ended chan error
}

func serve(t *testing.T, n *notes) served {
	t.Helper()
	c := citytest.Open(t)
	part, err := n.New(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	token, err := c.Issuer.Issue(li(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := served{t: t, token: token, stop: stop, ended: make(chan error, 1)}
	listening := make(chan string, 1)
	go func() {
		s.ended <- service.Serve(ctx, "127.0.0.1:0", c.City, func(a net.Addr) { listening <- a.String() }, part)
	}()
	s.url = "http://" + receive(t, listening)
	t.Cleanup(stop)
	return s
}

// ask sends a request in the background and tells the status of its answer, 0
// for none.
func (s served) ask(method, path string) <-chan int {
	status := make(chan int, 1)
	go func() {
		request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
		if err != nil {
			status <- 0
			return
		}
		request.Header.Set("Authorization", "Bearer "+s.token)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Do(request)
		if err != nil {
			status <- 0
			return
		}
		_ = response.Body.Close() // not read
		status <- response.StatusCode
	}()
	return status
}

func TestAServiceStopsInOrder(t *testing.T) {
	n := newNotes()
	s := serve(t, n)
	poll, slow := s.ask(http.MethodGet, "/v1/notes/poll?wait=60"), s.ask(http.MethodPost, "/v1/notes/slow")
	receive(t, n.entered)
	receive(t, n.entered)
	started := time.Now()
	s.stop()
	if status := receive(t, poll); status != http.StatusOK || time.Since(started) > 30*time.Second { // half of what it asked for
		t.Errorf("the long poll ended with %d after %v", status, time.Since(started))
	}
	select {
	case <-n.working:
		t.Error("the background work ended before the last request")
	default:
	}
	if n.closed.Load() {
		t.Error("files were closed before the last request had ended")
	}
	close(n.release)
	if status := receive(t, slow); status != http.StatusOK {
		t.Errorf("a request that had begun ended with %d", status)
	}
	if err := receive(t, s.ended); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	receive(t, n.working)
	if !n.closed.Load() {
		t.Error("the files are still open")
	}
	if status := receive(t, s.ask(http.MethodGet, "/healthz")); status != 0 {
		t.Errorf("a stopped service answers %d", status)
	}
}

func TestAServiceStopsWhenItsWorkBreaksDown(t *testing.T) {
	errBroken := errors.New("broken")
	for _, row := range []struct {
		rule string
		why  error
	}{
		{"with the reason", errBroken},
		{"also when the work ends without one", nil},
		{"or says it was told to", context.Canceled},
	} {
		t.Run(row.rule, func(t *testing.T) {
			n := newNotes()
			s := serve(t, n)
			n.broken <- row.why
			err := receive(t, s.ended)
			if errors.Is(row.why, errBroken) && !errors.Is(err, errBroken) || row.why == nil && err == nil {
				t.Errorf("it stopped with %v", err)
			}
			if !n.closed.Load() {
				t.Error("the files are still open")
			}
		})
	}
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	n := newNotes()
	c := citytest.Open(t)
	part, err := n.New(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	taken, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }() // the test is over
	if err := service.Serve(t.Context(), taken.Addr().String(), c.City, nil, part); err == nil || !n.closed.Load() {
		t.Errorf("got %v, closed %t", err, n.closed.Load())
	}
}

func TestLoopsThatRunTogetherEndTogether(t *testing.T) {
	errBroken := errors.New("broken")
	forever := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	err := service.Together(t.Context(), forever, func(context.Context) error { return errBroken }, forever)
	if !errors.Is(err, errBroken) {
		t.Errorf("they ended with %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := service.Together(ctx, forever, forever); !errors.Is(err, context.Canceled) {
		t.Errorf("told to end they ended with %v", err)
	}
}
