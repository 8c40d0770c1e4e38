package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// refusalsAgain is how long after a fault it is tried again.
const refusalsAgain = 5 * time.Second

// parkedOrder is what is kept of a message that was not acted on.
type parkedOrder struct {
	Stream   string `json:"stream"`
	Revision uint64 `json:"revision"`
	Type     string `json:"type"`
	Reason   string `json:"reason"`
}

// Refusals tells the chases of the orders that their accounts refused at a time when
// that was only parked, and waits for the end of ctx.
func (a App) Refusals(ctx context.Context) error {
	for {
		err := a.noteParked(ctx)
		if err == nil {
			break
		}
		if ctx.Err() == nil {
			a.City.Logger.Warn("what was refused earlier is not all noted yet; it is tried again", slog.Any("error", err))
		}
		select {
		case <-time.After(refusalsAgain):
		case <-ctx.Done():
			return nil
		}
	}
	<-ctx.Done()
	return nil
}

// noteParked goes through what the reactor has parked.
func (a App) noteParked(ctx context.Context) error {
	for r, err := range a.City.Log.Read(ctx, "parked-"+event.StopPaymentReactor, 0) {
		switch {
		case errors.Is(err, eventlog.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		var parked parkedOrder
		if err := json.Unmarshal(r.Data, &parked); err != nil || parked.Type != "downstream-account-found.v1" {
			continue // not of an order
		}
		if err := a.noteRefusal(ctx, r, parked); err != nil {
			return fmt.Errorf("parked message %s: %w", r.ID, err)
		}
	}
	return nil
}

// noteRefusal notes an order that was refused. One that its account has was not: it
// was something else that was parked.
func (a App) noteRefusal(ctx context.Context, r eventlog.Recorded, parked parkedOrder) error {
	found, err := a.foundAt(ctx, parked)
	if err != nil || found.Order == "" {
		return err
	}
	has, err := a.has(ctx, found.Account.ID, found.Order)
	if err != nil || has {
		return err
	}
	_, id, _ := strings.Cut(parked.Stream, "-")
	cause := es.Cause{
		Command: identity.Derive("parked-order", string(found.Order)), Actor: service.SystemActor(Name), Causation: r.ID.String(), At: a.City.Clock.Now(),
	}
	return a.refuse(ctx, cause, identity.CaseID(id), domain.NoteRefused{Account: found.Account.ID, Order: found.Order, Cause: parked.Reason, At: cause.At})
}

// foundAt reads the account that a chase has found; none if it cannot be read, which
// is then why it was parked.
func (a App) foundAt(ctx context.Context, parked parkedOrder) (found event.DownstreamAccountFound, err error) {
	for r, err := range a.City.Log.Read(ctx, parked.Stream, parked.Revision) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		if e, err := event.PursuitCodec().Decode(r.Type, r.Data); err == nil {
			found, _ = e.(event.DownstreamAccountFound)
		}
		return found, nil
	}
	return found, nil
}
