package domain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// life is the history of one account under commands in any order: given twice,
// answered late, twice or in the wrong order.
type life struct {
	*rapid.T
	state   domain.Account
	history []event.AccountEvent
	now     time.Time
	freed   int // times that a bank was found to hold without right, and was being asked
	// prolonged counts the times that a second stop was seen to go on from the end of
	// the first.
	prolonged int
	over      int                          // times that a bank corrected what it had said of a stop that was over
	bank      map[identity.OrderID]*saidOf // what the bank has said of each stop
}

// give gives a command. A refusal must be a rule and store nothing.
func (l *life) give(cmd domain.AccountCommand) []event.AccountEvent {
	before := l.state
	events, err := domain.DecideAccount(l.state, cmd)
	if refused := (*rule.Violation)(nil); err != nil && !errors.As(err, &refused) {
		l.Fatalf("%#v: %v", cmd, err)
	}
	if err != nil && len(events) > 0 {
		l.Fatalf("%#v is refused and yet brings %d events", cmd, len(events))
	}
	for _, e := range events {
		was := l.state
		if _, stop := e.(event.StopRequested); stop {
			l.checkMore(cmd, was, e)
		}
		l.state = domain.EvolveAccount(l.state, e)
		l.history = append(l.history, e)
		l.check(e)
		if _, stop := e.(event.StopRequested); !stop {
			l.checkMore(cmd, was, e)
		}
	}
	l.checkPapers(events)
	if err == nil {
		l.told(before, cmd)
	}
	return events
}

// fire gives every wake-up that is due.
func (l *life) fire() {
	for range 1000 {
		due := domain.DueOnAccount(l.state)
		n := slices.IndexFunc(due, func(a es.Alarm) bool { return !a.At.After(l.now) })
		if n < 0 {
			return
		}
		before := len(l.history)
		l.give(domain.Wake(due[n], l.now))
		if len(l.history) == before {
			l.Fatalf("%s is due since %v and nothing happens", due[n].Name, due[n].At)
		}
	}
	l.Fatal("the clocks never come to rest")
}

// past counts earlier events that satisfy a condition.
func past[E event.AccountEvent](l *life, fits func(E) bool) (n int) {
	for _, e := range l.history {
		if own, ok := e.(E); ok && fits(own) {
			n++
		}
	}
	return n
}

func (l *life) requested(id identity.OrderID) (r event.StopRequested) {
	for _, e := range l.history {
		if own, ok := e.(event.StopRequested); ok && own.Order == id {
			r = own
		}
	}
	return r
}

// traced is what came into the account of all cases, as the history has it.
func (l *life) traced(of event.StopRequested) (total money.Fen) {
	latest := map[string]money.Fen{}
	for _, e := range l.history {
		if in, ok := e.(event.InflowTraced); ok {
			latest[string(in.Case)+string(in.Source.ID)] = lotsOf(in.Lots)
		}
	}
	own := string(of.Case) + string(of.Source.ID)
	latest[own] = max(latest[own], lotsOf(of.Lots))
	for _, a := range latest {
		total += a
	}
	return total
}

func lotsOf(lots []event.Lot) (sum money.Fen) {
	for _, l := range lots {
		sum += l.Amount
	}
	return sum
}

// check holds the invariants against one more event.
func (l *life) check(e event.AccountEvent) {
	switch e := e.(type) { //nolint:gochecksumtype // no invariant hangs on the rest
	case event.StopRequested:
		l.checkRequest(e)
	case event.StopApproved:
		o, _ := l.state.Find(e.Order)
		if e.Approver.PoliceNo == o.Officers[0].PoliceNo || e.Approver.PoliceNo == o.Officers[1].PoliceNo {
			l.Fatalf("I04: %s is approved by one of its officers", e.Order)
		}
	case event.StopExecuted:
		l.checkExecution(e)
	case event.StopLifted:
		l.checkLifted(e)
	case event.StopNarrowed:
		l.checkOver(e.Order)
	case event.StopRaised:
		l.checkOver(e.Order)
	case event.StopLapsed:
		l.checkOver(e.Order)
	case event.StopRaiseRequested:
		if o, _ := l.state.Find(e.Target); e.Amount <= o.Hold.Held || e.Amount > l.traced(l.requested(e.Target)) {
			l.Fatalf("I10: a raise to %v of %v held and %v traced", e.Amount, o.Hold.Held, l.traced(l.requested(e.Target)))
		}
	case event.StopExpiryWarned:
		if past(l, func(w event.StopExpiryWarned) bool { return w.Order == e.Order && w.Hours <= e.Hours }) > 1 {
			l.Fatalf("%s is warned of %d hours again", e.Order, e.Hours)
		}
	case event.LiftOverdue:
		if past(l, func(w event.LiftOverdue) bool { return w == e }) > 1 {
			l.Fatalf("%s is overdue twice", e.Order)
		}
	}
}

