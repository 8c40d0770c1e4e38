package command

import (
	"context"
	"io"
	"log/slog"

	"github.com/yuanlu/yuanlu/libs/service"
)

// Names are the Chinese names of all stored events.
func Names() map[string]string { return names() }

// Store is an event store that can end by itself.
type Store = store

// RunOver runs a city for as long as its own event store does.
func RunOver(ctx context.Context, own Store, config service.Config, logger *slog.Logger, stderr io.Writer) error {
	return runOver(ctx, own, config, logger, stderr)
}
