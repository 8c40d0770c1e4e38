package domain_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

func TestI15_AnAccountIsUnderOneProtectiveStopAtATimeAndItsTermsAddUp(t *testing.T) {
	const day = 24 * time.Hour
	claim := domain.ClaimAccount{Protective: "shield-2", Responsible: "440981000000", CapAt: four.Add(week), Most: week, At: four}
	with := func(change func(*domain.ClaimAccount)) domain.ClaimAccount {
		c := claim
		change(&c)
		return c
	}
	taken := event.ProtectiveAccountClaimed{Protective: "shield-2", Responsible: "440981000000", CapAt: four.Add(week), At: four}
	shorter := taken
	shorter.CapAt = four.Add(5 * day)
	before := event.ProtectiveAccountClaimed{Protective: "shield-1", Responsible: "440982000000", CapAt: four.Add(5 * day), At: four.Add(-2 * day)}
	freed := func(since, until time.Time) event.ProtectiveAccountFreed {
		return event.ProtectiveAccountFreed{Protective: "shield-1", Since: since, Until: until, At: four}
	}
	over := domain.Former{Protective: "shield-1", Asked: true, Settled: true, Since: four.Add(-2 * day), Until: four}
	type past = []event.ShieldEvent
	estest.Run(t, domain.ShieldDecider(), []estest.Case[domain.ShieldCommand, event.ShieldEvent]{
		{Rule: "nobody has it", When: claim, Then: past{taken}},
		{Rule: "it has it already", Given: past{taken}, When: claim},
		{Rule: "the former one goes on", Given: past{before}, When: with(func(c *domain.ClaimAccount) {
			c.Former = domain.Former{Protective: "shield-1", Asked: true}
		}), Err: domain.ErrProtectedByUnit},
		{Rule: "nobody looked at the former one", Given: past{before}, When: claim, Err: domain.ErrProtectedByUnit},
		{Rule: "the former one is being asked for", Given: past{before}, When: with(func(c *domain.ClaimAccount) {
			c.At, c.Former = before.At.Add(time.Minute), domain.Former{Protective: "shield-1"}
		}), Err: domain.ErrProtectedByUnit},
		{Rule: "the former one was never asked for", Given: past{before}, When: with(func(c *domain.ClaimAccount) {
			c.Former = domain.Former{Protective: "shield-1"}
		}), Then: past{freed(time.Time{}, time.Time{}), taken}},
		{Rule: "the former one held it for two days: they count", Given: past{before}, When: with(func(c *domain.ClaimAccount) { c.Former = over }), Err: domain.ErrProtectiveCap},
		{Rule: "what is left can be had", Given: past{before}, When: with(func(c *domain.ClaimAccount) {
			c.Former, c.CapAt = over, shorter.CapAt
		}), Then: past{freed(over.Since, over.Until), shorter}},
		{Rule: "after ninety days it counts no more", Given: past{before, freed(four.Add(-86*day), four.Add(-83*day))}, When: claim, Then: past{taken}},
		{Rule: "no city gives more than thirty days", When: with(func(c *domain.ClaimAccount) {
			c.Most, c.CapAt = 60*day, four.Add(domain.MaxProtective+time.Second)
		}), Err: domain.ErrProtectiveCap},
		{Rule: "what did not come to be is given back", Given: past{taken}, When: domain.UnclaimAccount{Protective: "shield-2", At: four}, Then: past{
			event.ProtectiveAccountFreed{Protective: "shield-2", At: four},
		}},
		{Rule: "but not what is another's", Given: past{before}, When: domain.UnclaimAccount{Protective: "shield-2", At: four}},
	})
}

// term is one stretch for which an account was in force in our books.
type term struct{ from, to time.Time }

// play is one protective stop of own-1, in a city that draws what happens.
type play struct {
	*rapid.T
	state domain.Protective
	terms []term
}

