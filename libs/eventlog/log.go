package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// discoverAttempts is how often one client looks for a node before it gives
// itself up, at ten a second: an hour.
const discoverAttempts = 36_000

// Log is the log as one process sees it. It is safe for concurrent use; one
// per process is enough.
type Log struct {
	calls  *link // appends and reads
	feeds  *link // subscriptions, so that they never take a stream away from an append
	logger *slog.Logger
}

// Option changes how a Log is opened.
type Option func(*Log)

// WithLogger sends what the log has to tell its operator to the logger; the
// default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(l *Log) { l.logger = logger }
}

// Open prepares a log behind a connection string such as
// "esdb://127.0.0.1:2113?tls=false" and returns at once; nothing is dialled
// before the first call. The connection string is used as given, only that the
// client does not give up looking for a node within a second unless
// maxDiscoverAttempts says so.
func Open(connection string, options ...Option) (*Log, error) {
	l := &Log{logger: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(l)
	}
	conf, err := esdb.ParseConnectionString(connection)
	if err != nil {
		return nil, errors.New("not a connection string of the log") // the cause could quote a password
	}
	if !strings.Contains(strings.ToLower(connection), "maxdiscoverattempts=") {
		conf.MaxDiscoverAttempts = discoverAttempts
	}
	conf.Logger = clientLogger(l.logger)
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("connect to the log: %w", err)
	}
	l.calls, l.feeds = newLink(conf), newLink(conf)
	return l, nil
}

// clientLogger keeps the chatter of the client for those who debug it: what
// goes wrong reaches the callers as an error.
func clientLogger(logger *slog.Logger) esdb.LoggingFunc {
	return func(level esdb.LogLevel, format string, args ...any) {
		ctx := context.Background()
		if !logger.Enabled(ctx, slog.LevelDebug) {
			return
		}
		logger.LogAttrs(ctx, slog.LevelDebug, "event store client",
			slog.String("client_level", level), slog.String("text", fmt.Sprintf(format, args...)))
	}
}

// Close ends every call and every follower of this log. It does not wait for
// the node and can be called twice.
func (l *Log) Close() error {
	l.calls.close()
	l.feeds.close()
	return nil
}

// End is the position of the last event of the log, of whatever stream; Start
// if there is none.
func (l *Log) End(ctx context.Context) (Position, error) {
	end, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (Position, error) {
		options := esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}
		events, err := client.ReadAll(ctx, options, 1)
		if err != nil {
			return Start, err
		}
		defer events.Close()
		last, err := events.Recv()
		switch {
		case errors.Is(err, io.EOF): // an empty log is a log
			return Start, nil
		case err != nil:
			return Start, err
		}
		return Position(last.OriginalEvent().Position.Commit), nil
	})
	if err != nil {
		return Start, fmt.Errorf("ask for the end of the log: %w", err)
	}
	return end, nil
}

// Ping tells whether the log can be reached, by reading its last event. Like
// every call it waits for the node as long as its context lasts.
func (l *Log) Ping(ctx context.Context) error {
	if _, err := l.End(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}
