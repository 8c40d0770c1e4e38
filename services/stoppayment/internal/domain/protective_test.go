package domain_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

type (
	protectiveRow = estest.Case[domain.ProtectiveCommand, event.ProtectiveEvent]
	shield        = []event.ProtectiveEvent
)

var (
	ownCard    = event.Account{ID: "own-1", Bank: "102100099996"}
	ownCard2   = event.Account{ID: "own-2", Bank: "103100000026"}
	otherUnit  = event.Officer{PoliceNo: "080001", Unit: "440981000000", Level: identity.County}
	cityLeader = event.Officer{PoliceNo: "060001", Unit: "440900000000", Level: identity.City}
	week       = 7 * 24 * time.Hour
)

func protect() domain.RequestProtective {
	return domain.RequestProtective{
		Protective: "shield-1", Case: "case-a", Subject: "hash-of-yang", Basis: "subject-request", Consent: "given", Responsible: "440982000000",
		Accounts: []domain.OwnAccount{{Account: ownCard, Order: "p-1", Holder: "hash-of-yang"}, {Account: ownCard2, Order: "p-2", Holder: "hash-of-yang"}},
		CapAt:    four.Add(week), Most: week, Operator: li, Investigator: wang, At: four,
	}
}

func protected() event.ProtectiveStopRequested {
	return event.ProtectiveStopRequested{
		Protective: "shield-1", Case: "case-a", Basis: "subject-request", Consent: "given", Responsible: "440982000000",
		Accounts: []event.ProtectedAccount{{Account: ownCard, Order: "p-1"}, {Account: ownCard2, Order: "p-2"}},
		CapAt:    four.Add(week), Operator: li, Investigator: wang, At: four,
	}
}

func agreed() event.ProtectiveStopApproved {
	return event.ProtectiveStopApproved{Approver: leader, At: four}
}

func applied(order identity.OrderID, account identity.AccountID, at time.Time) event.ProtectiveStopApplied {
	return event.ProtectiveStopApplied{Order: order, Account: account, Ordinal: 1, ExecutedAt: at, ExpiresAt: at.Add(48 * time.Hour), Balance: 40_000_00, ResultCode: "0000"}
}

func said(order identity.OrderID, at time.Time) domain.AnswerProtective {
	return domain.AnswerProtective{Order: order, Done: true, ResultCode: "0000", ExecutedAt: at, Balance: 40_000_00, At: at}
}

// liftNo is the n-th lift order for an account.
func liftNo(account string, n int) identity.OrderID {
	return identity.OrderID(identity.Derive("protective", "shield-1", "lift", account, strconv.Itoa(n)).String())
}

func shielded() shield {
	return slices.Clip(shield{protected(), agreed(), applied("p-1", "own-1", four), applied("p-2", "own-2", four)})
}

