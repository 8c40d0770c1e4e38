package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
	"pgregory.net/rapid"
)

type row = estest.Case[domain.Command, event.CaseEvent]

// The day of the table: 17 July 2021, 16:00 in China.
func noon() time.Time { return time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) }

func wang() event.Officer {
	return event.Officer{PoliceNo: "091001", Unit: "440982000000", Level: identity.County}
}

func li() event.Officer { return event.Officer{PoliceNo: "091002", Unit: "440982000000"} }

func chief() event.Officer {
	return event.Officer{PoliceNo: "090001", Unit: "440982000000", Level: identity.County}
}

func of(level identity.Level) event.Officer {
	c := chief()
	c.Level = level
	return c
}

func received() event.FraudReportReceived {
	return event.FraudReportReceived{
		Channel: "110", ReceivedAt: noon(), Urgency: "urgent", Unit: "440982000000", Operator: wang(), Investigator: li(),
	}
}

func victim() event.Party { return event.Party{ID: "victim", Kind: "person"} }

func paid(id identity.TransferID, fen money.Fen) domain.Declared {
	return domain.Declared{Transfer: event.Transfer{ID: id, Amount: fen, At: noon()}, Channel: "online"}
}

func declared(id identity.TransferID, fen money.Fen) event.LossTransferDeclared {
	return event.LossTransferDeclared{Transfer: paid(id, fen).Transfer, Victim: "victim", Currency: "CNY", Channel: "online"}
}

// report is a report that can be taken in, but for what edit does to it.
func report(edit func(*domain.Report)) domain.Report {
	r := domain.Report{
		Received: received(), Victim: victim(), Transfers: []domain.Declared{paid("t1", 4_830_000_00)}, ReceiptNo: "S1", At: noon(),
	}
	edit(&r)
	return r
}

func asItIs(*domain.Report) {}

// reported is what follows from that report.
func reported(more ...event.CaseEvent) []event.CaseEvent {
	return append([]event.CaseEvent{
		received(),
		event.VictimIdentified{Victim: victim()},
		declared("t1", 4_830_000_00),
		event.IntakeReceiptIssued{ReceiptNo: "S1", At: noon()},
	}, more...)
}

func proposed() event.CaseFilingProposed { return event.CaseFilingProposed{By: wang(), At: noon()} }

func filed() event.CaseFiled {
	return event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "化公立字〔2021〕1号", Approver: chief(), At: noon()}
}

func TestTakingInAReport(t *testing.T) {
	many := make([]domain.Declared, 201)
	for n := range many {
		many[n] = paid(identity.TransferID(rune('a'+n)), 1)
	}
	estest.Run(t, domain.Decider(), []row{
		{
			Rule: "a report gives the victim, the transfers and the receipt, in this order",
			When: report(asItIs), Then: reported(),
		},
		{
			Rule: "a report that names the kind of fraud classifies the case as well",
			When: report(func(r *domain.Report) { r.FraudType = "07" }),
			Then: reported(event.FraudTypeClassified{Code: "07", TaxonomyVersion: "mps-2024-06", By: wang()}),
		},
		{
			Rule: "two transfers are declared in the order in which they were told",
			When: report(func(r *domain.Report) { r.Transfers = append(r.Transfers, paid("t2", 100)) }),
			Then: []event.CaseEvent{
				received(),
				event.VictimIdentified{Victim: victim()},
				declared("t1", 4_830_000_00), declared("t2", 100),
				event.IntakeReceiptIssued{ReceiptNo: "S1", At: noon()},
			},
		},
		{Rule: "a case is reported once", Given: reported(), When: report(asItIs), Err: domain.ErrReported},
		{
			Rule: "a report without a transfer has nothing that could be stopped",
			When: report(func(r *domain.Report) { r.Transfers = nil }), Err: domain.ErrNoTransfer,
		},
		{
			Rule: "a report declares at most 200 transfers",
			When: report(func(r *domain.Report) { r.Transfers = many }), Err: domain.ErrTooMany,
		},
		{
			Rule: "the same transfer is not declared twice in one report",
			When: report(func(r *domain.Report) { r.Transfers = append(r.Transfers, paid("t1", 4_830_000_00)) }), Err: domain.ErrTwice,
		},
		{
			Rule: "a report with an unknown kind of fraud is refused as a whole",
			When: report(func(r *domain.Report) { r.FraudType = "77" }), Err: domain.ErrUnknownType.At("/fraudType"),
		},
		{
			Rule: "urgency is normal or urgent and nothing else",
			When: report(func(r *domain.Report) { r.Received.Urgency = "later" }), Err: domain.ErrUrgency,
		},
	})
}