func (p *play) give(cmd domain.ProtectiveCommand) {
	events, err := domain.DecideProtective(p.state, cmd)
	if err != nil {
		return
	}
	for _, e := range events {
		inForce := len(p.state.Accounts) > 0 && p.state.Accounts[0].InForce()
		p.state = domain.EvolveProtective(p.state, e)
		switch e := e.(type) { //nolint:gochecksumtype // the others hold nothing and let go of nothing
		case event.ProtectiveStopApplied:
			p.terms = append(p.terms, term{e.ExecutedAt, e.ExpiresAt})
		case event.ProtectiveStopLifted:
			if inForce {
				for n, x := range p.terms { // a renewal and what it prolongs end together
					if end := latest(e.At, x.from); x.to.After(end) {
						p.terms[n].to = end
					}
				}
			}
		}
	}
}

// goOn plays on for a while and tells when it is then.
func (p *play) goOn(now time.Time) time.Time {
	for range rapid.IntRange(1, 20).Draw(p.T, "steps") {
		now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(p.T, "hours")) * time.Hour)
		for range 100 {
			due := slices.DeleteFunc(domain.DueOnProtective(p.state), func(a es.Alarm) bool { return a.At.After(now) })
			if len(due) == 0 {
				break
			}
			p.give(domain.WakeProtective(due[0], now))
		}
		switch rapid.SampledFrom([]string{"answer", "answer", "renew", "release"}).Draw(p.T, "what") {
		case "answer":
			a := said(rapid.SampledFrom(p.state.Orders).Draw(p.T, "order").ID, now)
			a.Done, a.Cause = rapid.IntRange(0, 3).Draw(p.T, "done") > 0, bank.Technical
			p.give(a)
		case "renew":
			p.give(domain.RenewProtective{Reason: "danger-stands", Approver: leader, Operator: li, Investigator: wang, At: now})
		case "release":
			p.give(domain.ReleaseProtective{Reason: "danger-over", Officer: li, At: now})
		}
	}
	return now
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestI15_NoSequenceOfProtectiveStopsHoldsAnAccountLongerThanOneMay(t *testing.T) {
	several := false
	rapid.Check(t, func(t *rapid.T) {
		most := time.Duration(rapid.SampledFrom([]int{1, 2, 3, 3, 7, 40}).Draw(t, "days the city allows")) * 24 * time.Hour
		limit := min(most, domain.MaxProtective)
		now, s, last := four, domain.Shield{}, domain.Protective{}
		var all []term
		for n := range rapid.IntRange(1, 8).Draw(t, "protective stops") {
			id := identity.ProtectiveID("shield-" + strconv.Itoa(n))
			request := protect()
			request.Protective, request.At, request.Most = id, now, most
			request.Accounts = []domain.OwnAccount{{Account: ownCard, Order: identity.OrderID("stop-" + string(id)), Holder: request.Subject}}
			request.CapAt = now.Add(time.Duration(rapid.IntRange(1, int(limit/time.Hour)).Draw(t, "hours to the cap")) * time.Hour)
			former := domain.Former{Protective: s.Protective, Asked: true}
			former.Since, former.Until, former.Settled = last.Settled("own-1", now)
			claim := domain.ClaimAccount{Protective: id, Responsible: request.Responsible, CapAt: request.CapAt, Most: most, Former: former, At: now}
			if events, err := domain.DecideShield(s, claim); err == nil {
				for _, e := range events {
					s = domain.EvolveShield(s, e)
				}
				p := play{T: t}
				p.give(request)
				p.give(domain.ApproveProtective{Approver: leader, At: now})
				p.give(said(request.Accounts[0].Order, now))
				now, last = p.goOn(now), p.state
				all = append(all, p.terms...)
				several = several || n > 0 && len(p.terms) > 0
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 10*24).Draw(t, "hours in between")) * time.Hour)
		}
		for _, end := range all { // the window that ends with each term
			var sum time.Duration
			counted := end.to.Add(-domain.ProtectiveWindow)
			for _, x := range all {
				if from := latest(x.from, counted); x.to.After(from) && !x.to.After(end.to) {
					sum, counted = sum+x.to.Sub(from), x.to
				}
			}
			if sum > limit {
				t.Fatalf("within 90 days until %v it was held for %v, the limit is %v: %v", end.to, sum, limit, all)
			}
		}
	})
	if !several {
		t.Error("no second protective stop was ever in force: nothing was tested")
	}
}
