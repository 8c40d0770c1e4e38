package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// protection is one protective stop as it goes on.
type protection struct {
	t *testing.T
	domain.Protective
}

func protecting(t *testing.T, past ...event.ProtectiveEvent) *protection {
	t.Helper()
	return &protection{t, domain.ProtectiveDecider().Replay(past...)}
}

func (p *protection) give(cmd domain.ProtectiveCommand) []event.ProtectiveEvent {
	p.t.Helper()
	events, err := domain.DecideProtective(p.Protective, cmd)
	if err != nil {
		p.t.Fatalf("%T: %v", cmd, err)
	}
	for _, e := range events {
		p.Protective = domain.EvolveProtective(p.Protective, e)
	}
	return events
}

// ring lets the clocks run out that are due by a time.
func (p *protection) ring(now time.Time) (events []event.ProtectiveEvent) {
	p.t.Helper()
	for range 100 {
		rung := false
		for _, due := range domain.DueOnProtective(p.Protective) {
			if !due.At.After(now) {
				events, rung = append(events, p.give(domain.WakeProtective(due, now))...), true
				break
			}
		}
		if !rung {
			return events
		}
	}
	p.t.Fatal("the clocks ring for ever")
	return nil
}

func lifts(events []event.ProtectiveEvent) (all []event.ProtectedAccount) {
	for _, e := range events {
		switch e := e.(type) { //nolint:gochecksumtype // no other asks for a lift
		case event.ProtectiveLiftRequested:
			all = append(all, e.Accounts...)
		case event.ProtectiveReleaseRequested:
			all = append(all, e.Accounts...)
		}
	}
	return all
}

func cannot(order identity.OrderID, at time.Time) domain.AnswerProtective {
	return domain.AnswerProtective{Order: order, ResultCode: "0001", Cause: bank.Technical, At: at}
}

func TestI15_TheOrderNamesAnEndOf48HoursAndNeverOneBeyondTheCap(t *testing.T) {
	hours := func(h int) time.Time { return four.Add(time.Duration(h) * time.Hour) }
	approval := agreed()
	approval.At = hours(3)
	renewed := event.ProtectiveRenewalRequested{Ordinal: 2, Accounts: []event.ProtectedAccount{{Account: ownCard, Order: "more"}}, At: hours(140)}
	p := domain.ProtectiveDecider().Replay(protected(), approval, applied("p-1", "own-1", hours(3)), renewed)
	for order, want := range map[identity.OrderID]time.Time{"p-1": hours(3 + 48), "p-2": hours(3 + 48), "more": p.CapAt} {
		if o, ok := p.Find(order); !ok || !p.EndOf(o).Equal(want) {
			t.Errorf("%s ends %v, want %v", order, p.EndOf(o), want)
		}
	}
}

func TestI15_ABankThatNamesALaterEndIsAskedToLiftAtOurs(t *testing.T) {
	p := protecting(t, protected(), agreed())
	long := said("p-1", four)
	long.BankExpires = four.Add(week)
	p.give(long)
	p.give(said("p-2", four))
	end := four.Add(48 * time.Hour)
	if early := p.ring(end.Add(-time.Second)); len(early) > 0 {
		t.Fatalf("before the end: %+v", early)
	}
	asked := lifts(p.ring(end))
	if len(asked) != 1 || asked[0].Account.ID != "own-1" {
		t.Fatalf("at our end is asked to lift: %+v", asked)
	}
	p.give(said(asked[0].Order, end.Add(time.Minute)))
	if again := p.ring(four.Add(week)); len(lifts(again)) > 0 {
		t.Errorf("lifted, and asked again: %+v", again)
	}
}

func TestI15_AReleaseReachesEveryBankThatMayHoldAlsoAfterTheEndInOurBooks(t *testing.T) {
	p := protecting(t, protected(), agreed())
	for _, order := range []identity.OrderID{"p-1", "p-2"} {
		long := said(order, four)
		long.BankExpires = four.Add(week)
		p.give(long)
	}
	asked := lifts(p.ring(four.Add(48 * time.Hour)))
	if len(asked) != 2 {
		t.Fatalf("asked %+v", asked)
	}
	at := four.Add(50 * time.Hour)
	p.give(said(asked[0].Order, at)) // the first lets go, the second cannot
	p.give(cannot(asked[1].Order, at))
	released := lifts(p.give(domain.ReleaseProtective{Reason: "subject-asks", Officer: li, At: at}))
	if len(released) != 1 || released[0].Account.ID != "own-2" {
		t.Errorf("the release reaches %+v", released)
	}
}

