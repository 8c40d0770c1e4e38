package domain_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
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
		for step := range rapid.IntRange(1, 80).Draw(t, "steps") {
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

// Whatever is asked and answered, in whatever order: what a bank says it has frozen
// is in the books, waits in line, or is under an order to let it go.
func TestI26_WhatABankHasFrozenIsNeverOutsideTheBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := domain.AccountDecider().Replay(requested(), approved(), executed(four, 100))
		now, held, latest := four, map[identity.OrderID]bool{}, map[identity.OrderID]time.Time{}
		for step := range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 200, 2000}).Draw(t, "hours")) * time.Hour)
			cmd, before := freezeCommand(t, state, step, now), state
			events, err := domain.DecideAccount(state, cmd)
			for _, e := range events {
				state = domain.EvolveAccount(state, e)
			}
			heard(t, cmd, err, before, held, latest)
			for _, e := range events {
				if gone, ok := e.(event.FreezeLapsed); ok { // its bank lets go by itself, unless it has named a later end
					held[gone.Order] = domain.Letting(state, gone.Order)
				}
			}
			for id, holds := range held {
				if o, _ := state.Find(id); holds && o.State != domain.Executed && o.State != domain.Queued && !o.State.Open() && !domain.Letting(state, id) {
					t.Fatalf("after %#v the bank holds for %s, which is %s, and nobody has ordered it to let go", cmd, id, o.State)
				}
			}
		}
	})
}

// heard keeps what the bank holds by its own words.
func heard(t *rapid.T, cmd domain.AccountCommand, err error, before domain.Account, held map[identity.OrderID]bool, latest map[identity.OrderID]time.Time) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // by the others no bank says anything
	case domain.AnswerFreeze:
		o, known := before.Find(cmd.Order)
		switch {
		case !known || o.Kind != domain.KindFreeze:
		case err != nil:
			t.Fatalf("%#v was refused: %v", cmd, err)
		case cmd.Done && cmd.ExecutedAt.After(latest[cmd.Order]):
			held[cmd.Order], latest[cmd.Order] = true, cmd.ExecutedAt
		case !cmd.Done && (o.State.Open() || o.State == domain.Queued):
			held[cmd.Order] = false
		}
	case domain.AnswerFollowUp:
		o, known := before.Find(cmd.Order)
		switch {
		case !known || (o.Kind != domain.KindRelease && o.Kind != domain.KindRenewal):
		case err != nil:
			t.Fatalf("%#v was refused: %v", cmd, err)
		case o.Kind == domain.KindRelease && (o.State.Open() || o.State == domain.Failed) && (cmd.Done && o.Amount == 0 || !cmd.Done && o.State.Open() && cmd.Cause == bank.Ended):
			held[o.Target] = false
		case o.Kind == domain.KindRenewal && cmd.Done && o.State == domain.Lapsed && cmd.ExecutedAt.After(latest[o.ID]):
			held[o.Target], latest[o.ID] = true, cmd.ExecutedAt
		}
	}
}

func freezeCommand(t *rapid.T, a domain.Account, step int, now time.Time) domain.AccountCommand {
	orders, changes := []identity.OrderID{"unknown", "order-1"}, []identity.OrderID{"unknown"}
	for _, o := range a.Orders {
		switch o.Kind {
		case domain.KindFreeze:
			orders = append(orders, o.ID, o.ID) // most often one that is a freeze
		case domain.KindRenewal, domain.KindRelease:
			changes = append(changes, o.ID)
		case domain.KindStop, domain.KindLift, domain.KindRaise, domain.KindQuery:
		}
	}
	order, change := rapid.SampledFrom(orders).Draw(t, "order"), rapid.SampledFrom(changes).Draw(t, "change")
	amount := money.Fen(rapid.IntRange(-5, 130).Draw(t, "amount"))
	ask := requestFreeze()
	ask.Order, ask.Case, ask.At = identity.OrderID("f"+strconv.Itoa(step)), rapid.SampledFrom([]identity.CaseID{"case-a", "case-b"}).Draw(t, "case"), now
	ask.FiledAt, ask.Limit = now, max(0, amount)
	answer := domain.AnswerFreeze{
		Order: order, Done: rapid.Bool().Draw(t, "done"), Cause: rapid.SampledFrom([]string{"queued", "technical"}).Draw(t, "cause"),
		ExecutedAt: now.Add(rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "skew")), Applied: amount, Frozen: money.Fen(rapid.IntRange(-5, 130).Draw(t, "frozen")), Balance: 100, At: now,
		FormerExpires: now.Add(time.Hour), BankExpires: rapid.SampledFrom([]time.Time{{}, now.AddDate(0, 7, 0), now.AddDate(0, -1, 0)}).Draw(t, "end"),
	}
	cause := rapid.SampledFrom([]string{bank.Technical, bank.Ended, bank.UnknownOrder}).Draw(t, "why not")
	renew, let := renewal(rapid.IntRange(1, 12).Draw(t, "months"), now), release(rapid.SampledFrom([]money.Fen{0, max(0, amount)}).Draw(t, "part"))
	renew.Freeze, renew.Grave, let.Freeze, let.At = order, true, order, now
	renew.Approver = rapid.SampledFrom([]event.Officer{leader, bureau}).Draw(t, "approver")
	return rapid.SampledFrom([]domain.AccountCommand{
		ask, answer, renew, let,
		domain.MarkSent{Order: rapid.SampledFrom([]identity.OrderID{order, change}).Draw(t, "taken"), At: now},
		domain.ExpireFreeze{Order: order, At: now},
		domain.AnswerFollowUp{Order: change, Done: answer.Done, Cause: cause, ExecutedAt: now, At: now},
		domain.RepeatOrder{Order: change, At: now},
		domain.NoteReturn{Order: order, Payment: strconv.Itoa(step), Amount: amount, At: now},
		domain.TransferByCourt{Freeze: order, Court: "某区法院", Document: strconv.Itoa(step), Amount: amount, At: now},
		domain.PromoteQueued{Order: order, At: now},
		domain.WarnFreeze{Order: order, At: now},
		domain.ReleaseOverdue{Order: change, At: now},
	}).Draw(t, "command")
}

func onlyByRight(t *rapid.T, before, after domain.Account, events []event.AccountEvent) {
	var gone money.Fen
	for _, e := range events {
		switch e := e.(type) { //nolint:gochecksumtype // by the others nothing goes
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
