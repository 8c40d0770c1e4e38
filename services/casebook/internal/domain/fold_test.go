package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/casebook/internal/domain"
	"pgregory.net/rapid"
)

const (
	own   = identity.CaseID("own")
	other = identity.CaseID("other")
)

func said(stream string, events ...event.Event) []domain.Said {
	var all []domain.Said
	for _, e := range events {
		all = append(all, domain.Said{Stream: stream, Event: e})
	}
	return all
}

func lot(id identity.CaseID, amount money.Fen) event.Lot { return event.Lot{Case: id, Amount: amount} }

func declared(amount money.Fen) event.Event {
	return event.LossTransferDeclared{Transfer: event.Transfer{Amount: amount}, Currency: event.CNY}
}

func requested(bank identity.BankCode, id identity.CaseID, level int) event.Event {
	return event.StopRequested{Order: "stop", Case: id, Level: level, Account: event.Account{Bank: bank}}
}

func stopped(id identity.CaseID, ordinal, level int, balance money.Fen) event.Event {
	return event.StopExecuted{Order: "stop", Case: id, Ordinal: ordinal, Level: level, BalanceBefore: balance}
}

func tookBack() event.Event {
	return event.BankDiscrepancyFound{Order: "stop", Kind: "answer-withdrawn"}
}

func attributed(revision int, held ...event.Lot) event.FundsAttributed {
	var balance money.Fen
	for _, l := range held {
		balance += l.Amount
	}
	reached := slices.DeleteFunc(slices.Clone(held), func(l event.Lot) bool { return !l.Known() })
	return event.FundsAttributed{Revision: revision, Balance: balance, Held: held, Reached: reached}
}

func frozen(order identity.OrderID, bank identity.BankCode, amount money.Fen) event.Event {
	return event.FreezeExecuted{Order: order, Case: own, Frozen: amount, Account: event.Account{Bank: bank}}
}

func returned(order identity.OrderID, amount, remaining money.Fen) event.Event {
	return event.FrozenFundsReturned{Order: order, Amount: amount, Remaining: remaining}
}