func TestI05_AReportHasTwoDifferentOfficers(t *testing.T) {
	estest.Run(t, domain.Decider(), []row{
		{
			Rule: "a report without an operator is refused",
			When: report(func(r *domain.Report) { r.Received.Operator = event.Officer{} }), Err: domain.ErrTwoOfficers,
		},
		{
			Rule: "a report without an investigator is refused",
			When: report(func(r *domain.Report) { r.Received.Investigator = event.Officer{} }), Err: domain.ErrTwoOfficers,
		},
		{
			Rule: "an investigator without a police ID is none",
			When: report(func(r *domain.Report) { r.Received.Investigator = event.Officer{Unit: "440982000000"} }), Err: domain.ErrTwoOfficers,
		},
		{
			Rule: "the operator is not his own investigator, not even under the code of another unit",
			When: report(func(r *domain.Report) {
				r.Received.Investigator = event.Officer{PoliceNo: wang().PoliceNo, Unit: "440900000000"}
			}), Err: domain.ErrTwoOfficers,
		},
	})
}

func TestI11_SoftFindingsAreKeptAndNeverRefuse(t *testing.T) {
	luhn := []event.Warning{{Code: identity.WarnCardNoLuhn, Pointer: "/transfers/0/to/number"}}
	phone := []event.Warning{{Code: identity.WarnPhoneNotMobile, Pointer: "/victim/phone"}}
	retired := []event.Warning{{Code: identity.WarnDivisionRetired, Pointer: "/unit"}}
	withUnit, withCard := received(), declared("t1", 4_830_000_00)
	withUnit.Warnings, withCard.Warnings = retired, luhn
	estest.Run(t, domain.Decider(), []row{{
		Rule: "a report in which every soft check fails is taken in, with each finding where it belongs",
		When: report(func(r *domain.Report) {
			r.Received.Warnings, r.VictimWarnings, r.Transfers[0].Warnings = retired, phone, luhn
		}),
		Then: []event.CaseEvent{
			withUnit,
			event.VictimIdentified{Victim: victim(), Warnings: phone},
			withCard,
			event.IntakeReceiptIssued{ReceiptNo: "S1", At: noon()},
		},
	}})
}

func TestDeclaringAndClassifying(t *testing.T) {
	estest.Run(t, domain.Decider(), []row{
		{
			Rule: "a transfer that the victim remembers later belongs to the same victim", Given: reported(),
			When: domain.DeclareTransfer{Declared: paid("t2", 50)}, Then: []event.CaseEvent{declared("t2", 50)},
		},
		{
			Rule: "a transfer is declared once", Given: reported(),
			When: domain.DeclareTransfer{Declared: paid("t1", 50)}, Err: domain.ErrTwice,
		},
		{
			Rule: "nothing is declared in a case that nobody has reported",
			When: domain.DeclareTransfer{Declared: paid("t2", 50)}, Err: domain.ErrNoCase,
		},
		{
			Rule: "a case can be classified anew", Given: reported(event.FraudTypeClassified{Code: "07"}),
			When: domain.Classify{Code: "08", By: li()},
			Then: []event.CaseEvent{event.FraudTypeClassified{Code: "08", TaxonomyVersion: "mps-2024-06", By: li()}},
		},
		{
			Rule: "the same class again changes nothing", Given: reported(event.FraudTypeClassified{Code: "07"}),
			When: domain.Classify{Code: "07", By: li()},
		},
		{
			Rule: "a code that is not in the ministry's list is refused", Given: reported(),
			When: domain.Classify{Code: "11", By: li()}, Err: domain.ErrUnknownType.At("/code"),
		},
		{Rule: "nothing is classified in a case that nobody has reported", When: domain.Classify{Code: "07", By: li()}, Err: domain.ErrNoCase},
	})
}

