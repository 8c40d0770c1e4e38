package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func moneyOf(fen int64) money.Fen { return money.Fen(fen) }

// says is an answer to the stop of an amount, an hour after it.
func says(edit func(*domain.AnswerStop)) domain.AnswerStop {
	c := answer(four, 900_000_000)
	c.At = four.Add(time.Hour)
	edit(&c)
	return c
}

func TestACorrectionOfTheAmountOrOfTheEndAloneIsOne(t *testing.T) {
	at, end := four.Add(time.Hour), four.Add(48*time.Hour)
	bare := given{limited(483_000_000), approved(), traced(), holding(0)}
	whole := limitedStop()
	put := func(held money.Fen, expires time.Time) event.StopAnswerCorrected {
		return event.StopAnswerCorrected{Order: "order-1", ExecutedAt: four, ExpiresAt: expires, BalanceBefore: 900_000_000, Held: held, ResultCode: "0000", At: at}
	}
	found := func(kind, expected, said string) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{Order: "order-1", Kind: kind, Expected: expected, Found: said, At: at}
	}
	less := and(whole, narrowing(100), narrowed(100))
	kept, keptOther := put(100, end), put(100, end)
	kept.BalanceBefore, kept.Said, keptOther.Said = 900_000_001, 483_000_000, 5
	corrects := func(edit func(*domain.AnswerStop)) domain.AnswerStop {
		return says(func(c *domain.AnswerStop) { c.Corrects = true; edit(c) })
	}
	amount := corrects(func(c *domain.AnswerStop) { c.Held = 483_000_000 })
	early := corrects(func(c *domain.AnswerStop) { c.BankExpires = four.Add(24 * time.Hour) })
	earlyFound := found("expiry-differs", "2021-07-19T08:00:00Z", "2021-07-18T08:00:00Z")
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "of the amount", Given: bare, When: amount, Then: given{put(483_000_000, end)}},
		{Rule: "once", Given: and(bare, put(483_000_000, end)), When: amount},
		{Rule: "of the end: the earlier counts, and the amount stays", Given: whole, When: early, Then: given{put(483_000_000, four.Add(24*time.Hour)), earlyFound}},
		{Rule: "which is one as well", Given: and(whole, put(483_000_000, four.Add(24*time.Hour)), earlyFound), When: early},
		{Rule: "to another amount than was asked for", Given: whole, When: corrects(func(c *domain.AnswerStop) { c.Held = 5 }), Then: given{
			put(5, end), found(domain.HeldDiffers, "4830000.00", "0.05"),
		}},
		{Rule: "a bank that repeats its answer without the amount says nothing new", Given: whole, When: says(func(*domain.AnswerStop) {})},
		{Rule: "one that names another amount and does not call it a correction is for a person", Given: whole, When: says(func(c *domain.AnswerStop) { c.Held = 5 }), Then: given{
			found("answer-differs", "2021-07-17T08:00:00Z 9000000.00 4830000.00", "2021-07-17T08:00:00Z 9000000.00 0.05"),
		}},
		{Rule: "what an officer has narrowed since stays", Given: less, When: corrects(func(c *domain.AnswerStop) { c.Held, c.BalanceBefore = 483_000_000, 900_000_001 }), Then: given{kept}},
		{Rule: "also where the bank had held another amount before", Given: less, When: corrects(func(c *domain.AnswerStop) { c.Held = 5 }), Then: given{
			keptOther, found(domain.HeldDiffers, "1.00", "0.05"),
		}},
		{Rule: "and the answer itself, sent twice, changes nothing", Given: less, When: says(func(c *domain.AnswerStop) { c.Held = 483_000_000 })},
		{Rule: "nor the correction", Given: and(less, keptOther), When: corrects(func(c *domain.AnswerStop) { c.Held = 5 })},
	})
	a := domain.AccountDecider().Replay(and(less, kept)...)
	if o, _ := a.Find("order-1"); o.Hold.Held != 100 || o.Hold.Said != 483_000_000 {
		t.Errorf("the stop holds %v, its answer said %v", o.Hold.Held, o.Hold.Said)
	}
}

func TestI01_TheBanksEndIsComparedWithTheTimeThatCounts(t *testing.T) {
	before := answer(four.Add(-5*time.Hour), 900)
	before.BankExpires, before.At = four.Add(43*time.Hour), four.Add(time.Minute)
	done := executed(four, 900)
	done.ExpiresAt = four.Add(43 * time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "48 hours from a time that cannot be are not 48 hours from the one that counts: the earlier end rules", Given: given{requested(), approved()}, When: before,
		Then: given{
			done,
			event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ExecutedImplausible, Expected: "2021-07-17T08:00:00Z", Found: "2021-07-17T03:00:00Z", At: before.At},
			event.BankDiscrepancyFound{Order: "order-1", Kind: "expiry-differs", Expected: "2021-07-19T08:00:00Z", Found: "2021-07-19T03:00:00Z", At: before.At},
		},
	}})
}
