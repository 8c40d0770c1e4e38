package domain_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// Whatever is asked and answered, in whatever order and however often, what is
// frozen goes down only by what is released, returned or taken by a court, it
// never ends later than the law allows, and no two freezes are in force.
func TestI26_FrozenMoneyOnlyGoesByReleaseReturnOrCourt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := domain.AccountDecider().Replay(requested(), approved(), executed(four, 100))
		now := four
		for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
			before := state
			events, err := domain.DecideAccount(state, freezeCommand(t, state, step, now))
			if err != nil {
				continue
			}
			for _, e := range events {
				state = domain.EvolveAccount(state, e)
			}
			onlyByRight(t, before, state, events)
		}
	})
}

func freezeCommand(t *rapid.T, a domain.Account, step int, now time.Time) domain.AccountCommand {
	orders := make([]identity.OrderID, 0, len(a.Orders)+1)
	for _, o := range a.Orders {
		orders = append(orders, o.ID)
	}
	order := rapid.SampledFrom(append(orders, "unknown")).Draw(t, "order")
	amount := money.Fen(rapid.IntRange(-5, 130).Draw(t, "amount"))
	ask := requestFreeze()
	ask.Order, ask.Case, ask.At = identity.OrderID("f"+strconv.Itoa(step)), rapid.SampledFrom([]identity.CaseID{"case-a", "case-b"}).Draw(t, "case"), now
	ask.FiledAt, ask.Limit = now, max(0, amount)
	answer := domain.AnswerFreeze{
		Order: order, Done: rapid.Bool().Draw(t, "done"), Cause: rapid.SampledFrom([]string{"queued", "technical"}).Draw(t, "cause"),
		ExecutedAt: now, Applied: amount, Frozen: money.Fen(rapid.IntRange(-5, 130).Draw(t, "frozen")), Balance: 100, At: now,
		FormerExpires: now.Add(time.Hour),
	}
	renew, let := renewal(rapid.IntRange(1, 12).Draw(t, "months"), now), release(max(0, amount))
	renew.Freeze, renew.Grave, let.Freeze, let.At = order, true, order, now
	renew.Approver = rapid.SampledFrom([]event.Officer{leader, bureau}).Draw(t, "approver")
	return rapid.SampledFrom([]domain.AccountCommand{
		ask, answer, renew, let, domain.MarkSent{Order: order, At: now}, domain.ExpireFreeze{Order: order, At: now},
		domain.AnswerFollowUp{Order: order, Done: answer.Done, Cause: "technical", ExecutedAt: now, At: now},
		domain.NoteReturn{Order: order, Payment: strconv.Itoa(step), Amount: amount, At: now},
		domain.TransferByCourt{Freeze: order, Court: "某区法院", Document: strconv.Itoa(step), Amount: amount, At: now},
		domain.PromoteQueued{Order: order, At: now}, domain.WarnFreeze{Order: order, At: now}, domain.ReleaseOverdue{Order: order, At: now},
	}).Draw(t, "command")
}

func onlyByRight(t *rapid.T, before, after domain.Account, events []event.AccountEvent) {
	var gone money.Fen
	for _, e := range events {
		switch e := e.(type) {
		case event.FreezePartiallyReleased:
			gone += e.Amount
		case event.FrozenFundsReturned:
			gone += e.Amount
		case event.FrozenFundsTransferred:
			gone += e.Amount
		}
	}
	if before.Frozen.Order != "" && before.Frozen.Order == after.Frozen.Order && after.Frozen.Remaining != before.Frozen.Remaining-gone {
		t.Fatalf("%d was frozen, %d went, %d is left: %v", before.Frozen.Remaining, gone, after.Frozen.Remaining, events)
	}
	inForce := 0
	for _, o := range after.Orders {
		if o.Kind != domain.KindFreeze || o.State != domain.Executed {
			continue
		}
		inForce++
		if longest := identity.AddMonths(o.ExecutedAt, domain.MaxGraveMonths*(1+after.Frozen.Renewals)); o.ExpiresAt.After(longest) {
			t.Fatalf("a freeze of %v runs until %v after %d renewals", o.ExecutedAt, o.ExpiresAt, after.Frozen.Renewals)
		}
	}
	if inForce > 1 || (inForce == 1) != (after.Frozen.Order != "") || after.Frozen.Remaining < 0 {
		t.Fatalf("%d freezes in force, the account says %+v", inForce, after.Frozen)
	}
}
