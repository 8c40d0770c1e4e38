package view

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// news knows up to which event each bank's list can have got longer, so that of
// the banks that wait only those look which have something to see. It may say
// that there is something when there is nothing, never the other way round.
type news struct {
	mu     sync.Mutex
	byBank map[identity.BankCode]eventlog.Position
	all    eventlog.Position // any bank's
	stream string            // of the order that was asked for last,
	bank   identity.BankCode // and its bank
}

func newNews() *news { return &news{byBank: map[identity.BankCode]eventlog.Position{}} }

// ofAccounts takes the events of accounts before their rows are committed.
func (n *news) ofAccounts(fold func(context.Context, *sql.Tx, eventlog.Recorded, event.AccountEvent) error) func(context.Context, *sql.Tx, eventlog.Recorded, event.AccountEvent) error {
	return func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.AccountEvent) error {
		n.note(r, e)
		return fold(ctx, tx, r, e)
	}
}

// ofOthers takes what is not of an account for news of every bank.
func (n *news) ofOthers(apply func(context.Context, *sql.Tx, eventlog.Recorded) error) func(context.Context, *sql.Tx, eventlog.Recorded) error {
	return func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
		if !strings.HasPrefix(r.Stream, "account-") {
			n.mu.Lock()
			n.all = max(n.all, r.Position)
			n.mu.Unlock()
		}
		return apply(ctx, tx, r)
	}
}

func (n *news) note(r eventlog.Recorded, e event.AccountEvent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch r.Type {
	case "stop-executed.v1", "stop-failed.v1", "stop-lapsed.v1", "stop-rejected.v1", "order-sent.v1", "inflow-traced.v1", "statement-received.v1",
		"funds-attributed.v1", "outflows-attributed.v1", "bank-discrepancy-found.v1", "stop-expiry-warned.v1", "prior-restraint-found.v1":
		return // no list gets longer by it
	}
	if asked, ok := e.(event.StopRequested); ok {
		n.stream, n.bank = r.Stream, asked.Account.Bank
	} else if _, ok := e.(event.StopApproved); !ok || r.Stream != n.stream { // not the order asked for in the same breath
		n.all = max(n.all, r.Position)
		return
	}
	n.byBank[n.bank] = max(n.byBank[n.bank], r.Position)
}

// since tells whether a bank's list can have got longer after a position.
func (n *news) since(at eventlog.Position, bank identity.BankCode) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return max(n.all, n.byBank[bank]) > at
}

// Waiting lists the open orders of a bank for one who asks again with every
// change of the list: only when there can be more than the last time does it look.
func (o Orders) Waiting(code identity.BankCode, limit int) func(context.Context) ([]Row, error) {
	var asked eventlog.Position
	first := true
	return func(ctx context.Context) ([]Row, error) {
		at, _ := o.Position() // before looking; what is folded in but not committed lies behind it
		if !first && at >= asked && !o.news.since(asked, code) {
			return nil, nil
		}
		first, asked = false, at
		return o.ForBank(ctx, code, limit)
	}
}
