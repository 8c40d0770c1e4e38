package domain_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"pgregory.net/rapid"
)

func payment(transfer identity.TransferID, payee event.Account, amount money.Fen) event.Payment {
	return event.Payment{ID: domain.PaymentID("r-1", transfer), Victim: "p-1", Transfer: transfer, Payee: payee, Amount: amount}
}

func TestI41_TwoOfficersServeTheNoticeAndNeitherIsTheApprover(t *testing.T) {
	h := approved(t, opened())
	by := func(o ...event.Officer) domain.ServeNotice { return domain.ServeNotice{Officers: o, At: noticeEnd} }
	notice := event.AssistNoticeServed{
		Case: "c-1", CaseNo: "A4409000000002021070001", Account: mule, Officers: []event.Officer{li, wang}, At: noticeEnd,
		Payments: []event.Payment{payment("t-1", victimA, 1_000_000), payment("t-2", victimB, 2_000_000)},
	}
	run(t,
		row{Rule: "two officers serve the notice with a payment for each line", Given: h, When: by(li, wang), Then: history{notice}},
		row{Rule: "one officer alone does not", Given: h, When: by(li), Err: domain.ErrTwoOfficers},
		row{Rule: "the same officer twice does not", Given: h, When: by(li, li), Err: domain.ErrTwoOfficers},
		row{Rule: "three do not", Given: h, When: by(li, wang, chen), Err: domain.ErrTwoOfficers},
		row{Rule: "an officer without a number does not", Given: h, When: by(li, event.Officer{}), Err: domain.ErrTwoOfficers},
		row{Rule: "the approver does not", Given: h, When: by(li, chief), Err: domain.ErrServerApproved},
		row{Rule: "a notice is served once", Given: served(t, opened()), When: by(li, wang), Err: domain.ErrServed},
		row{Rule: "what is not approved is not served", Given: reported(t, opened()), When: by(li, wang), Err: domain.ErrNotApproved},
	)
}

func TestI44_AfterTheLastPaymentTheRemainderStaysFrozenAndItsClockUnchanged(t *testing.T) {
	paidAt := noticeEnd.Add(time.Hour)
	pay := func(transfer identity.TransferID, amount money.Fen) domain.ReportPaid {
		return domain.ReportPaid{
			Payment: domain.PaymentID("r-1", transfer), Bank: mule.Bank, Amount: amount, Receipt: "HD-" + string(transfer), ExecutedAt: paidAt, At: paidAt,
		}
	}
	executed := func(transfer identity.TransferID, payee event.Account, amount money.Fen) event.RefundExecuted {
		return event.RefundExecuted{
			Payment: domain.PaymentID("r-1", transfer), Case: "c-1", Account: "mule", FreezeOrder: "f-1", Victim: "p-1", Transfer: transfer,
			Payee: payee, Amount: amount, BankReceipt: "HD-" + string(transfer), ExecutedAt: paidAt,
		}
	}
	one, two := executed("t-1", victimA, 1_000_000), executed("t-2", victimB, 2_000_000)
	kept := event.RemainderKeptFrozen{Amount: 7_000_000, ExpiresAt: time.Date(2022, 2, 2, 4, 0, 0, 0, time.UTC)}
	closed := event.RefundClosed{Returned: 3_000_000, Remainder: 7_000_000, At: paidAt}
	full := opened()
	full.Frozen = 3_000_000
	h := served(t, opened())
	all := h.and(one, two, kept, closed)
	foreign, unknown, again, mute, endless := pay("t-1", 1_000_000), pay("t-9", 1), pay("t-1", 1_000_000), pay("t-1", 1_000_000), pay("t-1", 1_000_000)
	foreign.Bank = "102100099996"
	again.Receipt = "HD-other"
	mute.Receipt = ""
	endless.Receipt = strings.Repeat("9", 65)
	run(t,
		row{Rule: "a payment is executed to the payee and leaves the other open", Given: h, When: pay("t-1", 1_000_000), Then: history{one}},
		row{Rule: "the last payment keeps the rest frozen until the freeze ends and closes the procedure", Given: h.and(one), When: pay("t-2", 2_000_000), Then: history{two, kept, closed}},
		row{Rule: "in whatever order the payments come", Given: h.and(two), When: pay("t-1", 1_000_000), Then: history{one, kept, closed}},
		row{Rule: "where all was returned nothing is kept", Given: served(t, full).and(one), When: pay("t-2", 2_000_000), Then: history{two, event.RefundClosed{Returned: 3_000_000, At: paidAt}}},
		row{Rule: "the same answer twice changes nothing", Given: h.and(one), When: pay("t-1", 1_000_000)},
		row{Rule: "nor does it after the closing", Given: all, When: pay("t-2", 2_000_000)},
		row{Rule: "another amount than the notice's is refused", Given: h, When: pay("t-1", 999_999), Err: domain.ErrAmountDiffers},
		row{Rule: "another amount is refused after the payment too", Given: h.and(one), When: pay("t-1", 2_000_000), Err: domain.ErrAmountDiffers},
		row{Rule: "another receipt for the same payment is refused", Given: h.and(one), When: again, Err: domain.ErrPaidAlready},
		row{Rule: "an answer without a receipt is refused", Given: h, When: mute, Err: domain.ErrReceipt},
		row{Rule: "a receipt of 65 characters is refused", Given: h, When: endless, Err: domain.ErrReceipt},
		row{Rule: "another bank does not answer", Given: h, When: foreign, Err: domain.ErrOtherBank},
		row{Rule: "an unknown notice is not answered", Given: h, When: unknown, Err: domain.ErrNoNotice},
		row{Rule: "before the notice was served there is none", Given: approved(t, opened()), When: pay("t-1", 1_000_000), Err: domain.ErrNoNotice},
	)
}

