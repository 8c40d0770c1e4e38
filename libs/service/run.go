package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/telemetry"
)

// grace is how long a stopping service lets requests finish.
const grace = 20 * time.Second

// errEnded stops a service whose background work has ended by itself: it would
// go on answering from views that stand still.
var errEnded = errors.New("the background work has ended by itself")

// New makes one service of a city; each service's package has one.
type New func(context.Context, City) (Part, error)

// Main runs one service as a process until SIGTERM or Ctrl-C, and is all that
// its main does. It returns the exit code.
func Main(name string, news New) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := main(ctx, name, news); err != nil && ctx.Err() == nil {
		slog.Error("the service stopped", slog.String("service", name), slog.Any("error", err))
		return 1
	}
	return 0
}

func main(ctx context.Context, name string, news New) error {
	config, err := ReadConfig()
	if err != nil {
		return err
	}
	logger, err := config.Logger()
	if err != nil {
		return err
	}
	logger = logger.With(slog.String("service", name))
	quiet, err := telemetry.SetUp(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = quiet(context.WithoutCancel(ctx)) }() // what cannot be sent is lost with the process
	city, err := config.City(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { _ = city.Log.Close() }() // the process ends anyway
	part, err := news(ctx, city)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return Serve(ctx, config.Addr, city, nil, part)
}

// Serve answers on addr and does the parts' background work until ctx ends or
// one of them fails, then stops in order: no new requests, requests finished,
// subscriptions stopped at a checkpoint, files closed. listening, if not nil,
// is told the address once requests are answered.
func Serve(ctx context.Context, addr string, city City, listening func(net.Addr), parts ...Part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), closeAll(parts))
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	requests, dropRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer dropRequests()
	polls, endPolls := context.WithCancel(requests)
	defer endPolls()
	var running sync.WaitGroup
	background := func(name string, run func(context.Context) error) {
		running.Go(func() {
			if err := run(work); work.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, cmp.Or(err, errEnded)))
			}
		})
	}
	if virtual, ok := city.Clock.(*clock.Virtual); ok {
		background("clock", virtual.Run)
	}
	for _, p := range parts {
		background(p.Name, p.Run)
	}
	server := &http.Server{
		Handler: ending(polls, Handler(city, parts...)), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(city.Logger.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(endPolls)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	city.Logger.Info("listening", slog.String("addr", listener.Addr().String()))
	if listening != nil {
		listening(listener.Addr())
	}
	select {
	case <-ctx.Done():
	case err := <-served:
		cancel(err)
	}
	err = stopRequests(ctx, server)
	dropRequests() // those that have not ended by now
	stopWork()
	running.Wait()
	return errors.Join(err, closeAll(parts))
}

// ending ends long polls, which name how long they wait, when the service
// stops: they would wait out the grace period. All other requests are finished.
func ending(polls context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("wait") {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(polls, cancel)()
			r = r.WithContext(ctx) //nolint:contextcheck // made from the request's own, two lines above
		}
		next.ServeHTTP(w, r)
	})
}

func stopRequests(ctx context.Context, server *http.Server) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		cause = nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return errors.Join(cause, server.Shutdown(ctx))
}

func closeAll(parts []Part) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// Together runs several loops of one service and ends them all when one fails.
func Together(ctx context.Context, loops ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, loop := range loops {
		running.Go(func() { cancel(loop(ctx)) })
	}
	running.Wait()
	return context.Cause(ctx)
}