func TestI69_TheDeclaredTotalIsWholeFenAndNeverOverflows(t *testing.T) {
	estest.Run(t, domain.Decider(), []row{
		{
			Rule:  "a transfer that lifts the total to the limit is taken",
			Given: reported(), When: domain.DeclareTransfer{Declared: paid("t2", money.Max-4_830_000_00)},
			Then: []event.CaseEvent{declared("t2", money.Max-4_830_000_00)},
		},
		{
			Rule:  "one fen more is refused",
			Given: reported(), When: domain.DeclareTransfer{Declared: paid("t2", money.Max-4_830_000_00+1)}, Err: domain.ErrTotal,
		},
		{
			Rule:  "a sum beyond 64 bits is refused and does not wrap around",
			Given: reported(), When: domain.DeclareTransfer{Declared: paid("t2", 1<<63-1)}, Err: domain.ErrTotal,
		},
	})
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(1, int64(money.Max)), 1, 20).Draw(t, "fen")
		r := report(func(r *domain.Report) { r.Transfers = nil })
		want, fits := money.Fen(0), true
		for n, fen := range amounts {
			r.Transfers = append(r.Transfers, paid(identity.TransferID(rune('a'+n)), money.Fen(fen)))
			want += money.Fen(fen) // twenty of the largest stay far below 2^63
			fits = fits && want <= money.Max
		}
		events, err := domain.Decide(domain.Case{}, r)
		if fits != (err == nil) {
			t.Fatalf("total %d: %v", want, err)
		}
		if got := domain.Decider().Replay(events...).Declared; fits && got != want {
			t.Fatalf("declared %d, want %d", got, want)
		}
	})
}

func TestI20_FilingTakesAChiefOfCountyLevelOrAboveWhoDidNotPropose(t *testing.T) {
	file := func(approver event.Officer) domain.FileCase {
		return domain.FileCase{CaseNo: filed().CaseNo, DecisionNo: filed().DecisionNo, Approver: approver, At: noon()}
	}
	by := func(level identity.Level) event.CaseFiled {
		f := filed()
		f.Approver = of(level)
		return f
	}
	ready := reported(proposed())
	estest.Run(t, domain.Decider(), []row{
		{Rule: "a chief at county level files", Given: ready, When: file(of(identity.County)), Then: []event.CaseEvent{by(identity.County)}},
		{Rule: "so does one at city level", Given: ready, When: file(of(identity.City)), Then: []event.CaseEvent{by(identity.City)}},
		{Rule: "so does one at provincial level", Given: ready, When: file(of(identity.Province)), Then: []event.CaseEvent{by(identity.Province)}},
		{Rule: "a chief of a station does not file", Given: ready, When: file(of(identity.Station)), Err: domain.ErrApproverLevel},
		{Rule: "someone whose level is not known does not file", Given: ready, When: file(of("")), Err: domain.ErrApproverLevel},
		{Rule: "the proposer does not decide on his own proposal", Given: ready, When: file(wang()), Err: domain.ErrSelfApproval},
		{Rule: "what nobody has proposed is not filed", Given: reported(), When: file(chief()), Err: domain.ErrNotProposed},
		{Rule: "a case is filed once", Given: reported(proposed(), filed()), When: file(chief()), Err: domain.ErrFiled},
		{Rule: "a case that nobody has reported is not filed", When: file(chief()), Err: domain.ErrNoCase},
		{
			Rule: "a filing names the decision", Given: ready,
			When: domain.FileCase{CaseNo: filed().CaseNo, Approver: chief(), At: noon()}, Err: domain.ErrDecisionNumber,
		},
	})
}

func TestProposingAndDeclining(t *testing.T) {
	refusal := event.CaseFilingDeclined{
		Approver: chief(), Reason: "minor", At: noon(),
		NoticeDue: time.Date(2021, 7, 20, 16, 0, 0, 0, time.UTC), // as 21 July begins in China
	}
	decline := domain.DeclineFiling{Approver: chief(), Reason: "minor", At: noon()}
	estest.Run(t, domain.Decider(), []row{
		{Rule: "a reported case can be proposed", Given: reported(), When: domain.ProposeFiling{By: wang(), At: noon()}, Then: []event.CaseEvent{proposed()}},
		{Rule: "proposing again changes nothing", Given: reported(proposed()), When: domain.ProposeFiling{By: li(), At: noon()}},
		{Rule: "what is filed is not proposed", Given: reported(proposed(), filed()), When: domain.ProposeFiling{By: wang(), At: noon()}, Err: domain.ErrFiled},
		{Rule: "what nobody has reported is not proposed", When: domain.ProposeFiling{By: wang(), At: noon()}, Err: domain.ErrNoCase},
		{Rule: "a refusal sets the three days for its notice, the day itself not counted", Given: reported(proposed()), When: decline, Then: []event.CaseEvent{refusal}},
		{Rule: "a refusal ends the proposal", Given: reported(proposed(), refusal), When: decline, Err: domain.ErrNotProposed},
		{
			Rule: "after a refusal the case can be proposed again", Given: reported(proposed(), refusal),
			When: domain.ProposeFiling{By: wang(), At: noon()}, Then: []event.CaseEvent{proposed()},
		},
		{
			Rule: "the proposer does not refuse his own proposal", Given: reported(proposed()),
			When: domain.DeclineFiling{Approver: wang(), Reason: "minor", At: noon()}, Err: domain.ErrSelfApproval,
		},
		{
			Rule: "a chief of a station does not refuse", Given: reported(proposed()),
			When: domain.DeclineFiling{Approver: of(identity.Station), Reason: "minor", At: noon()}, Err: domain.ErrApproverLevel,
		},
		{Rule: "what is filed is not refused", Given: reported(proposed(), filed()), When: decline, Err: domain.ErrFiled},
	})
}