func (l *life) checkRequest(e event.StopRequested) {
	switch {
	case e.Operator.PoliceNo == e.Investigator.PoliceNo || e.Operator.Zero() || e.Investigator.Zero():
		l.Fatalf("I05: officers %v and %v", e.Operator, e.Investigator)
	case past(l, func(o event.StopRequested) bool { return o.Order == e.Order }) > 1:
		l.Fatalf("I06: %s is requested twice", e.Order)
	case e.Scope == domain.ScopeAmount && (e.Amount <= 0 || e.Amount > l.traced(e)):
		l.Fatalf("I10: a stop of %v where %v was traced", e.Amount, l.traced(e))
	case e.Scope == domain.ScopeAll && e.Amount != 0:
		l.Fatalf("I10: a stop of the whole account has the amount %v", e.Amount)
	case e.Ordinal == 2 && past(l, func(o event.StopExecuted) bool { return o.Case == e.Case && o.Ordinal == 1 }) == 0:
		l.Fatal("I03: a second stop without a first")
	case e.Ordinal == 2 && past(l, func(o event.FreezeExecuted) bool { return o.Case == e.Case }) > 0:
		l.Fatal("I03: a second stop after a freeze")
	case (e.ApplicationType == "04" || e.ApplicationType == "05") && past(l, func(o event.PaperOrderRegistered) bool { return o.Registration == e.Registration }) != 1:
		l.Fatal("I14: no registration")
	}
}

func (l *life) checkExecution(e event.StopExecuted) {
	r := l.requested(e.Order)
	var sum time.Duration
	begins := func(x event.StopExecuted) time.Time {
		if x.From.IsZero() {
			return x.ExecutedAt
		}
		return x.From
	}
	count := past(l, func(o event.StopExecuted) bool {
		other := l.requested(o.Order)
		if other.Case != r.Case || other.Unit.Bureau() != r.Unit.Bureau() {
			return false
		}
		sum += o.ExpiresAt.Sub(begins(o))
		return true
	})
	told := past(l, func(d event.BankDiscrepancyFound) bool { return d.Order == e.Order && d.Kind == "expiry-differs" })
	switch {
	case !e.From.IsZero() && (r.Ordinal != 2 || !e.ExecutedAt.Before(e.From)):
		l.Fatalf("I01: stop %d of %v goes on from %v", r.Ordinal, e.ExecutedAt, e.From)
	case e.ExpiresAt.After(begins(e).Add(48 * time.Hour)):
		l.Fatalf("I01: from %v to %v, %d discrepancies", e.ExecutedAt, e.ExpiresAt, told)
	case count > 2:
		l.Fatalf("I02: %d stops of one case and agency", count)
	case sum > 96*time.Hour:
		l.Fatalf("I03: stopped for %v", sum)
	case past(l, func(a event.StopApproved) bool { return a.Order == e.Order }) != 1:
		l.Fatalf("I04: %s is carried out and was not approved", e.Order)
	case past(l, func(o event.StopExecuted) bool { return o.Order == e.Order }) != 1:
		l.Fatalf("I06: %s is carried out twice", e.Order)
	case past(l, func(f event.StopFailed) bool { return f.Order == e.Order }) > 0:
		l.Fatalf("I07: %s has failed and is carried out", e.Order)
	}
}

// checkOver: what ends or changes a stop happens to one that has not ended. The
// event itself is in the history already.
func (l *life) checkOver(stop identity.OrderID) {
	ends := past(l, func(e event.StopLapsed) bool { return e.Order == stop }) + past(l, func(e event.StopLifted) bool { return e.Order == stop })
	last := l.history[len(l.history)-1]
	_, lapse := last.(event.StopLapsed)
	_, lift := last.(event.StopLifted)
	if ends > 1 || (ends == 1 && !lapse && !lift) {
		l.Fatalf("I13: %T of a stop that has ended", last)
	}
}

