package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
	"pgregory.net/rapid"
)

type row = estest.Case[domain.Command, event.AlertEvent]

const station, other identity.Unit = "440982530000", "440982540000"

func at(minutes int) time.Time {
	return time.Date(2021, 6, 3, 7, 29, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func table() domain.Table {
	return domain.Table{
		Version: "table-1", Grades: map[string]event.AlertLevel{"高": event.High, "低": event.Low},
		Limits: map[event.AlertLevel]domain.ActionLimits{
			event.High: {Sign: 5 * time.Minute, Contact: 15 * time.Minute},
			event.Low:  {Sign: 120 * time.Minute, Contact: 1440 * time.Minute},
		},
	}
}

func decider() es.Decider[domain.Alert, domain.Command, event.AlertEvent] {
	return domain.Decider(table())
}

func chen() event.Officer { return event.Officer{PoliceNo: "091001", Unit: station, Level: "station"} }
func lin() event.Officer  { return event.Officer{PoliceNo: "091002", Unit: station} }

func stranger() event.Officer { return event.Officer{PoliceNo: "099001", Unit: other} }

func order() domain.Import {
	return domain.Import{
		Supplier: "ministry", ExternalID: "W-1", Grade: "高", Subject: event.Party{ID: "subject"}, FraudType: "08", SignalAt: at(0), PayloadHash: "h1",
	}
}

func id() identity.AlertID {
	return identity.AlertID(identity.Derive("alert", "ministry", "W-1").String())
}

func imported(more ...event.AlertEvent) []event.AlertEvent {
	return append([]event.AlertEvent{
		event.WarningOrderImported{
			Supplier: "ministry", ExternalID: "W-1", Grade: "高", Subject: event.Party{ID: "subject"}, FraudType: "08", SignalAt: at(0), PayloadHash: "h1",
		},
		event.WarningGraded{Level: event.High, RuleVersion: "table-1", Reasons: []string{"supplier-grade"}},
	}, more...)
}

// What can happen to the alert.
func dispatched() event.WarningDispatched {
	return event.WarningDispatched{To: station, SignDue: at(6), ContactDue: at(16)} // sent out in minute 1
}
func signed() event.WarningSigned { return event.WarningSigned{By: chen(), At: at(3)} }
func called(result string) event.ContactAttempted {
	return event.ContactAttempted{Channel: "phone", Target: "self", Result: result, By: []event.Officer{chen()}, At: at(4)}
}

func persuaded() event.DissuasionDelivered {
	return event.DissuasionDelivered{State: "convinced", NoticeSigned: true, By: []event.Officer{chen(), lin()}, At: at(30)}
}

func transfer(fen money.Fen) event.Transfer {
	return event.Transfer{ID: "t1", Amount: fen, At: at(-60)}
}

func paid() event.PaymentDiscovered {
	return event.PaymentDiscovered{
		Alert: id(), Case: domain.CaseOf(id()), Victim: event.Party{ID: "subject"}, Transfers: []event.Transfer{transfer(230_000_00)},
		FraudType: "08", Operator: chen(), Investigator: lin(), At: at(20),
	}
}

func breached(clock string, due int) event.WarningBreached {
	return event.WarningBreached{Clock: clock, DueAt: at(due)}
}

func closed(outcome string) event.WarningClosed {
	return event.WarningClosed{Outcome: outcome, By: chen(), At: at(60)}
}

func TestImportingAnOrder(t *testing.T) {
	changed := func(edit func(*domain.Import)) domain.Import {
		o := order()
		edit(&o)
		return o
	}
	estest.Run(t, decider(), []row{
		{Rule: "an order is graded at once by the city's table", When: order(), Then: imported()},
		{
			Rule: "an order of an unknown grade is high, and says why; the text itself is not kept (I64)",
			When: changed(func(o *domain.Import) { o.Grade = "橙" }),
			Then: []event.AlertEvent{
				event.WarningOrderImported{
					Supplier: "ministry", ExternalID: "W-1", Subject: event.Party{ID: "subject"}, FraudType: "08", SignalAt: at(0), PayloadHash: "h1",
				},
				event.WarningGraded{Level: event.High, RuleVersion: "table-1", Reasons: []string{"grade-unknown"}},
			},
		},
		{Rule: "the same order again changes nothing", Given: imported(), When: order()},
		{Rule: "the same order again changes nothing even when the alert is closed", Given: imported(closed("duplicate")), When: order()},
		{
			Rule: "the same number with another content is refused", Given: imported(),
			When: changed(func(o *domain.Import) { o.PayloadHash = "h2" }), Err: domain.ErrDifferently,
		},
		{Rule: "an order without a supplier is refused", When: changed(func(o *domain.Import) { o.Supplier = "" }), Err: domain.ErrName},
		{Rule: "an order without a number is refused", When: changed(func(o *domain.Import) { o.ExternalID = "" }), Err: domain.ErrName},
		{Rule: "a number with a control character is refused", When: changed(func(o *domain.Import) { o.ExternalID = "W\x1f1" }), Err: domain.ErrName},
		{Rule: "a supplier in free text is refused", When: changed(func(o *domain.Import) { o.Supplier = "省反诈中心" }), Err: domain.ErrName},
		{Rule: "a fraud type that is no code is refused", When: changed(func(o *domain.Import) { o.FraudType = "a b" }), Err: domain.ErrFraudType},
		{Rule: "nor is one of nine characters", When: changed(func(o *domain.Import) { o.FraudType = "123456789" }), Err: domain.ErrFraudType},
		{Rule: "a number of 65 bytes is refused", When: changed(func(o *domain.Import) { o.ExternalID = strings.Repeat("9", 65) }), Err: domain.ErrName},
	})
}

func TestI11_AnOrderIsTakenEvenIfEverySoftCheckFails(t *testing.T) {
	odd := []event.Warning{{Code: identity.WarnPhoneNotMobile, Pointer: "/subject/phone"}}
	o, kept := order(), imported()
	o.Warnings = odd
	first, ok := kept[0].(event.WarningOrderImported)
	if !ok {
		t.Fatal("the first event is no import")
	}
	first.Warnings = odd
	kept[0] = first
	estest.Run(t, decider(), []row{{Rule: "the finding is kept with the order", When: o, Then: kept}})
}

func TestDispatchingAndSigning(t *testing.T) {
	estest.Run(t, decider(), []row{
		{
			Rule: "a dispatch starts the clocks of the level: 5 minutes to sign, 15 to make contact", Given: imported(),
			When: domain.Dispatch{To: station, At: at(1)}, Then: []event.AlertEvent{dispatched()},
		},
		{
			Rule: "a low level has its own limits: 2 hours and a day",
			Given: []event.AlertEvent{
				event.WarningOrderImported{Supplier: "ministry", ExternalID: "W-1"}, event.WarningGraded{Level: event.Low},
			},
			When: domain.Dispatch{To: station, At: at(1)},
			Then: []event.AlertEvent{event.WarningDispatched{To: station, SignDue: at(121), ContactDue: at(1441)}},
		},
		{Rule: "dispatching to the same station again changes nothing", Given: imported(dispatched()), When: domain.Dispatch{To: station, At: at(4)}},
		{
			Rule: "another station gets the clocks as they run, not new ones", Given: imported(dispatched()),
			When: domain.Dispatch{To: other, At: at(4)},
			Then: []event.AlertEvent{event.WarningDispatched{To: other, SignDue: at(6), ContactDue: at(16)}},
		},
		{Rule: "what a station has signed is not sent elsewhere", Given: imported(dispatched(), signed()), When: domain.Dispatch{To: other, At: at(4)}, Err: domain.ErrSigned},
		{Rule: "what nobody has imported is not dispatched", When: domain.Dispatch{To: station, At: at(1)}, Err: domain.ErrNoAlert},
		{Rule: "the station signs", Given: imported(dispatched()), When: domain.Sign{By: chen(), At: at(3)}, Then: []event.AlertEvent{signed()}},
		{Rule: "late is better than never", Given: imported(dispatched(), breached("sign", 6)), When: domain.Sign{By: chen(), At: at(3)}, Then: []event.AlertEvent{signed()}},
		{Rule: "another unit does not sign for the station", Given: imported(dispatched()), When: domain.Sign{By: stranger(), At: at(3)}, Err: domain.ErrOtherUnit},
		{Rule: "an alert is signed once", Given: imported(dispatched(), signed()), When: domain.Sign{By: lin(), At: at(4)}, Err: domain.ErrSigned},
		{Rule: "what was not dispatched is not signed", Given: imported(), When: domain.Sign{By: chen(), At: at(3)}, Err: domain.ErrNotDispatched},
	})
}

func TestReachingTheSubject(t *testing.T) {
	call := domain.Contact{Channel: "phone", Target: "self", Result: "busy", By: chen(), At: at(4)}
	withSelf := call
	withSelf.Partner = chen()
	talk := domain.Dissuade{State: "convinced", NoticeSigned: true, By: chen(), Partner: lin(), At: at(30)}
	alone := talk
	alone.Partner = chen()
	estest.Run(t, decider(), []row{
		{Rule: "a busy line is an attempt like any other", Given: imported(dispatched()), When: call, Then: []event.AlertEvent{called("busy")}},
		{Rule: "an attempt needs no dispatch: the centre calls first", Given: imported(), When: call, Then: []event.AlertEvent{called("busy")}},
		{Rule: "nobody is his own partner", Given: imported(), When: withSelf, Err: domain.ErrPartner},
		{Rule: "who was reached can be dissuaded", Given: imported(called("reached")), When: talk, Then: []event.AlertEvent{persuaded()}},
		{Rule: "who was not reached cannot", Given: imported(called("busy"), called("unanswered")), When: talk, Err: domain.ErrNotReached},
		{Rule: "nobody dissuades as his own partner", Given: imported(called("reached")), When: alone, Err: domain.ErrPartner},
	})
}

func TestI53_ADoorVisitTakesTwoOfficers(t *testing.T) {
	visit := domain.Contact{Channel: "door", Target: "self", Result: "reached", By: chen(), At: at(4)}
	twice, pair := visit, visit
	twice.Partner, pair.Partner = event.Officer{PoliceNo: chen().PoliceNo, Unit: other}, lin()
	estest.Run(t, decider(), []row{
		{Rule: "nobody goes to the door alone", Given: imported(), When: visit, Err: domain.ErrDoor},
		{Rule: "one officer under two units is still one", Given: imported(), When: twice, Err: domain.ErrDoor},
		{
			Rule: "two different officers go", Given: imported(), When: pair,
			Then: []event.AlertEvent{event.ContactAttempted{
				Channel: "door", Target: "self", Result: "reached", By: []event.Officer{chen(), lin()}, At: at(4),
			}},
		},
	})
}

func discover(edit func(*domain.DiscoverPayment)) domain.DiscoverPayment {
	d := domain.DiscoverPayment{
		Transfers: []event.Transfer{transfer(230_000_00)}, Operator: chen(), Investigator: lin(), At: at(20),
	}
	edit(&d)
	return d
}

func TestI05_APaymentTakesTwoDifferentOfficers(t *testing.T) {
	estest.Run(t, decider(), []row{
		{
			Rule: "with two officers the payment names the case that it opens", Given: imported(),
			When: discover(func(*domain.DiscoverPayment) {}), Then: []event.AlertEvent{paid()},
		},
		{
			Rule: "without an investigator it is refused", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) { d.Investigator = event.Officer{} }), Err: domain.ErrTwoOfficers,
		},
		{
			Rule: "the operator is not his own investigator", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) { d.Investigator = chen() }), Err: domain.ErrTwoOfficers,
		},
		{
			Rule: "without an operator it is refused", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) { d.Operator = event.Officer{} }), Err: domain.ErrTwoOfficers,
		},
	})
}