func TestI15_AProtectiveStopIsOfTheSubjectsOwnAccountsWithACapAndOneUnit(t *testing.T) {
	edit := func(change func(*domain.RequestProtective)) domain.RequestProtective {
		r := protect()
		r.Accounts = slices.Clone(r.Accounts)
		change(&r)
		return r
	}
	estest.Run(t, domain.ProtectiveDecider(), []protectiveRow{
		{Rule: "all accounts are his own", When: protect(), Then: shield{protected()}},
		{Rule: "asked again it is the same", Given: shield{protected()}, When: protect()},
		{Rule: "one account is his wife's", When: edit(func(r *domain.RequestProtective) { r.Accounts[1].Holder = "hash-of-li" }), Err: domain.ErrNotOwnAccount},
		{Rule: "nobody knows whose it is", When: edit(func(r *domain.RequestProtective) { r.Subject, r.Accounts[0].Holder = "", "" }), Err: domain.ErrNotOwnAccount},
		{Rule: "the same account twice", When: edit(func(r *domain.RequestProtective) { r.Accounts[1] = r.Accounts[0] }), Err: domain.ErrProtectedList},
		{Rule: "no account", When: edit(func(r *domain.RequestProtective) { r.Accounts = nil }), Err: domain.ErrProtectedList},
		{Rule: "longer than the city allows", When: edit(func(r *domain.RequestProtective) { r.CapAt = four.Add(week + time.Second) }), Err: domain.ErrProtectiveCap},
		{Rule: "longer than any city may allow", When: edit(func(r *domain.RequestProtective) {
			r.Most, r.CapAt = 60*24*time.Hour, four.Add(domain.MaxProtective+time.Second)
		}), Err: domain.ErrProtectiveCap},
		{Rule: "without an end", When: edit(func(r *domain.RequestProtective) { r.CapAt = time.Time{} }), Err: domain.ErrProtectiveCap},
		{Rule: "no word on consent", When: edit(func(r *domain.RequestProtective) { r.Consent = "" }), Err: domain.ErrConsent},
		{Rule: "by one officer", When: edit(func(r *domain.RequestProtective) { r.Investigator = li }), Err: domain.ErrTwoOfficers},
		{Rule: "the operator does not approve", Given: shield{protected()}, When: domain.ApproveProtective{Approver: li, At: four}, Err: domain.ErrSelfApproval},
		{Rule: "a leader approves", Given: shield{protected()}, When: domain.ApproveProtective{Approver: leader, At: four}, Then: shield{agreed()}},
		{Rule: "the city's leader approves for the county", Given: shield{protected()}, When: domain.ApproveProtective{Approver: cityLeader, At: four}, Then: shield{event.ProtectiveStopApproved{Approver: cityLeader, At: four}}},
		{Rule: "a leader of a neighbouring county does not approve", Given: shield{protected()}, When: domain.ApproveProtective{Approver: otherUnit, At: four}, Err: domain.ErrProtectiveUnit},
		{Rule: "nor does he reject", Given: shield{protected()}, When: domain.RejectProtective{Approver: otherUnit, Reason: "no-danger", At: four}, Err: domain.ErrProtectiveUnit},
		{Rule: "the investigator does not reject what he asked for", Given: shield{protected()}, When: domain.RejectProtective{Approver: wang, Reason: "no-danger", At: four}, Err: domain.ErrSelfApproval},
		{Rule: "no bank stops before the approval", Given: shield{protected()}, When: said("p-1", four), Err: domain.ErrNotApproved},
	})
}

func TestI15_TheResponsibleUnitReleasesAllAccountsInOneCommandAndAnotherLearnsWhichItIs(t *testing.T) {
	d := domain.ProtectiveDecider()
	release := domain.ReleaseProtective{Reason: "subject-asks", Officer: li, At: four.Add(time.Hour)}
	foreign := release
	foreign.Officer = otherUnit
	for what, cmd := range map[string]domain.ProtectiveCommand{
		"release": foreign,
		"exempt":  domain.ExemptProtective{Account: "own-1", Purpose: "loan", Amount: 1, Officer: otherUnit, At: four},
		"renew":   domain.RenewProtective{Reason: "danger-stands", Approver: otherUnit, Operator: li, Investigator: wang, At: four},
	} {
		if _, err := d.Decide(d.Replay(shielded()...), cmd); !errors.Is(err, domain.ErrProtectiveUnit) || !strings.Contains(err.Error(), "440982000000") {
			t.Errorf("another unit wants to %s: %v", what, err)
		}
	}
	past := append(shielded()[:3:3], event.ProtectiveOrderSent{Order: "p-2", Channel: "desk", At: four})
	events, err := d.Decide(d.Replay(past...), release)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	released, ok := events[0].(event.ProtectiveReleaseRequested)
	if !ok || len(released.Accounts) != 2 || released.Accounts[0].Order == released.Accounts[1].Order {
		t.Fatalf("released %+v", events[0])
	}
	state := d.Replay(append(past, events...)...)
	if state.State != domain.ProtectiveReleasing {
		t.Errorf("state %s", state.State)
	}
	if again, err := d.Decide(state, release); err != nil || len(again) > 0 {
		t.Errorf("released again: %v, %v", again, err)
	}
	// The second bank begins after all: it is asked to let go at once.
	late, err := d.Decide(state, said("p-2", four.Add(2*time.Hour)))
	if err != nil || len(late) != 2 {
		t.Fatalf("%v, %v", late, err)
	}
	if again, ok := late[1].(event.ProtectiveLiftRequested); !ok || len(again.Accounts) != 1 || again.Accounts[0].Account.ID != "own-2" {
		t.Errorf("late %+v", late)
	}
	// A bank that knows of nothing to lift has nothing to lift.
	unknown := domain.AnswerProtective{Order: released.Accounts[1].Order, ResultCode: "0001", Cause: bank.UnknownOrder, At: four.Add(2 * time.Hour)}
	if done, err := d.Decide(state, unknown); err != nil || len(done) != 1 {
		t.Errorf("%v, %v", done, err)
	}
}

