package eventnode

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// scavengeSoon is the least time between the start of a node and its first
	// scavenge: a node that has just started has better things to do.
	scavengeSoon = time.Minute
	// scavengeAgain is the time after one that has failed.
	scavengeAgain = time.Hour
)

// scavengeEvery scavenges in the background, from time to time, until the node
// closes.
func (n *Node) scavengeEvery(every time.Duration) {
	if every <= 0 {
		return
	}
	n.serving.Go(func() {
		timer := time.NewTimer(n.untilScavenge(every))
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-n.stopping:
				return
			case <-n.store.failure.done:
				return
			}
			if err := n.scavengeAndSay(); err == nil || errors.Is(err, ErrScavenging) {
				timer.Reset(n.untilScavenge(every))
			} else {
				timer.Reset(min(every, scavengeAgain))
			}
		}
	})
}

// untilScavenge is the time until the next scavenge is due. The time of the last
// one is kept in the store, so that a node that is restarted every day scavenges
// all the same.
func (n *Node) untilScavenge(every time.Duration) time.Duration {
	soon := min(every, scavengeSoon)
	c, err := loadCleaning(n.store.engine())
	if err != nil || c.finished == 0 {
		return soon
	}
	since := n.now().Sub(time.Unix(0, c.finished*100))
	return min(max(every-since, soon), every)
}

// scavengeAndSay scavenges and logs what came of it: counts, never names.
func (n *Node) scavengeAndSay() error {
	report, err := n.Scavenge(context.Background())
	attrs := []slog.Attr{
		slog.Uint64("events", report.Events), slog.Uint64("bytes", report.Bytes),
		slog.Uint64("streams", report.Touched), slog.Uint64("skipped", report.Skipped),
		slog.Uint64("cleaned_bytes", report.Cleaned), slog.Duration("took", report.Duration.Duration),
	}
	switch {
	case errors.Is(err, ErrClosed), errors.Is(err, ErrScavenging), errors.Is(err, ErrStorage):
	case err != nil:
		n.log.LogAttrs(context.Background(), slog.LevelError, "event node scavenge failed", append(attrs, slog.Any("error", err))...)
	default:
		n.log.LogAttrs(context.Background(), slog.LevelInfo, "event node scavenged", attrs...)
	}
	return err
}

// endScavenge waits until no scavenge is under way and lets none begin any more.
// The node must be stopping.
func (n *Node) endScavenge() {
	select {
	case n.scavenging <- struct{}{}:
	case <-n.store.failure.done:
	}
}