func TestDiscoveringAPayment(t *testing.T) {
	estest.Run(t, decider(), []row{
		{Rule: "a payment has a transfer", Given: imported(), When: discover(func(d *domain.DiscoverPayment) { d.Transfers = nil }), Err: domain.ErrNoTransfer},
		{
			Rule: "a payment has at most 200 transfers", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) { d.Transfers = make([]event.Transfer, 201) }), Err: domain.ErrTooMany,
		},
		{
			Rule: "transfers that add up to more than can be are refused", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) {
				d.Transfers = []event.Transfer{transfer(money.Max), transfer(1)}
			}), Err: domain.ErrTotal,
		},
		{
			Rule: "a sum beyond 64 bits is refused and does not wrap around", Given: imported(),
			When: discover(func(d *domain.DiscoverPayment) {
				d.Transfers = []event.Transfer{transfer(1<<63 - 1), transfer(1<<63 - 1)}
			}), Err: domain.ErrTotal,
		},
		{Rule: "one alert opens one case", Given: imported(paid()), When: discover(func(*domain.DiscoverPayment) {}), Err: domain.ErrPaidAlready},
		{Rule: "what nobody has imported has no payment", When: discover(func(*domain.DiscoverPayment) {}), Err: domain.ErrNoAlert},
	})
}