func TestI15_48HoursEndByThemselvesAndTheCapEndsAll(t *testing.T) {
	d := domain.ProtectiveDecider()
	end := four.Add(48 * time.Hour)
	lapsed := event.ProtectiveStopLapsed{Account: "own-1", ExpiredAt: end}
	capped := protected()
	capped.CapAt = four.Add(30 * time.Hour)
	cut := applied("p-1", "own-1", four)
	cut.ExpiresAt = capped.CapAt
	early := applied("p-1", "own-1", four)
	early.ExpiresAt = four.Add(24 * time.Hour)
	beyond := said("p-1", capped.CapAt.Add(time.Minute)) // its clock goes a little ahead
	beyond.At = capped.CapAt.Add(-time.Minute)
	bankEarly, bankLate := said("p-1", four), said("p-1", four)
	bankEarly.BankExpires, bankLate.BankExpires = four.Add(24*time.Hour), four.Add(96*time.Hour)
	early.BankExpiresAt = bankEarly.BankExpires
	longer := applied("p-1", "own-1", four)
	longer.BankExpiresAt = bankLate.BankExpires
	tardy := said("p-1", four.Add(49*time.Hour))
	undone := func(a domain.AnswerProtective) shield {
		return shield{
			event.ProtectiveStopFailed{Order: "p-1", ResultCode: "0000", Cause: "after-release", At: a.At, ExecutedAt: a.ExecutedAt},
			event.ProtectiveLiftRequested{Accounts: []event.ProtectedAccount{{Account: ownCard, Order: liftNo("own-1", 1)}}, Reason: "late", At: a.At},
		}
	}
	estest.Run(t, d, []protectiveRow{
		{Rule: "48 hours from the bank's time", Given: shielded()[:2], When: said("p-1", four), Then: shield{applied("p-1", "own-1", four)}},
		{Rule: "the cap cuts the hours off", Given: shield{capped, agreed()}, When: said("p-1", four), Then: shield{cut}},
		{Rule: "a bank that ends earlier counts", Given: shielded()[:2], When: bankEarly, Then: shield{early}},
		{Rule: "a bank that ends later does not, and it is on record", Given: shielded()[:2], When: bankLate, Then: shield{longer}},
		{Rule: "carried out beyond the cap it does not count and is undone", Given: shield{capped, agreed()}, When: beyond, Then: undone(beyond)},
		{Rule: "so it is after the end that its order named", Given: shielded()[:2], When: tardy, Then: undone(tardy)},
		{Rule: "nobody has acted: free", Given: shielded(), When: domain.ExpireProtected{Account: "own-1", At: end}, Then: shield{lapsed}},
		{Rule: "not a second before", Given: shielded(), When: domain.ExpireProtected{Account: "own-1", At: end.Add(-time.Second)}},
		{Rule: "and once", Given: append(shielded(), lapsed), When: domain.ExpireProtected{Account: "own-1", At: end}},
		{Rule: "nobody approved until the cap: it is over", Given: shield{protected()}, When: domain.CapReached{At: four.Add(week)}, Then: shield{
			event.ProtectiveReleaseRequested{Accounts: []event.ProtectedAccount{}, Reason: "cap", Officer: li, At: four.Add(week)},
		}},
	})
	state := d.Replay(capped, agreed(), cut, event.ProtectiveOrderSent{Order: "p-2"})
	events, err := d.Decide(state, domain.CapReached{At: capped.CapAt})
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	if released, ok := events[1].(event.ProtectiveReleaseRequested); !ok || released.Reason != "cap" || len(released.Accounts) != 2 {
		t.Errorf("at the cap: %+v", events)
	}
	for _, e := range events {
		state = d.Evolve(state, e)
	}
	if due := d.Due(state); state.State != domain.ProtectiveEnded || len(due) > 0 {
		t.Errorf("after the cap %s, %v", state.State, due)
	}
}