func TestABankThatCannotPayLeavesTheNoticeOpen(t *testing.T) {
	h := served(t, opened())
	cmd := domain.ReportFailed{Payment: domain.PaymentID("r-1", "t-1"), Bank: mule.Bank, Cause: "closed", At: noticeEnd}
	failed := event.RefundFailed{Payment: cmd.Payment, Cause: "closed", At: noticeEnd}
	paid := domain.ReportPaid{Payment: cmd.Payment, Bank: mule.Bank, Amount: 1_000_000, Receipt: "HD-t-1", ExecutedAt: noticeEnd, At: noticeEnd}
	prose, foreign, other := cmd, cmd, cmd
	prose.Cause = "the account of Mr Yang is closed"
	foreign.Bank = "102100099996"
	other.Cause = "technical"
	run(t,
		row{Rule: "a failure is kept", Given: h, When: cmd, Then: history{failed}},
		row{Rule: "the same failure again is the same", Given: h.and(failed), When: cmd},
		row{Rule: "another failure is another", Given: h.and(failed), When: other, Then: history{event.RefundFailed{Payment: cmd.Payment, Cause: "technical", At: noticeEnd}}},
		row{Rule: "a cause is a code and no prose", Given: h, When: prose, Err: domain.ErrCause},
		row{Rule: "another bank does not answer", Given: h, When: foreign, Err: domain.ErrOtherBank},
		row{Rule: "what was paid has not failed", Given: h.does(t, paid), When: cmd, Err: domain.ErrPaidAlready},
	)
	if got := h.and(failed).does(t, paid).state(); got.Returned != 1_000_000 {
		t.Errorf("after a failure the bank paid, and %d fen are returned", got.Returned)
	}
}

// drawOpened draws a procedure of any amounts.
func drawOpened(rt *rapid.T) event.RefundOpened {
	o := opened()
	o.Exact = rapid.Bool().Draw(rt, "exact")
	o.Credits = rapid.IntRange(1, 3).Draw(rt, "credits")
	o.Frozen = money.Fen(rapid.Int64Range(1, 10_000).Draw(rt, "frozen"))
	o.Claims = nil
	for n := range rapid.IntRange(1, 6).Draw(rt, "claims") {
		declared := rapid.Int64Range(1, 5_000).Draw(rt, "declared")
		reached := rapid.Int64Range(1, 6_000).Draw(rt, "reached")
		o.Claims = append(o.Claims, event.Claim{
			Victim: identity.PartyID(fmt.Sprintf("p-%d", n%2)), Transfer: identity.TransferID(fmt.Sprintf("t-%d", n)), Original: account(fmt.Sprintf("a-%d", n), "102100099996"),
			Declared: money.Fen(declared), Reached: money.Fen(reached), Held: money.Fen(rapid.Int64Range(1, reached).Draw(rt, "held")),
			PaidAt: noon.Add(time.Duration(n) * time.Minute),
		})
	}
	return o
}