func TestClosing(t *testing.T) {
	as := func(outcome string) domain.Close { return domain.Close{Outcome: outcome, By: chen(), At: at(60)} }
	estest.Run(t, decider(), []row{
		{Rule: "who was dissuaded is done with", Given: imported(called("reached"), persuaded()), When: as("dissuaded"), Then: []event.AlertEvent{closed("dissuaded")}},
		{Rule: "nobody is dissuaded by a call alone", Given: imported(called("reached")), When: as("dissuaded"), Err: domain.ErrNotDissuaded},
		{Rule: "nobody is given up whom nobody has tried to reach", Given: imported(dispatched(), signed()), When: as("not-found"), Err: domain.ErrNoContact},
		{Rule: "nobody is dissuaded whom nobody has tried to reach", Given: imported(), When: as("dissuaded"), Err: domain.ErrNoContact},
		{Rule: "after an attempt the subject can be given up", Given: imported(called("powered-off")), When: as("not-found"), Then: []event.AlertEvent{closed("not-found")}},
		{Rule: "an order that does not fit is closed without a call", Given: imported(), When: as("mismatch"), Then: []event.AlertEvent{closed("mismatch")}},
		{Rule: "an order that came before is closed without a call", Given: imported(), When: as("duplicate"), Then: []event.AlertEvent{closed("duplicate")}},
		{Rule: "paid is an outcome only after a payment", Given: imported(called("reached")), When: as("paid"), Err: domain.ErrNotPaid},
		{Rule: "after a payment and a contact the outcome is paid", Given: imported(called("reached"), paid()), When: as("paid"), Then: []event.AlertEvent{closed("paid")}},
		{Rule: "after a payment nobody counts as dissuaded", Given: imported(called("reached"), persuaded(), paid()), When: as("dissuaded"), Err: domain.ErrPaid},
		{Rule: "after a payment the alert is no mismatch either", Given: imported(paid()), When: as("mismatch"), Err: domain.ErrPaid},
		{Rule: "an outcome that the figures do not know is refused", Given: imported(called("reached")), When: as("done"), Err: domain.ErrOutcome},
	})
}