func TestI15_ARenewalIsANewDecisionAndEndsWithTheCap(t *testing.T) {
	d := domain.ProtectiveDecider()
	renew := domain.RenewProtective{Reason: "consent-stands", Approver: leader, Operator: li, Investigator: wang, At: four.Add(47 * time.Hour)}
	refused := protected()
	refused.Consent = "refused"
	without, self := renew, renew
	without.Reason = "as-usual"
	self.Approver = li
	full := applied("p-1", "own-1", four)
	full.ExpiresAt = four.Add(week)
	estest.Run(t, d, []protectiveRow{
		{Rule: "without a reason there is none", Given: shielded(), When: without, Err: domain.ErrRenewalReason},
		{Rule: "consent that was refused does not stand", Given: shield{refused, agreed(), applied("p-1", "own-1", four)}, When: renew, Err: domain.ErrRenewalReason},
		{Rule: "not by who carries it out", Given: shielded(), When: self, Err: domain.ErrSelfApproval},
		{Rule: "nothing is left below the cap", Given: shield{protected(), agreed(), full}, When: renew, Err: domain.ErrProtectiveCap},
		{Rule: "before the approval there is nothing to renew", Given: shield{protected()}, When: renew, Err: domain.ErrNotProtected},
	})
	events, err := d.Decide(d.Replay(shielded()...), renew)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	asked, ok := events[0].(event.ProtectiveRenewalRequested)
	if !ok || asked.Ordinal != 2 || len(asked.Accounts) != 2 {
		t.Fatalf("renewal %+v", events[0])
	}
	past := append(shielded(), asked)
	if _, err := d.Decide(d.Replay(past...), renew); !errors.Is(err, domain.ErrRenewing) {
		t.Errorf("twice at once: %v", err)
	}
	done, err := d.Decide(d.Replay(past...), said(asked.Accounts[0].Order, four.Add(47*time.Hour)))
	if on, ok := done[0].(event.ProtectiveStopApplied); err != nil || !ok || on.Ordinal != 2 || !on.ExpiresAt.Equal(four.Add(96*time.Hour)) {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestWhatLivingTakesIsLetThroughAndTheClockStays(t *testing.T) {
	d := domain.ProtectiveDecider()
	exempt := domain.ExemptProtective{Account: "own-1", Purpose: "tuition", Amount: 5_000_00, Officer: li, At: four.Add(time.Hour)}
	all, luxury, other := exempt, exempt, exempt
	all.Amount = 40_000_00
	luxury.Purpose = "holiday"
	other.Account = "own-9"
	estest.Run(t, d, []protectiveRow{
		{Rule: "all that is there is a release, not an exemption", Given: shielded(), When: all, Err: domain.ErrExemption},
		{Rule: "for nothing but a living", Given: shielded(), When: luxury, Err: domain.ErrExemption},
		{Rule: "of an account under the stop", Given: shielded(), When: other, Err: domain.ErrNotProtected},
	})
	events, err := d.Decide(d.Replay(shielded()...), exempt)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	granted, ok := events[0].(event.ProtectiveExemptionGranted)
	if !ok {
		t.Fatalf("%+v", events[0])
	}
	past := append(shielded(), granted)
	state := d.Replay(past...)
	if state.Exempted("own-1") != 5_000_00 || state.Exempted("own-2") != 0 {
		t.Errorf("exempted %d, %d", state.Exempted("own-1"), state.Exempted("own-2"))
	}
	done, err := d.Decide(state, said(granted.Order, four.Add(2*time.Hour)))
	if on, ok := done[0].(event.ProtectiveStopApplied); err != nil || !ok || !on.ExpiresAt.Equal(four.Add(48*time.Hour)) || on.Balance != 40_000_00 {
		t.Errorf("%+v, %v", done, err)
	}
	failed := event.ProtectiveStopFailed{Order: granted.Order, ResultCode: "0001", Cause: bank.Technical}
	if state = d.Replay(append(past, failed)...); state.Exempted("own-1") != 0 {
		t.Error("what the bank could not let through counts")
	}
}

func TestI15_NoSequenceOfCommandsStopsAnAccountBeyondTheCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := domain.ProtectiveDecider()
		now := four
		request := protect()
		request.CapAt = four.Add(time.Duration(rapid.IntRange(1, 30*24).Draw(t, "hours to the cap")) * time.Hour)
		request.Most = domain.MaxProtective
		past := shield{}
		state := d.Replay()
		give := func(cmd domain.ProtectiveCommand) {
			events, err := d.Decide(state, cmd)
			if err != nil {
				return
			}
			for _, e := range events {
				if on, ok := e.(event.ProtectiveStopApplied); ok && on.ExpiresAt.After(request.CapAt) {
					t.Fatalf("an account is stopped until %v, the cap is %v", on.ExpiresAt, request.CapAt)
				}
				past = append(past, e)
				state = d.Evolve(state, e)
			}
		}
		give(request)
		give(domain.ApproveProtective{Approver: leader, At: four})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			for { // the clocks that have run out by now
				due := slices.DeleteFunc(d.Due(state), func(a es.Alarm) bool { return a.At.After(now) })
				if len(due) == 0 {
					break
				}
				before := len(past)
				give(domain.WakeProtective(due[0], now))
				if len(past) == before {
					t.Fatalf("%s rings for ever", due[0].Name)
				}
			}
			switch rapid.SampledFrom([]string{"answer", "answer", "answer", "renew", "exempt", "release"}).Draw(t, "what") {
			case "answer":
				if len(state.Orders) > 0 {
					o := rapid.SampledFrom(state.Orders).Draw(t, "order")
					a := said(o.ID, now.Add(-time.Duration(rapid.IntRange(0, 4).Draw(t, "minutes"))*time.Minute))
					a.At, a.Done, a.Cause = now, rapid.Bool().Draw(t, "done"), bank.Technical
					give(a)
				}
			case "renew":
				give(domain.RenewProtective{Reason: "danger-stands", Approver: leader, Operator: li, Investigator: wang, At: now})
			case "exempt":
				give(domain.ExemptProtective{Account: "own-1", Purpose: "living", Amount: money.Fen(rapid.IntRange(1, 1_000_00).Draw(t, "fen")), Officer: li, At: now})
			case "release":
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					give(domain.ReleaseProtective{Reason: "danger-over", Officer: li, At: now})
				}
			}
			for _, a := range state.Accounts {
				if a.Total > request.CapAt.Sub(four) {
					t.Fatalf("%s was stopped for %v in all, the cap allows %v", a.Account.ID, a.Total, request.CapAt.Sub(four))
				}
				if a.InForce() && !now.Before(request.CapAt) && now.After(a.ExpiresAt) {
					t.Fatalf("%s is stopped after the cap", a.Account.ID)
				}
			}
		}
	})
}