func TestI30_I34_NoMoreIsEverReturnedThanWasFrozen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, h := domain.Decider(hash), history{drawOpened(rt)}
		give := func(cmd domain.Command) bool {
			events, err := d.Decide(d.Replay(h...), cmd)
			if err != nil {
				return false
			}
			h = h.and(events...)
			return true
		}
		officers := []event.Officer{li, wang}
		var flow []event.FlowRow
		claims := h.state().Claims
		for _, c := range claims {
			give(domain.InformVictim{Victim: c.Victim, Via: "phone", By: li, At: noon})
			if rapid.Bool().Draw(rt, "applies") {
				give(domain.Apply{Victim: c.Victim, Transfer: c.Transfer, Officers: officers, At: noon})
			}
			flow = append(flow, event.FlowRow{Transfer: event.Transfer{ID: c.Transfer, From: c.Original, To: mule, Amount: c.Declared, At: c.PaidAt}})
		}
		give(domain.CompileFlowTable{Rows: flow, By: li, CheckedBy: wang, At: noon})
		if !give(domain.ProposePlan{By: li, At: noon}) {
			return // nobody applied, or nothing to return
		}
		plan := h.state().Plan
		sum := plan.Remainder
		for _, l := range plan.Lines {
			sum += l.Refund
			if l.Refund < 0 || l.Refund > l.Loss {
				rt.Fatalf("refund %d of loss %d", l.Refund, l.Loss)
			}
		}
		if sum != plan.Frozen {
			rt.Fatalf("refunds and remainder add up to %d of %d", sum, plan.Frozen)
		}
		give(domain.PostNotice{Medium: "police-website", TextHash: "sm3-of-text", By: li, At: noon})
		give(domain.EndNotice{At: noticeEnd})
		give(domain.SubmitReport{By: li, At: noon})
		give(domain.Approve{DecisionNo: "1", Approver: chief, At: noticeEnd})
		if !give(domain.ServeNotice{Officers: officers, At: noticeEnd}) {
			rt.Fatalf("not served in stage %s", h.state().Stage())
		}
		pays := rapid.Permutation(h.state().Payments).Draw(rt, "order")
		for n, pay := range append(pays, pays...) { // each twice
			give(domain.ReportPaid{Payment: pay.ID, Bank: mule.Bank, Amount: pay.Amount, Receipt: "HD-" + pay.ID, ExecutedAt: noticeEnd, At: noticeEnd})
			if p := h.state(); p.Returned > p.Frozen || p.Returned+p.Remainder() != p.Frozen {
				rt.Fatalf("after %d answers %d of %d are returned", n+1, p.Returned, p.Frozen)
			}
		}
		if p := h.state(); !p.Closed || p.Returned != plan.Frozen-plan.Remainder {
			rt.Fatalf("closed %t, returned %d, planned %d", p.Closed, p.Returned, plan.Frozen-plan.Remainder)
		}
	})
}

func TestI30_APaymentBeyondWhatIsFrozenIsRefused(t *testing.T) {
	h := approved(t, opened()).and(event.AssistNoticeServed{Account: mule, Payments: []event.Payment{payment("t-1", victimA, 10_000_001)}, At: noticeEnd})
	run(t, row{
		Rule: "a notice of one fen more than is frozen is not paid from the frozen account", Given: h,
		When: domain.ReportPaid{Payment: domain.PaymentID("r-1", "t-1"), Bank: mule.Bank, Amount: 10_000_001, Receipt: "HD", ExecutedAt: noticeEnd, At: noticeEnd},
		Err:  domain.ErrExceedsFrozen,
	})
}

func TestI48_NoRefundEventHasAPlaceForAFee(t *testing.T) {
	for _, name := range event.RefundCodec().Names() {
		e, err := event.RefundCodec().Decode(name, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		noFee(t, name, reflect.TypeOf(e), map[reflect.Type]bool{})
	}
}

func noFee(t *testing.T, path string, typ reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Array, reflect.Map:
		noFee(t, path, typ.Elem(), seen)
	case reflect.Struct:
		if seen[typ] {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			for _, word := range []string{"fee", "charge", "commission", "deduct", "cost"} {
				if strings.Contains(strings.ToLower(f.Name+" "+f.Tag.Get("json")), word) {
					t.Errorf("%s.%s: a refund costs nothing (41号 art. 4)", path, f.Name)
				}
			}
			noFee(t, path+"."+f.Name, f.Type, seen)
		}
	default:
	}
}

func TestI62_AStoredHistoryFoldsToTheStateItHadWhenItWasMade(t *testing.T) {
	h := served(t, mixed())
	codec := event.RefundCodec()
	var stored history
	for _, e := range h {
		name, data, err := codec.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := codec.Decode(name, data)
		if err != nil {
			t.Fatal(err)
		}
		stored = stored.and(back)
	}
	if diff := cmp.Diff(h.state(), stored.state()); diff != "" {
		t.Errorf("read back from the log the procedure differs:\n%s", diff)
	}
}

func TestFoldingAnEventLeavesTheStateBeforeItAlone(t *testing.T) {
	h := served(t, opened())
	id := domain.PaymentID("r-1", "t-1")
	before := h.state()
	after := history{
		event.RefundFailed{Payment: id, Cause: "technical", At: noticeEnd},
		event.RefundExecuted{Payment: id, Victim: "p-1", Transfer: "t-1", Amount: 1_000_000, BankReceipt: "HD"},
		applied("t-1", other),
		event.RefundObjectionFiled{Objection: "o-1"},
		event.VictimInformedOfFreeze{Victim: "p-2"},
	}
	for _, e := range after {
		domain.Evolve(before, e)
	}
	if diff := cmp.Diff(h.state(), before); diff != "" {
		t.Errorf("folding an event changed the state before it:\n%s", diff)
	}
}