func TestAClosedAlertRefusesEverything(t *testing.T) {
	given := imported(dispatched(), called("reached"), persuaded(), closed("dissuaded"))
	var rows []row
	for rule, cmd := range map[string]domain.Command{
		"a closed alert is not dispatched": domain.Dispatch{To: other, At: at(70)},
		"a closed alert is not signed":     domain.Sign{By: chen(), At: at(70)},
		"a closed alert takes no contact":  domain.Contact{Channel: "phone", Target: "self", Result: "reached", By: chen(), At: at(70)},
		"a closed alert takes no talk":     domain.Dissuade{State: "convinced", By: chen(), At: at(70)},
		"a closed alert takes no payment":  discover(func(*domain.DiscoverPayment) {}),
		"a closed alert is not closed":     domain.Close{Outcome: "dissuaded", By: chen(), At: at(70)},
	} {
		rows = append(rows, row{Rule: rule, Given: given, When: cmd, Err: domain.ErrClosed})
	}
	rows = append(rows, row{Rule: "a clock of a closed alert tells nothing", Given: given, When: domain.Breach{Clock: "sign", At: at(70)}})
	estest.Run(t, decider(), rows)
}

func TestAClockThatRunsOutSaysSoOnce(t *testing.T) {
	estest.Run(t, decider(), []row{
		{Rule: "five minutes without a signature are a breach", Given: imported(dispatched()), When: domain.Breach{Clock: "sign", At: at(6)}, Then: []event.AlertEvent{breached("sign", 6)}},
		{Rule: "a breach names when it was due, however late it is noticed", Given: imported(dispatched()), When: domain.Breach{Clock: "contact", At: at(999)}, Then: []event.AlertEvent{breached("contact", 16)}},
		{Rule: "before the time there is no breach", Given: imported(dispatched()), When: domain.Breach{Clock: "sign", At: at(6).Add(-time.Nanosecond)}},
		{Rule: "a breach is told once", Given: imported(dispatched(), breached("sign", 6)), When: domain.Breach{Clock: "sign", At: at(7)}},
		{Rule: "what was signed is not breached", Given: imported(dispatched(), signed()), When: domain.Breach{Clock: "sign", At: at(7)}},
		{Rule: "who was called is not breached", Given: imported(dispatched(), called("busy")), When: domain.Breach{Clock: "contact", At: at(17)}},
		{Rule: "what was not dispatched has no clock", Given: imported(), When: domain.Breach{Clock: "sign", At: at(99)}},
		{Rule: "there is no other clock", Given: imported(dispatched()), When: domain.Breach{Clock: "visit", At: at(99)}},
	})
}