func TestI15_ABankThatCannotLiftAfterTheCapIsAskedAgainUntilItsOwnEnd(t *testing.T) {
	capped := protected()
	capped.CapAt = four.Add(30 * time.Hour)
	p := protecting(t, capped, agreed())
	p.give(said("p-1", four))
	p.give(said("p-2", four))
	asked := lifts(p.ring(capped.CapAt))
	if len(asked) != 2 || p.State != domain.ProtectiveEnded {
		t.Fatalf("at the cap %s, asked %+v", p.State, asked)
	}
	now := capped.CapAt.Add(time.Minute)
	p.give(said(asked[0].Order, now))
	tries, wait := 1, time.Duration(0)
	for order := asked[1].Order; ; tries++ {
		p.give(cannot(order, now))
		due := domain.DueOnProtective(p.Protective)
		if len(due) == 0 {
			break
		}
		next := due[0].At.Sub(now)
		if len(due) != 1 || next > 6*time.Hour || wait < 6*time.Hour && next <= wait {
			t.Fatalf("try %d: next in %v after %v, %+v", tries, next, wait, due)
		}
		wait, now = next, due[0].At
		more := lifts(p.ring(now))
		if len(more) != 1 || more[0].Account.ID != "own-2" || more[0].Order == order {
			t.Fatalf("try %d asks %+v", tries, more)
		}
		order = more[0].Order
	}
	if end := four.Add(48 * time.Hour); now.After(end) || end.Sub(now) > 6*time.Hour || tries < 6 {
		t.Errorf("gave up after %d tries at %v, the bank's own end is %v", tries, now, end)
	}
	// And the owner need not wait for the clock.
	if by := lifts(p.give(domain.ReleaseProtective{Reason: "subject-asks", Officer: li, At: now.Add(time.Minute)})); len(by) != 1 {
		t.Errorf("released by the owner: %+v", by)
	}
}

func TestI15_WhatABankCarriesOutAfterTheEndIsPursuedUntilItLetsGo(t *testing.T) {
	p := protecting(t, protected(), agreed())
	p.give(domain.ReleaseProtective{Reason: "subject-asks", Officer: li, At: four.Add(time.Minute)})
	begun := four.Add(2 * time.Minute)
	late := lifts(p.give(said("p-1", begun)))
	if len(late) != 1 {
		t.Fatalf("%+v", late)
	}
	if again, err := domain.DecideProtective(p.Protective, said("p-1", begun)); err != nil || len(again) > 0 {
		t.Errorf("the same answer again: %+v, %v", again, err)
	}
	p.give(cannot(late[0].Order, four.Add(3*time.Minute)))
	if _, _, settled := p.Settled("own-1", four.Add(time.Hour)); settled {
		t.Error("the account counts as free while its bank holds it")
	}
	p.give(cannot(liftNo("own-1", 1), four.Add(3*time.Minute)))
	if more := lifts(p.ring(four.Add(time.Hour))); len(more) != 1 || more[0].Account.ID != "own-1" {
		t.Errorf("asked again %+v", more)
	}
	since, until, settled := p.Settled("own-1", four.Add(60*time.Hour))
	if !settled || !since.Equal(begun) || !until.Equal(begun.Add(48*time.Hour)) {
		t.Errorf("%v %v %v", since, until, settled)
	}
}

func TestI15_AnAccountUnderARenewalThatIsPendingIsNotFree(t *testing.T) {
	p := protecting(t, shielded()...)
	asked := p.give(domain.RenewProtective{Reason: "danger-stands", Approver: leader, Operator: li, Investigator: wang, At: four.Add(47 * time.Hour)})
	p.ring(four.Add(49 * time.Hour))
	if _, _, settled := p.Settled("own-1", four.Add(49*time.Hour)); settled || p.State != domain.ProtectiveActive {
		t.Errorf("%s, settled %t", p.State, settled)
	}
	renewal, ok := asked[0].(event.ProtectiveRenewalRequested)
	if !ok {
		t.Fatalf("%+v", asked)
	}
	for _, a := range renewal.Accounts {
		p.give(cannot(a.Order, four.Add(50*time.Hour)))
	}
	if _, _, settled := p.Settled("own-1", four.Add(50*time.Hour)); !settled || p.State != domain.ProtectiveEnded {
		t.Errorf("neither bank renews: %s, settled %t", p.State, settled)
	}
}

func TestAProtectiveStopThatWasReleasedIsNotExemptedFromNorRenewed(t *testing.T) {
	released := event.ProtectiveReleaseRequested{
		Reason: "danger-over", Officer: li, At: four.Add(time.Hour),
		Accounts: []event.ProtectedAccount{{Account: ownCard, Order: liftNo("own-1", 1)}, {Account: ownCard2, Order: liftNo("own-2", 1)}},
	}
	estest.Run(t, domain.ProtectiveDecider(), []protectiveRow{
		{
			Rule: "no exemption", Given: append(shielded(), released), Err: domain.ErrNotProtected,
			When: domain.ExemptProtective{Account: "own-1", Purpose: "loan", Amount: 1, Officer: li, At: four.Add(2 * time.Hour)},
		},
		{
			Rule: "no renewal", Given: append(shielded(), released), Err: domain.ErrNotProtected,
			When: domain.RenewProtective{Reason: "danger-stands", Approver: leader, Operator: li, Investigator: wang, At: four.Add(2 * time.Hour)},
		},
	})
}
