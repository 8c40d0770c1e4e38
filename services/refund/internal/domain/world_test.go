package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

// The world of the tables: one case of one victim (p-1) who declared two
// transfers, frozen together on account mule at bank 1.
var (
	noon    = time.Date(2021, 8, 2, 4, 0, 0, 0, time.UTC) // 12:00 in China
	expires = time.Date(2022, 2, 2, 4, 0, 0, 0, time.UTC)

	victimA = account("victim-a", "102100099996")
	victimB = account("victim-b", "102100099996")
	mule    = account("mule", "103100000026")
	other   = account("other", "103100000026")

	li    = event.Officer{PoliceNo: "li", Unit: "440900000000", Level: identity.City}
	wang  = event.Officer{PoliceNo: "wang", Unit: "440900000000"}
	chief = event.Officer{PoliceNo: "zhao", Unit: "440900000000", Level: identity.City}
	chen  = event.Officer{PoliceNo: "chen", Unit: "440900000000"}

	hash = domain.Hash(chain.SM3{}.Hash)
)

func account(id string, bank identity.BankCode) event.Account {
	return event.Account{ID: identity.AccountID(id), Bank: bank, Kind: "01", Number: seal.Box{Subject: id}, Holder: seal.Box{Subject: id}}
}

func lot(transfer identity.TransferID, amount money.Fen) event.Lot {
	return event.Lot{Case: "c-1", Victim: "p-1", Transfer: transfer, Amount: amount}
}

// declared are the two transfers of the victim: 30,000.00 and 50,000.00 yuan.
func declared() []domain.Declared {
	return []domain.Declared{
		{Victim: "p-1", Transfer: event.Transfer{ID: "t-1", From: victimA, To: mule, Amount: 3_000_000, At: noon.Add(-48 * time.Hour)}},
		{Victim: "p-1", Transfer: event.Transfer{ID: "t-2", From: victimB, To: mule, Amount: 5_000_000, At: noon.Add(-47 * time.Hour)}},
	}
}

// freeze is a freeze of 100,000.00 yuan with 10,000.00 and 20,000.00 held of
// the two transfers; the rest is nobody's that is known.
func freeze() event.FreezeExecuted {
	return event.FreezeExecuted{
		Order: "f-1", Case: "c-1", CaseNo: "A4409000000002021070001", Account: mule, ExecutedAt: noon, ExpiresAt: expires,
		Applied: 10_000_000, Frozen: 10_000_000, Balance: 10_000_000, ResultCode: "0000",
		Attribution: event.FundsAttributed{
			Revision: 3, Method: event.DirectTimestamp, Exact: true, Credits: 4, Balance: 10_000_000,
			Reached: []event.Lot{lot("t-1", 3_000_000), lot("t-2", 5_000_000), {Amount: 7_000_000}},
			Held:    []event.Lot{lot("t-1", 1_000_000), lot("t-2", 2_000_000), {Amount: 7_000_000}},
			Left:    []event.Lot{lot("t-1", 2_000_000), lot("t-2", 3_000_000)},
		},
	}
}

func claim(transfer identity.TransferID, from event.Account, declared, held money.Fen, paid time.Time) event.Claim {
	return event.Claim{Victim: "p-1", Transfer: transfer, Original: from, Declared: declared, Reached: declared, Held: held, PaidAt: paid}
}

// opened is the procedure of that freeze.
func opened() event.RefundOpened {
	return event.RefundOpened{
		Procedure: "r-1", Case: "c-1", CaseNo: "A4409000000002021070001", Account: mule, FreezeOrder: "f-1", Frozen: 10_000_000,
		FreezeExpires: expires, Exact: true, Credits: 4, At: noon,
		Claims: []event.Claim{
			claim("t-1", victimA, 3_000_000, 1_000_000, noon.Add(-48*time.Hour)),
			claim("t-2", victimB, 5_000_000, 2_000_000, noon.Add(-47*time.Hour)),
		},
	}
}

// mixed is the same procedure on an account whose money no time stamp tells
// apart: what is held is shared by what had reached it.
func mixed() event.RefundOpened {
	o := opened()
	o.Exact = false
	return o
}

func informed() event.VictimInformedOfFreeze {
	return event.VictimInformedOfFreeze{Victim: "p-1", Via: "phone", By: li, At: noon}
}

func applied(transfer identity.TransferID, payee event.Account) event.RefundApplied {
	return event.RefundApplied{Victim: "p-1", Transfer: transfer, Payee: payee, PayeeOwner: "p-1", Officers: []event.Officer{li, wang}, At: noon}
}

func rows() []event.FlowRow {
	var rows []event.FlowRow
	for n, d := range declared() {
		rows = append(rows, event.FlowRow{Seq: n + 1, Level: 1, Transfer: d.Transfer, Carried: d.Transfer.Amount})
	}
	return rows
}

// flowTable is what the rules make of the rows.
func flowTable() event.FlowTableCompiled {
	return event.FlowTableCompiled{
		Version: 1, Rows: rows(), Hash: "d5d4b9ee0f5e2c36", By: li, CheckedBy: wang, At: noon,
	}
}

// history is what has happened, one part after the other.
type history []event.RefundEvent

func (h history) and(more ...event.RefundEvent) history {
	return append(slices.Clip(h), more...)
}

// ready is all up to the plan.
func ready(o event.RefundOpened) history {
	return history{o, informed(), applied("t-1", victimA), applied("t-2", victimB), flowTable()}
}

// does gives a command to a history and returns it with what follows.
func (h history) does(t *testing.T, cmd domain.Command) history {
	t.Helper()
	d := domain.Decider(hash)
	events, err := d.Decide(d.Replay(h...), cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return h.and(events...)
}

// state folds a history.
func (h history) state() domain.Procedure { return domain.Decider(hash).Replay(h...) }

// planned is a history with its plan.
func planned(t *testing.T, o event.RefundOpened) history {
	t.Helper()
	return ready(o).does(t, domain.ProposePlan{By: li, At: noon})
}

// reported is a history up to the report; a mixed account has had its notice.
func reported(t *testing.T, o event.RefundOpened) history {
	t.Helper()
	h := planned(t, o)
	if h.state().Plan.NoticeRequired {
		h = h.does(t, domain.PostNotice{Medium: "police-website", TextHash: "sm3-of-text", By: li, At: noon})
		h = h.does(t, domain.EndNotice{At: noticeEnd})
	}
	return h.does(t, domain.SubmitReport{By: li, At: noon})
}

// noticeEnd is the end of a notice posted on 2 August, 12:00 in China: it runs
// from 3 August to 1 September and is over as 2 September begins.
var noticeEnd = time.Date(2021, 9, 1, 16, 0, 0, 0, time.UTC)

// approved is a history up to the decision.
func approved(t *testing.T, o event.RefundOpened) history {
	t.Helper()
	return reported(t, o).does(t, domain.Approve{DecisionNo: "茂公返字〔2021〕1号", Approver: chief, At: noticeEnd})
}

// served is a history up to the notice at the bank.
func served(t *testing.T, o event.RefundOpened) history {
	t.Helper()
	return approved(t, o).does(t, domain.ServeNotice{Officers: []event.Officer{li, wang}, At: noticeEnd})
}