func TestWhichClocksRun(t *testing.T) {
	sign, contact := es.Alarm{Name: "sign", At: at(6)}, es.Alarm{Name: "contact", At: at(16)}
	for _, c := range []struct {
		rule  string
		given []event.AlertEvent
		want  []es.Alarm
	}{
		{"none before the dispatch", imported(), nil},
		{"both after it", imported(dispatched()), []es.Alarm{sign, contact}},
		{"the contact alone after the signature", imported(dispatched(), signed()), []es.Alarm{contact}},
		{"the signature alone after a contact", imported(dispatched(), called("refused")), []es.Alarm{sign}},
		{"none after both", imported(dispatched(), signed(), called("refused")), nil},
		{"the contact alone after the signature is overdue", imported(dispatched(), breached("sign", 6)), []es.Alarm{contact}},
		{"none after the closing", imported(dispatched(), closed("mismatch")), nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if diff := cmp.Diff(c.want, domain.Due(decider().Replay(c.given...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestI50_AnAlertHasOneLevelThroughoutAnyHistory(t *testing.T) {
	commands := []domain.Command{
		order(),
		domain.Dispatch{To: station, At: at(1)},
		domain.Dispatch{To: other, At: at(2)},
		domain.Sign{By: chen(), At: at(3)},
		domain.Sign{By: stranger(), At: at(3)},
		domain.Contact{Channel: "phone", Target: "self", Result: "reached", By: chen(), At: at(4)},
		domain.Dissuade{State: "convinced", By: chen(), At: at(30)},
		discover(func(*domain.DiscoverPayment) {}),
		domain.Breach{Clock: "sign", At: at(10)},
		domain.Breach{Clock: "contact", At: at(20)},
		domain.Close{Outcome: "dissuaded", By: chen(), At: at(60)},
		domain.Close{Outcome: "paid", By: chen(), At: at(60)},
	}
	rapid.Check(t, func(t *rapid.T) {
		d, state, said := decider(), domain.Alert{}, map[string]int{}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, len(commands)-1), 1, 40).Draw(t, "commands") {
			events, err := d.Decide(state, commands[n])
			if err != nil && len(events) > 0 {
				t.Fatalf("%T is refused, and yet %d events", commands[n], len(events))
			}
			for _, e := range events {
				if state.Closed() {
					t.Fatalf("%T after the closing", e)
				}
				state = d.Evolve(state, e)
				switch e := e.(type) {
				case event.WarningGraded:
					said["graded"]++
				case event.WarningBreached:
					said["breached "+e.Clock]++
				case event.PaymentDiscovered:
					said["paid"]++
				case event.WarningSigned:
					said["signed"]++
				case event.WarningOrderImported, event.WarningDispatched, event.ContactAttempted, event.DissuasionDelivered, event.WarningClosed:
				}
			}
			if state.Imported() && state.Level != event.High {
				t.Fatalf("level %q", state.Level)
			}
		}
		for what, times := range said {
			if times > 1 {
				t.Fatalf("%s %d times", what, times)
			}
		}
		if state.Case != "" && !slices.Contains([]string{"", "paid"}, state.Outcome) {
			t.Fatalf("a victim who has paid counts as %s", state.Outcome)
		}
	})
}