// draw makes one command about anything that the account knows, or about nothing.
func (l *life) draw() domain.AccountCommand {
	ids, changes := []identity.OrderID{"nothing"}, []identity.OrderID{"nothing"}
	for _, o := range l.state.Orders {
		ids = append(ids, o.ID)
		if o.Kind != domain.KindStop && o.State.Open() {
			changes = append(changes, o.ID)
		}
	}
	for _, p := range l.state.Papers {
		ids = append(ids, identity.OrderID(p.ID))
	}
	id, change := rapid.SampledFrom(ids).Draw(l.T, "order"), rapid.SampledFrom(changes).Draw(l.T, "change")
	kase := rapid.SampledFrom([]identity.CaseID{"case-a", "case-b"}).Draw(l.T, "case")
	one, two, three := li, wang, leader
	if rapid.IntRange(0, 9).Draw(l.T, "odd") == 9 {
		officers := []event.Officer{li, wang, leader, {}}
		one, two, three = rapid.SampledFrom(officers).Draw(l.T, "one"), rapid.SampledFrom(officers).Draw(l.T, "two"), rapid.SampledFrom(officers).Draw(l.T, "three")
	}
	approver := rapid.SampledFrom([]event.Officer{leader, leader, leader, li}).Draw(l.T, "approver")
	executed := l.now.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 1, 3, 60, -10}).Draw(l.T, "ago")) * time.Minute)
	amount := rapid.SampledFrom([]money.Fen{10, 50, 0, 100, 0, 600}).Draw(l.T, "amount")
	scope := rapid.SampledFrom([]string{"", domain.ScopeAll, domain.ScopeAmount}).Draw(l.T, "scope")
	source := event.Transfer{ID: identity.TransferID(fmt.Sprint("t", rapid.IntRange(1, 4).Draw(l.T, "transfer"))), From: victims, To: mule, Amount: 200, At: four}
	lots := []event.Lot{{Case: kase, Victim: "v", Transfer: source.ID, Amount: rapid.SampledFrom([]money.Fen{50, 150, 200}).Draw(l.T, "lot")}}
	standing := []event.StandingApprovalGranted(nil)
	if rapid.Bool().Draw(l.T, "standing") {
		standing = []event.StandingApprovalGranted{{Approval: "s", Unit: li.Unit, MaxAmount: 150, MaxLevel: 5, From: four, Until: l.now.Add(time.Hour), By: leader}}
	}
	switch rapid.SampledFrom([]int{9, 8, 7, 2, 13, 9, 8, 7, 2, 5, 6, 0, 9, 8, 7, 2, 5, 6, 0, 1, 1, 3, 4, 10, 11, 12}).Draw(l.T, "what") {
	case 0:
		return domain.RequestStop{Order: identity.OrderID(fmt.Sprint("stop-", rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}).Draw(l.T, "n"))), Case: kase, Account: mule, Level: 1, Source: source, Lots: lots, Unit: li.Unit, Operator: one, Investigator: two, Standing: standing, Method: event.DirectTimestamp, Scope: scope, Amount: amount, DefaultScope: domain.ScopeAmount, At: l.now}
	case 1:
		return domain.SecondStop{First: id, Order: domain.SecondOrder(id), Operator: one, Investigator: two, Standing: standing, At: l.now}
	case 2:
		return domain.ApproveStop{Order: id, Approver: approver, At: l.now}
	case 3:
		return domain.RejectStop{Order: id, Approver: approver, Reason: "duplicate", At: l.now}
	case 4:
		return domain.MarkSent{Order: id, Channel: "desk", At: l.now}
	case 5, 6:
		return domain.AnswerStop{Order: id, Done: rapid.Bool().Draw(l.T, "done"), ResultCode: "0000", Cause: "technical", ExecutedAt: executed, BankExpires: rapid.SampledFrom([]time.Time{{}, executed.Add(48 * time.Hour), executed.Add(12 * time.Hour), executed.Add(72 * time.Hour)}).Draw(l.T, "expires"), BalanceBefore: rapid.SampledFrom([]money.Fen{700, 700, 900}).Draw(l.T, "balance"), Held: amount, Method: event.DirectTimestamp, At: l.now}
	case 7:
		return domain.TraceInflow{Case: kase, Source: source, Lots: lots, Basis: uint64(len(l.history)), Method: event.DirectTimestamp, At: l.now}
	case 8:
		return domain.RequestLift{Order: identity.OrderID(fmt.Sprint("lift-", len(l.history))), Target: id, Cause: "error", Keep: amount * rapid.SampledFrom([]money.Fen{1, 0}).Draw(l.T, "keep"), Approver: three, Operator: one, Investigator: two, At: l.now}
	case 9:
		return domain.AnswerStopChange{Order: change, Done: rapid.Bool().Draw(l.T, "done"), ResultCode: "0000", Cause: rapid.SampledFrom([]string{bank.Technical, bank.UnknownOrder, bank.Ended}).Draw(l.T, "cause"), ExecutedAt: executed, Held: amount, At: l.now}
	case 10:
		return domain.RegisterPaper{Registration: "paper-1", Case: kase, Account: mule, Channel: "phone", AskedAt: l.now.Add(-time.Hour), Operator: one, Investigator: two, Due: l.now.Add(24 * time.Hour), At: l.now}
	case 11:
		return domain.RequestStop{Order: "stop-p", Case: kase, Account: mule, Level: 1, Unit: li.Unit, Operator: one, Investigator: two, ApplicationType: "04", Registration: "paper-1", At: l.now}
	case 12:
		return domain.ReconcilePaper{Registration: "paper-1", Document: "D1", Officer: one, At: l.now}
	}
	return domain.ApproveRaise{Order: change, Standing: standing, At: l.now}
}

