package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// claimTries bounds how often a claim is tried anew after another's came first.
const claimTries = 8

// claimAll claims the accounts of a protective stop that is asked for the first
// time, in the order of their ids, so that of two with the same accounts one gets
// all of them. If one account cannot be had, those before it are given back.
func (a App) claimAll(ctx context.Context, id identity.ProtectiveID, cause es.Cause, cmd domain.RequestProtective) error {
	past, err := a.Protectives.Load(ctx, string(id))
	if err != nil || past.Revision >= 0 {
		return err // asked for before: it has them
	}
	if _, err := a.Protectives.Decide(past.State, cmd); err != nil {
		return err // it will not come to anything
	}
	var accounts []identity.AccountID
	for _, own := range cmd.Accounts {
		accounts = append(accounts, own.Account.ID)
	}
	slices.Sort(accounts)
	for n, account := range accounts {
		if err := a.claim(ctx, account, cause, cmd); err != nil {
			a.unclaim(ctx, id, accounts[:n], cause)
			return err
		}
	}
	return nil
}

// claim takes one account at the very revision at which the former protective stop
// was looked at.
func (a App) claim(ctx context.Context, account identity.AccountID, cause es.Cause, cmd domain.RequestProtective) error {
	for try := 1; ; try++ {
		past, err := a.Shields.Load(ctx, string(account))
		if err != nil {
			return err
		}
		former, err := a.former(ctx, past.State.Protective, account, cmd)
		if err != nil {
			return err
		}
		own := cause
		own.Command = identity.Derive("shield", string(cmd.Protective), string(account), strconv.FormatInt(past.Revision, 10))
		_, err = a.Shields.Handle(ctx, string(account), own, es.Expected(past.Revision), domain.ClaimAccount{
			Protective: cmd.Protective, Responsible: cmd.Responsible, CapAt: cmd.CapAt, Most: cmd.Most, Former: former, At: cmd.At,
		})
		if !errors.Is(err, es.ErrStale) || try == claimTries {
			return err
		}
	}
}

// former looks at the protective stop that claimed an account last.
func (a App) former(ctx context.Context, id identity.ProtectiveID, account identity.AccountID, cmd domain.RequestProtective) (domain.Former, error) {
	former := domain.Former{Protective: id}
	if id == "" || id == cmd.Protective {
		return former, nil
	}
	past, err := a.Protectives.Load(ctx, string(id))
	if err != nil || past.Revision < 0 {
		return former, err
	}
	former.Asked = true
	former.Since, former.Until, former.Settled = past.State.Settled(account, cmd.At)
	return former, nil
}

// unclaim gives accounts back whose protective stop does not come to be. What
// cannot be given back now is free after [domain.ClaimLease].
func (a App) unclaim(ctx context.Context, id identity.ProtectiveID, accounts []identity.AccountID, cause es.Cause) {
	for _, account := range accounts {
		past, err := a.Shields.Load(ctx, string(account))
		if err == nil && past.State.Protective == id {
			own := cause
			own.Command = identity.Derive("unshield", string(id), string(account), strconv.FormatInt(past.Revision, 10))
			_, err = a.Shields.Handle(ctx, string(account), own, es.Expected(past.Revision), domain.UnclaimAccount{Protective: id, At: cause.At})
		}
		if err != nil && !errors.Is(err, es.ErrStale) {
			a.City.Logger.Warn("a claim on an account could not be taken back; it ends by itself", slog.String("protective", string(id)), slog.Any("error", err))
		}
	}
}

// claimed refuses a protective stop that has lost an account to another, which is
// possible only if it was asked for much later than it claimed them.
func (a App) claimed(ctx context.Context, id identity.ProtectiveID) error {
	past, err := a.Protectives.Load(ctx, string(id))
	if err != nil || past.State.State != domain.ProtectiveWaiting {
		return err // nothing to approve; the rules say so
	}
	for _, own := range past.State.Accounts {
		shield, err := a.Shields.Load(ctx, string(own.Account.ID))
		if err != nil {
			return err
		}
		if err := shield.State.Has(id); err != nil {
			return err
		}
	}
	return nil
}
