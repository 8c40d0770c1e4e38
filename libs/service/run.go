package service

import (
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
)

// grace is how long a stopping service lets requests finish.
const grace = 20 * time.Second

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
		return fmt.Errorf("listen: %w", err)
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var running sync.WaitGroup
	background := func(name string, run func(context.Context) error) {
		running.Go(func() {
			if err := run(work); err != nil && !errors.Is(err, context.Canceled) {
				cancel(fmt.Errorf("%s: %w", name, err))
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
		Handler: Handler(city, parts...), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return work },
		ErrorLog:    slog.NewLogLogger(city.Logger.Handler(), slog.LevelWarn),
	}
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
	return stopAll(ctx, server, stopWork, &running, parts)
}

func stopAll(ctx context.Context, server *http.Server, stopWork func(), running *sync.WaitGroup, parts []Part) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		cause = nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	// Long polls would wait out the grace period: tell them by ending the
	// background work, which they watch, as soon as no new request comes in.
	server.RegisterOnShutdown(stopWork)
	errs := []error{cause, server.Shutdown(ctx)}
	stopWork()
	running.Wait()
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
