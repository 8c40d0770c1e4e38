package bus

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// saveIdle is how often a checkpoint is saved that has only passed over other
// streams. Checkpoints kept in the log pass each other by: without a limit,
// each save would be a reason for the next.
const saveIdle = time.Minute

// keeper saves the checkpoint of one subscription, always from one goroutine
// and never backwards.
type keeper struct {
	store  CheckpointStore
	name   string
	logger *slog.Logger
	commit *commit
	kick   chan struct{} // asks for a save now

	caughtUp atomic.Bool // since the last save

	events  int  // processed since the last save
	failing bool // the last save

	mu      sync.Mutex // for those who look on
	saved   eventlog.Position
	savedAt time.Time
}

// noted remembers what has been saved, or loaded.
func (k *keeper) noted(position eventlog.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved, k.savedAt = position, time.Now()
}

// lastSaved is where the checkpoint is and since when.
func (k *keeper) lastSaved() (eventlog.Position, time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.saved, k.savedAt
}

// age is for how long there has been something to do or to save since the
// checkpoint was saved last; zero if there is nothing.
func (k *keeper) age() time.Duration {
	saved, at := k.lastSaved()
	if position, open := k.commit.progress(); position <= saved && !open {
		return 0
	}
	return time.Since(at)
}

// hurry asks for a save now.
func (k *keeper) hurry() {
	select {
	case k.kick <- struct{}{}:
	default: // has been asked for already
	}
}

// run saves from time to time until the context ends.
func (k *keeper) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-k.kick:
		}
		_, savedAt := k.lastSaved()
		idle := k.caughtUp.Load() || time.Since(savedAt) >= saveIdle
		k.save(ctx, idle)
	}
}

// last saves once more after the subscription has ended.
func (k *keeper) last(ctx context.Context) {
	k.save(context.WithoutCancel(ctx), true)
}

// save saves what has been processed; idle also what has been passed over.
func (k *keeper) save(ctx context.Context, idle bool) {
	position, events := k.commit.mark()
	k.events += events
	if saved, _ := k.lastSaved(); position <= saved || k.events == 0 && !idle {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, saveWithin)
	defer cancel()
	if err := k.store.Save(bounded, k.name, position); err != nil {
		if !k.failing && ctx.Err() == nil {
			k.logger.LogAttrs(ctx, slog.LevelWarn, "checkpoint not saved, trying again",
				slog.String("checkpoint", k.name), slog.Any("error", err))
		}
		k.failing = true
		return
	}
	k.noted(position)
	k.events, k.failing = 0, false
	k.caughtUp.Store(false)
}