func TestI70_TheReceiptShowsTheDayInChina(t *testing.T) {
	id := identity.CaseID("1f2e3d4c-0000-5000-8000-000000000000")
	got := map[string]string{}
	for _, at := range []string{"2021-07-17T15:59:59Z", "2021-07-17T16:00:00Z", "2021-12-31T16:00:00Z"} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got[at] = domain.ReceiptNo("440982000000", id, moment)
	}
	want := map[string]string{
		"2021-07-17T15:59:59Z": "S440982202107171F2E3D4C", // one second to midnight in China
		"2021-07-17T16:00:00Z": "S440982202107181F2E3D4C", // midnight
		"2021-12-31T16:00:00Z": "S440982202201011F2E3D4C", // the new year has begun
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A history of any commands keeps its promises: one report, one filing, and
// the total is the sum of what was declared.
func TestAnyHistoryKeepsItsPromises(t *testing.T) {
	commands := rapid.OneOf(
		rapid.Just[domain.Command](report(asItIs)),
		rapid.Just[domain.Command](domain.ProposeFiling{By: wang(), At: noon()}),
		rapid.Just[domain.Command](domain.FileCase{CaseNo: filed().CaseNo, DecisionNo: "1", Approver: chief(), At: noon()}),
		rapid.Just[domain.Command](domain.FileCase{CaseNo: filed().CaseNo, DecisionNo: "1", Approver: wang(), At: noon()}),
		rapid.Just[domain.Command](domain.DeclineFiling{Approver: chief(), Reason: "minor", At: noon()}),
		rapid.Map(rapid.IntRange(0, 5), func(n int) domain.Command {
			return domain.DeclareTransfer{Declared: paid(identity.TransferID(rune('a'+n)), money.Fen(n+1))}
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		state, reports, filings, total := domain.Case{}, 0, 0, money.Fen(0)
		for _, cmd := range rapid.SliceOfN(commands, 1, 30).Draw(t, "commands") {
			events, err := domain.Decide(state, cmd)
			if err != nil && len(events) > 0 {
				t.Fatalf("%T is refused, and yet %d events", cmd, len(events))
			}
			for _, e := range events {
				state = domain.Evolve(state, e)
				switch e := e.(type) {
				case event.FraudReportReceived:
					reports++
				case event.CaseFiled:
					filings++
					if e.Approver.PoliceNo == state.Proposer.PoliceNo {
						t.Fatal("the proposer has filed")
					}
				case event.LossTransferDeclared:
					total += e.Transfer.Amount
				case event.VictimIdentified, event.IntakeReceiptIssued, event.FraudTypeClassified, event.CaseFilingProposed, event.CaseFilingDeclined:
				}
			}
		}
		if reports > 1 || filings > 1 || (filings == 1) != state.Filed() || total != state.Declared {
			t.Fatalf("%d reports, %d filings, declared %d of %d", reports, filings, state.Declared, total)
		}
	})
}

func TestTheSameMovementIsDeclaredOnce(t *testing.T) {
	first, again := paid("t1", 50), paid("t2", 50)
	first.Transfer.Serial, again.Transfer.Serial = "S1", "S1"
	declared := func(d domain.Declared) event.LossTransferDeclared {
		return event.LossTransferDeclared{Transfer: d.Transfer, Currency: event.CNY, Channel: d.Channel, Warnings: d.Warnings}
	}
	bare := paid("t3", 50)
	doubt := declared(paid("t4", 50))
	doubt.Warnings = append(doubt.Warnings, event.Warning{Code: "transfer-possibly-twice"})
	estest.Run(t, domain.Decider(), []row{
		{
			Rule:  "under one serial number it is the same one, whatever it is called",
			Given: []event.CaseEvent{event.FraudReportReceived{}, declared(first)}, When: domain.DeclareTransfer{Declared: again}, Err: domain.ErrTwice,
		},
		{
			Rule:  "without a serial number it is kept, and the officer is told",
			Given: []event.CaseEvent{event.FraudReportReceived{}, declared(bare)}, When: domain.DeclareTransfer{Declared: paid("t4", 50)},
			Then: []event.CaseEvent{doubt},
		},
	})
}
