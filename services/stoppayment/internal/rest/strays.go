package rest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// lag is how far the list of orders may lie behind that of another replica,
// which has just given an order to its bank.
const lag = 500 * time.Millisecond

// find looks an order up for its bank. An order of another bank comes with
// [domain.ErrOtherBank].
func (a API) find(ctx context.Context, id identity.OrderID, code identity.BankCode) (view.Row, error) {
	changed := a.Orders.Changed() // asked before reading, so that no change slips between
	row, err := a.Orders.One(ctx, id)
	if errors.Is(err, domain.ErrNoOrder) && isID(id) {
		row, err = a.await(ctx, id, changed)
	}
	if err == nil && row.Bank != code {
		err = domain.ErrOtherBank
	}
	return row, err
}

// await looks again, until the list has had its time to catch up.
func (a API) await(ctx context.Context, id identity.OrderID, changed <-chan struct{}) (view.Row, error) {
	patience := time.NewTimer(lag)
	defer patience.Stop()
	for {
		select {
		case <-changed:
		case <-patience.C:
			return a.Orders.One(ctx, id)
		case <-ctx.Done():
			return view.Row{}, ctx.Err()
		}
		changed = a.Orders.Changed()
		if row, err := a.Orders.One(ctx, id); !errors.Is(err, domain.ErrNoOrder) {
			return row, err
		}
	}
}

func isID(id identity.OrderID) bool {
	parsed, err := uuid.Parse(string(id))
	return err == nil && parsed.String() == string(id)
}

// strayed keeps that a bank has answered what is not its to answer, and returns
// the refusal. Of what came only a keyed digest is kept: a plain one could be
// tried out, card number by card number. An answer that could not be kept is not
// refused, so that it comes again.
func (a API) strayed(ctx context.Context, code identity.BankCode, order identity.OrderID, body any, channel string, refusal error) error {
	reason := ""
	switch {
	case errors.Is(refusal, domain.ErrNoOrder):
		reason = domain.ErrNoOrder.Rule.Code
	case errors.Is(refusal, domain.ErrOtherBank):
		reason = domain.ErrOtherBank.Rule.Code
	default:
		return refusal
	}
	came, err := json.Marshal(body)
	if err != nil {
		return err
	}
	digest := a.App.City.Keys.Index(privacy.Input, string(order)+"\x1f"+string(came))
	if !isID(order) {
		order = "" // anything could be in its place
	}
	// The same stray again is the same command, and is kept once.
	cause := es.Cause{
		Command: identity.Derive("stray", string(code), string(order), digest), Input: digest,
		Actor: es.Actor{User: channel + "-" + string(code), Unit: string(code), Role: "bank-" + channel}, At: a.App.City.Clock.Now(),
	}
	if err := a.App.Desk(ctx, code, cause, domain.NoteStray{
		Bank: code, Order: string(order), Reason: reason, Digest: digest, Channel: channel, At: cause.At,
	}); err != nil {
		return err
	}
	return refusal
}