func TestI01_I02_I03_I04_I05_I06_I07_I10_I12_I13_I14_HoldUnderAnySequenceOfOrdersAndAnswers(t *testing.T) {
	reached, withoutRight, over, prolonged := map[string]int{}, 0, 0, 0
	sequence := func(t *rapid.T) {
		l := &life{T: t, now: four, bank: map[identity.OrderID]*saidOf{}}
		if rapid.Bool().Draw(t, "begun") { // with a stop of an amount in force, which is far from where chance begins
			begin := request()
			begin.DefaultScope = domain.ScopeAmount
			l.give(begin)
			done := answer(four, 900_000_000)
			done.Held = lot.Amount
			l.give(done)
			switch rapid.IntRange(0, 3).Draw(t, "and then") {
			case 0, 1:
				l.raise()
			case 2:
				l.prolong()
			}
		}
		for range rapid.SampledFrom([]int{100, 200, 300}).Draw(t, "length") {
			cmd := l.vary(l.draw())
			l.give(cmd)
			if again := l.give(cmd); len(again) > 0 {
				if _, narrowing := cmd.(domain.RequestLift); !narrowing {
					l.checkRepetition(cmd, again)
				}
			}
			if rapid.SampledFrom([]bool{false, false, false, false, false, false, false, true}).Draw(t, "wait") {
				l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{1, 20, 240, 4000}).Draw(t, "minutes")) * time.Minute)
				l.fire()
				l.checkLingering()
				l.checkEnded()
			}
			l.checkFree()
			l.checkCounted()
			l.checkProlonged()
		}
		for _, e := range l.history {
			reached[fmt.Sprintf("%T", e)]++
		}
		withoutRight, over, prolonged = withoutRight+l.freed, over+l.over, prolonged+l.prolonged
		if replayed := domain.AccountDecider().Replay(l.history...); !slices.EqualFunc(replayed.Orders, l.state.Orders, func(a, b domain.Order) bool { return a.ID == b.ID && a.State == b.State && a.Hold == b.Hold }) {
			t.Fatal("the history leads elsewhere when it is replayed")
		}
	}
	missing := func() (names []string) {
		for _, e := range []event.AccountEvent{event.StopExecuted{}, event.StopLapsed{}, event.StopLifted{}, event.StopNarrowed{}, event.StopRaised{}, event.StopFailed{}, event.LiftFailed{}, event.PaperOrderExpired{}, event.StopExpiryWarned{}, event.LiftOverdue{}} {
			if name := fmt.Sprintf("%T", e); reached[name] == 0 {
				names = append(names, name)
			}
		}
		if withoutRight == 0 {
			names = append(names, "a bank that holds without right")
		}
		if prolonged == 0 {
			names = append(names, "a second stop that prolongs the first")
		}
		if over == 0 {
			names = append(names, "a correction of a stop that is over")
		}
		return names
	}
	for range 10 { // one round of chance comes nearly everywhere
		if rapid.Check(t, sequence); t.Failed() || len(missing()) == 0 {
			return
		}
	}
	t.Errorf("no sequence came to %v", missing())
}

// checkEnded: once the clocks have rung no stop holds at or after its end.
func (l *life) checkEnded() {
	for _, o := range l.state.Orders {
		if o.Kind == domain.KindStop && o.State == domain.Executed && !o.ExpiresAt.After(l.now) {
			l.Fatalf("I12: %s has ended at %v and holds at %v", o.ID, o.ExpiresAt, l.now)
		}
	}
}

// checkRepetition: the same command again brings nothing that changes a stop.
func (l *life) checkRepetition(cmd domain.AccountCommand, again []event.AccountEvent) {
	for _, e := range again {
		switch e.(type) { //nolint:gochecksumtype // the rest changes no stop
		case event.StopRequested, event.StopApproved, event.StopExecuted, event.StopFailed, event.StopLifted, event.StopNarrowed, event.StopRaised, event.StopRaiseRequested:
			l.Fatalf("I06: %#v given again brings %T", cmd, e)
		}
	}
}
