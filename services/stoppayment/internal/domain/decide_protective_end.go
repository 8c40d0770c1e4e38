package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
)

// releaseProtective: one unit, one command, all accounts.
func releaseProtective(p Protective, cmd ReleaseProtective) ([]event.ProtectiveEvent, error) {
	if err := p.ours(cmd.Officer); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains([]string{"subject-asks", "danger-over", "error"}, cmd.Reason):
		return nil, ErrReleaseReason.At("/reason")
	case p.State == ProtectiveRejected:
		return nil, nil
	}
	released := p.release(cmd.Reason, cmd.Officer, cmd.At)
	if p.letGo() && len(released.Accounts) == 0 {
		return nil, nil
	}
	return []event.ProtectiveEvent{released}, nil
}

// release asks every bank that holds, or may hold, to let go: also one that named
// a later end than ours, after it.
func (p Protective) release(reason string, who event.Officer, at time.Time) event.ProtectiveReleaseRequested {
	released := event.ProtectiveReleaseRequested{Accounts: []event.ProtectedAccount{}, Reason: reason, Officer: who, At: at}
	for _, a := range p.Accounts {
		if (a.InForce() || p.pending(a.Account.ID) || a.Bank.mayHold(at)) && !p.lifting(a.Account.ID) {
			released.Accounts = append(released.Accounts, p.liftOf(a))
		}
	}
	return released
}

func (p Protective) liftOf(a Protected) event.ProtectedAccount {
	n := 1
	for _, o := range p.Orders {
		if o.Kind == ProtectLift && o.Account == a.Account.ID {
			n++
		}
	}
	return event.ProtectedAccount{Account: a.Account, Order: p.orderID("lift", a.Account.ID, n)}
}

// apply starts 48 hours from the bank's time, or from the end that a renewal
// prolongs, cut off at the cap. What a bank
// carries out after the end, or after the one its order named, it is asked to undo
// at once.
func (p Protective) apply(o ProtectiveOrder, cmd AnswerProtective) []event.ProtectiveEvent {
	a, _ := p.Account(o.Account)
	expires := cmd.ExecutedAt.Add(StopWindow)
	if o.Kind == ProtectRenew {
		expires = later(cmd.ExecutedAt, o.From).Add(StopWindow)
	}
	if !cmd.BankExpires.IsZero() {
		expires = earlier(expires, cmd.BankExpires)
	}
	expires = earlier(expires, p.CapAt)
	balance := cmd.Balance
	if o.Kind == ProtectExempt {
		expires, balance = a.ExpiresAt, a.Balance
	}
	applied := event.ProtectiveStopApplied{
		Order: o.ID, Account: o.Account, Ordinal: o.Ordinal, ExecutedAt: cmd.ExecutedAt, ExpiresAt: expires, Balance: balance, ResultCode: cmd.ResultCode,
		BankExpiresAt: cmd.BankExpires,
	}
	failed := event.ProtectiveStopFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: lateCause, At: cmd.At}
	if o.Kind == ProtectExempt {
		if a.InForce() {
			return []event.ProtectiveEvent{applied}
		}
		return []event.ProtectiveEvent{failed}
	}
	if late := p.letGo() || o.State == Lifted || !cmd.ExecutedAt.Before(p.EndOf(o)); !late {
		return []event.ProtectiveEvent{applied}
	}
	failed.ExecutedAt, failed.BankExpiresAt = cmd.ExecutedAt, cmd.BankExpires
	return []event.ProtectiveEvent{
		failed, event.ProtectiveLiftRequested{Accounts: []event.ProtectedAccount{p.liftOf(a)}, Reason: "late", At: cmd.At},
	} // also where a lift is under way: the bank may have answered that one before it began
}

// lateCause is why what a bank carried out after the end does not count.
const lateCause = "after-release"

func expireProtected(p Protective, cmd ExpireProtected) ([]event.ProtectiveEvent, error) {
	a, ok := p.Account(cmd.Account)
	if !ok || !a.InForce() || cmd.At.Before(a.ExpiresAt) {
		return nil, nil
	}
	return []event.ProtectiveEvent{event.ProtectiveStopLapsed{Account: cmd.Account, ExpiredAt: a.ExpiresAt}}, nil
}

// capReached ends everything: what is in force has lapsed, and every bank is told,
// since its own 48 hours may run on.
func capReached(p Protective, cmd CapReached) ([]event.ProtectiveEvent, error) {
	if cmd.At.Before(p.CapAt) || p.letGo() || p.State == ProtectiveRejected {
		return nil, nil
	}
	released := p.release(capReason, p.Officers[0], cmd.At)
	var events []event.ProtectiveEvent
	for _, a := range p.Accounts {
		if a.InForce() {
			events = append(events, event.ProtectiveStopLapsed{Account: a.Account.ID, ExpiredAt: earlier(a.ExpiresAt, p.CapAt)})
		}
	}
	return append(events, released), nil
}

// liftAgain asks a bank that named a later end than ours, or that could not lift,
// until it has let go or its own end has passed.
func liftAgain(p Protective, cmd LiftAgain) ([]event.ProtectiveEvent, error) {
	a, ok := p.Account(cmd.Account)
	if !ok || !p.unwanted(a) || a.Bank.Until.IsZero() || cmd.At.Before(a.Bank.Again) {
		return nil, nil
	}
	reason := "lapsed"
	if a.Bank.Tries > 0 {
		reason = "again"
	}
	return []event.ProtectiveEvent{event.ProtectiveLiftRequested{Accounts: []event.ProtectedAccount{p.liftOf(a)}, Reason: reason, At: cmd.At}}, nil
}