func executed(account identity.AccountID, amount money.Fen) event.Event {
	return event.RefundExecuted{Case: own, Account: account, Amount: amount}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		rule string
		said []domain.Said
		want domain.Figures
	}{
		{"what victims declare adds up to what is reported", said("case-own", declared(300_00), declared(20_01)), domain.Figures{Reported: 320_01}},
		{"an account whose stop has not been executed is not restrained", said("account-a", requested("A", own, 1)), domain.Figures{}},
		{"a stop counts with what stood on the account at the first one", slices.Concat(
			said("account-a", requested("A", own, 1), stopped(own, 1, 1, 50_00), stopped(own, 2, 1, 70_00)),
			said("account-b", requested("B", own, 2), stopped(own, 1, 2, 7_00)),
		), domain.Figures{AccountsRestrained: 2, Banks: 2, Levels: 2, Stopped: 57_00, StoppedLevel1: 50_00}},
		{"a stop that its bank says it never carried out is none", said("account-a", requested("A", own, 1), stopped(own, 1, 1, 50_00), tookBack()), domain.Figures{}},
		{
			"until the bank says that it did after all", said("account-a", requested("A", own, 1), stopped(own, 1, 1, 50_00), tookBack(), event.StopAnswerCorrected{Order: "stop", BalanceBefore: 40_00}),
			domain.Figures{AccountsRestrained: 1, Banks: 1, Levels: 1, Stopped: 40_00, StoppedLevel1: 40_00},
		},
		{"two accounts at one bank are one bank", slices.Concat(
			said("account-a", requested("A", own, 3), stopped(own, 1, 3, 1)),
			said("account-b", requested("A", own, 2), stopped(own, 1, 2, 1)),
		), domain.Figures{AccountsRestrained: 2, Banks: 1, Levels: 3, Stopped: 2}},
		{"another case's stop on a shared account does not count", said("account-a", requested("A", other, 1), stopped(other, 1, 1, 50_00)), domain.Figures{}},
		{
			"the latest attribution says what is the victims' own, whoever's event brought it about",
			said("account-a", requested("A", own, 1), stopped(own, 1, 1, 10_00), attributed(1, lot(own, 9_00), lot("", 1_00)), attributed(3, lot(own, 4_00), lot(other, 6_00)), attributed(2, lot(own, 8_00))),
			domain.Figures{AccountsRestrained: 1, Banks: 1, Levels: 1, Stopped: 10_00, StoppedLevel1: 10_00, Attributable: 4_00},
		},
		{"an account that was frozen without a stop has the level that the chase found", slices.Concat(
			said("pursuit-own", event.DownstreamAccountFound{Account: event.Account{ID: "a", Bank: "A"}, Level: 2}),
			said("account-a", frozen("f", "A", 5_00)),
		), domain.Figures{AccountsRestrained: 1, Banks: 1, Levels: 2, Frozen: 5_00, RemainingFrozen: 5_00}},
		{"what the refunds paid has left the frozen account", slices.Concat(
			said("account-a", frozen("f", "A", 5_00), attributed(1, lot(own, 3_00), lot("", 2_00)), returned("f", 3_00, 2_00)),
			said("refund-r", executed("a", 3_00), event.RefundClosed{Returned: 3_00, Remainder: 2_00}),
		), domain.Figures{AccountsRestrained: 1, Banks: 1, Attributable: 3_00, Frozen: 5_00, Returned: 3_00, RemainingFrozen: 2_00}},
		{
			"a freeze that has lapsed holds nothing any more", said("account-a", frozen("f", "A", 5_00), event.FreezeLapsed{Order: "f"}),
			domain.Figures{AccountsRestrained: 1, Banks: 1, Frozen: 5_00},
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			c.want.Case, c.want.Balanced, c.want.Contradictions = own, true, []domain.Contradiction{}
			if diff := cmp.Diff(c.want, domain.Fold(own, slices.Values(c.said))); diff != "" {
				t.Errorf("other figures than the events say (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContradictions(t *testing.T) {
	for _, c := range []struct {
		rule string
		said []domain.Said
		want []domain.Contradiction
	}{
		{"a refund that never left the account is told", slices.Concat(
			said("account-a", frozen("f", "A", 5_00), attributed(1, lot(own, 5_00))), said("refund-r", executed("a", 3_00)),
		), []domain.Contradiction{{domain.ReturnedUnequal, "account-a", 0, 3_00}}},
		{"a freeze whose remainder is wrong by a fen is told", slices.Concat(
			said("account-a", frozen("f", "A", 5_00), attributed(1, lot(own, 5_00)), returned("f", 3_00, 2_01)), said("refund-r", executed("a", 3_00)),
		), []domain.Contradiction{{domain.RemainingUnequal, "account-a", 2_00, 2_01}}},
		{"more returned than the victim's own is told", slices.Concat(
			said("account-a", frozen("f", "A", 5_00), attributed(1, lot(own, 1_00), lot("", 4_00)), returned("f", 3_00, 2_00)), said("refund-r", executed("a", 3_00)),
		), []domain.Contradiction{{domain.ReturnedBeyondAttributable, "account-a", 1_00, 3_00}}},
		{"more returned than was frozen is told", slices.Concat(
			said("account-a", frozen("f", "A", 2_00), attributed(1, lot(own, 3_00)), returned("f", 3_00, -1_00)), said("refund-r", executed("a", 3_00)),
		), []domain.Contradiction{{domain.ReturnedBeyondFrozen, "account-a", 2_00, 3_00}}},
		{"an attribution that leaves a fen over is told", said("account-a", frozen("f", "A", 5_00),
			event.FundsAttributed{Revision: 1, Balance: 5_00, Held: []event.Lot{lot(own, 4_99)}, Reached: []event.Lot{lot(own, 4_99)}},
		), []domain.Contradiction{{domain.AttributionUnbalanced, "account-a", 5_00, 4_99}}},
		{"a fen of one owner's money that neither stayed nor left is told", said("account-a", frozen("f", "A", 9_00),
			event.FundsAttributed{Revision: 1, Balance: 9_00, Held: []event.Lot{lot(own, 4_00), lot("", 5_00)}, Left: []event.Lot{lot(own, 1_00)}, Reached: []event.Lot{lot(own, 5_01)}},
		), []domain.Contradiction{{domain.AttributionUnbalanced, "account-a", 5_01, 5_00}}},
		{"a refund that closes with another sum than it paid is told", slices.Concat(
			said("account-a", frozen("f", "A", 5_00), attributed(1, lot(own, 5_00)), returned("f", 3_00, 2_00)),
			said("refund-r", executed("a", 3_00), event.RefundClosed{Returned: 2_00}),
		), []domain.Contradiction{{domain.ClosedUnequal, "refund-r", 3_00, 2_00}}},
		{
			"foreign money is told and left out", said("case-own", declared(1_00), event.LossTransferDeclared{Transfer: event.Transfer{Amount: 9_00}, Currency: "USD"}),
			[]domain.Contradiction{{domain.ForeignCurrency, "case-own", 0, 9_00}},
		},
		{
			"a sum beyond what can be is told and left out", said("case-own", declared(1_00), declared(1<<63-1)),
			[]domain.Contradiction{{domain.AmountOverflow, "case-own", 1_00, 1<<63 - 1}},
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := domain.Fold(own, slices.Values(c.said))
			if diff := cmp.Diff(c.want, got.Contradictions); diff != "" || got.Balanced {
				t.Errorf("balanced %t, (-want +got):\n%s", got.Balanced, diff)
			}
		})
	}
}

// Whatever a case looks like, its figures are the sums of its events, and no
// order of the streams makes them others.
func TestI74_FiguresAreTheSumsOfTheirEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1, 1_000_000_00)
		want := domain.Figures{Case: own, Balanced: true, Contradictions: []domain.Contradiction{}}
		var streams [][]domain.Said
		for range rapid.IntRange(0, 5).Draw(t, "transfers") {
			a := money.Fen(amount.Draw(t, "declared"))
			want.Reported += a
			streams = append(streams, said("case-own", declared(a)))
		}
		banks := map[identity.BankCode]bool{}
		for n := range rapid.IntRange(0, 8).Draw(t, "accounts") {
			id := identity.AccountID(fmt.Sprint(n))
			bank := identity.BankCode(fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "bank")))
			level := rapid.IntRange(1, 4).Draw(t, "level")
			balance, mine := money.Fen(amount.Draw(t, "balance")), money.Fen(0)
			if rapid.Bool().Draw(t, "mine") {
				mine = balance / 2
			}
			account := said("account-"+string(id), requested(bank, own, level), stopped(own, 1, level, balance), attributed(1, lot(own, mine), lot("", balance-mine)))
			want.AccountsRestrained, want.Stopped, want.Attributable, want.Levels = want.AccountsRestrained+1, want.Stopped+balance, want.Attributable+mine, max(want.Levels, level)
			if level == 1 {
				want.StoppedLevel1 += balance
			}
			banks[bank] = true
			if rapid.Bool().Draw(t, "frozen") {
				account = append(account, said("account-"+string(id), frozen("f", bank, balance))...)
				want.Frozen, want.RemainingFrozen = want.Frozen+balance, want.RemainingFrozen+balance
				if mine > 0 && rapid.Bool().Draw(t, "returned") {
					account = append(account, said("account-"+string(id), returned("f", mine, balance-mine))...)
					streams = append(streams, said("refund-"+string(id), executed(id, mine), event.RefundClosed{Returned: mine}))
					want.Returned, want.RemainingFrozen = want.Returned+mine, want.RemainingFrozen-mine
				}
			}
			streams = append(streams, account)
		}
		want.Banks = len(banks)
		order := rapid.Permutation(streams).Draw(t, "order")
		if diff := cmp.Diff(want, domain.Fold(own, slices.Values(slices.Concat(order...)))); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}
