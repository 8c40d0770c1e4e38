package domain_test

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// vary lets commands come from other units, correct what was said, and tell of
// money that turns out to be less.
func (l *life) vary(cmd domain.AccountCommand) domain.AccountCommand {
	seldom := func(name string) bool { return rapid.IntRange(0, 3).Draw(l.T, name) == 3 }
	unit := func() identity.Unit {
		return rapid.SampledFrom([]identity.Unit{li.Unit, li.Unit, li.Unit, li.Unit, station.Unit, "440900000000", "441802000000"}).Draw(l.T, "unit")
	}
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the others stay as they are
	case domain.RequestStop:
		cmd.Unit = unit()
		cmd.Operator.Unit = cmd.Unit
		return cmd
	case domain.SecondStop:
		cmd.Operator.Unit = unit()
		return cmd
	case domain.AnswerStop:
		if cmd.Corrects = seldom("corrects"); seldom("below zero") {
			cmd.Held = -5
		}
		if said, known := l.bank[cmd.Order]; known && seldom("as before") { // when it began
			cmd.ExecutedAt = said.executed
		}
		if o, _ := l.state.Find(cmd.Order); o.Prolongs != "" && seldom("as a prolongation") {
			if first, _ := l.state.Find(o.Prolongs); first.ExpiresAt.After(l.now) {
				cmd.ExecutedAt = first.ExpiresAt
			}
			if !cmd.BankExpires.IsZero() {
				cmd.BankExpires = cmd.ExecutedAt.Add(48 * time.Hour)
			}
		}
		return cmd
	case domain.TraceInflow:
		if cmd.Source.ID != "t4" {
			cmd.Source.Amount = 100 // within the standing approvals
		}
		if seldom("nothing of it") {
			cmd.Lots = nil
		}
		return cmd
	case domain.ReconcilePaper:
		cmd.Case = rapid.SampledFrom([]identity.CaseID{"case-a", "case-b"}).Draw(l.T, "papers of")
		return cmd
	}
	return cmd
}

// onRecord is what is traced now to the account: the order's own word of its
// source counts only while nothing else is on record of it.
func (l *life) onRecord(of event.StopRequested) (total money.Fen) {
	latest := map[string]money.Fen{string(of.Case) + string(of.Source.ID): lotsOf(of.Lots)}
	for _, e := range l.history {
		if in, ok := e.(event.InflowTraced); ok {
			latest[string(in.Case)+string(in.Source.ID)] = lotsOf(in.Lots)
		}
	}
	for _, a := range latest {
		total += a
	}
	return total
}

// held counts the stops of a case and a bureau that a bank has carried out, be it
// wrongly.
func (l *life) held(c identity.CaseID, bureau string) int {
	stops := map[identity.OrderID]bool{}
	for _, e := range l.history {
		switch e := e.(type) { //nolint:gochecksumtype // the others carry nothing out
		case event.StopExecuted:
			stops[e.Order] = true
		case event.BankDiscrepancyFound:
			if e.Kind == domain.ExecutedAfterFailure || e.Kind == domain.ExecutedAfterLift {
				stops[e.Order] = true
			}
		}
	}
	n := 0
	for id := range stops {
		if r := l.requested(id); r.Case == c && r.Unit.Bureau() == bureau {
			n++
		}
	}
	return n
}

// checkMore holds what must be true of an event beside its own word: what the
// command said and what was before.
func (l *life) checkMore(cmd domain.AccountCommand, was domain.Account, e event.AccountEvent) {
	switch e := e.(type) { //nolint:gochecksumtype // no invariant hangs on the rest
	case event.StopRequested:
		if n := l.held(e.Case, e.Unit.Bureau()); n >= domain.MaxStops {
			l.Fatalf("I02: a stop of %s is asked for where its bureau has stopped %d times", e.Unit, n)
		}
		if e.Ordinal == domain.MaxStops {
			l.checkSecond(was, e)
		}
	case event.StopRaiseRequested:
		l.checkRaise(e)
	case event.StopApproved:
		l.checkStanding(e)
	case event.StopExecuted:
		said, _ := cmd.(domain.AnswerStop)
		if e.Held < 0 || (said.BankExpires.After(e.ExecutedAt) && e.ExpiresAt.After(said.BankExpires)) {
			l.Fatalf("I01: %s holds %v until %v, its bank until %v", e.Order, e.Held, e.ExpiresAt, said.BankExpires)
		}
	case event.StopAnswerCorrected:
		before, _ := was.Find(e.Order)
		if before.State != domain.Executed {
			l.over++
		}
		changed := past(l, func(n event.StopNarrowed) bool { return n.Order == e.Order }) > 0
		if e.ExpiresAt.After(before.ExpiresAt) || e.Held < 0 || (changed && e.Held != before.Hold.Held) {
			l.Fatalf("I01: %s held %v until %v and by a correction holds %v until %v", e.Order, before.Hold.Held, before.ExpiresAt, e.Held, e.ExpiresAt)
		}
	}
}

// checkSecond: the second stop follows a first that was carried out and never
// failed, holds no more than it, and is ordered by its unit or a superior one.
func (l *life) checkSecond(was domain.Account, e event.StopRequested) {
	first, _ := was.Find(e.ParentOrder)
	done := past(l, func(x event.StopExecuted) bool { return x.Order == first.ID })
	failed := past(l, func(x event.StopFailed) bool { return x.Order == first.ID })
	narrowed := past(l, func(x event.StopNarrowed) bool { return x.Order == first.ID })
	lifted := past(l, func(x event.StopLifted) bool {
		return x.Cause == "error" && l.requested(x.Order).Case == e.Case && past(l, func(d event.StopExecuted) bool { return d.Order == x.Order }) > 0
	})
	asked := l.requested(first.ID)
	switch {
	case first.Ordinal != 1 || done != 1 || failed > 0 || lifted > 0:
		l.Fatalf("I03: a second stop after %s (%s), carried out %d times, failed %d, lifted %d", first.ID, first.State, done, failed, lifted)
	case !e.Operator.Unit.Oversees(first.Unit):
		l.Fatalf("%s orders a second stop of %s", e.Operator.Unit, first.Unit)
	case (asked.Scope == domain.ScopeAll && narrowed == 0) != (e.Scope == domain.ScopeAll):
		l.Fatalf("I10: a second stop of %s after a first of %s", e.Scope, asked.Scope)
	case e.Scope == domain.ScopeAmount && (e.Amount > l.onRecord(asked) || (first.Hold.Held > 0 && e.Amount > first.Hold.Held)):
		l.Fatalf("I10: a second stop of %v where %v is held and %v traced", e.Amount, first.Hold.Held, l.onRecord(asked))
	}
}

// checkRaise: never above what is traced now, and after a rejection only for money
// that was heard of since that raise was asked for.
func (l *life) checkRaise(e event.StopRaiseRequested) {
	if traced := l.onRecord(l.requested(e.Target)); e.Amount > traced {
		l.Fatalf("I10: a raise to %v where %v is traced", e.Amount, traced)
	}
	asked, rejected := map[identity.OrderID]int{}, -1
	for n, own := range l.history[:len(l.history)-1] {
		switch own := own.(type) { //nolint:gochecksumtype // the others decide on no raise
		case event.StopRaiseRequested:
			if own.Target == e.Target {
				asked[own.Order] = n
			}
		case event.StopRejected:
			if at, ok := asked[own.Order]; ok {
				rejected = at
			}
		}
	}
	if rejected < 0 {
		return
	}
	if !slices.ContainsFunc(l.history[rejected:], func(own event.AccountEvent) bool {
		in, ok := own.(event.InflowTraced)
		return ok && in.Case == e.Case && len(in.Lots) > 0
	}) {
		l.Fatalf("a raise of %s was rejected and is asked for again", e.Target)
	}
}

// checkStanding: under a standing approval a raise follows no transfer beyond its
// limits.
func (l *life) checkStanding(e event.StopApproved) {
	for _, own := range l.history {
		r, ok := own.(event.StopRaiseRequested)
		if !ok || r.Order != e.Order || e.Standing == "" {
			continue
		}
		for _, in := range l.state.Inflows {
			if in.Case == r.Case && (slices.Contains(r.Sources, in.Source.ID) || in.Source.ID == r.Source.ID) && in.Source.Amount > 150 {
				l.Fatalf("a raise for a transfer of %v is approved under a standing approval of 150", in.Source.Amount)
			}
		}
	}
}

// checkPapers: what no papers came for is lifted in the same breath or, where an order
// by the channel holds the account, as soon as none does; and no sooner.
func (l *life) checkPapers(events []event.AccountEvent) {
	for _, e := range events {
		switch e := e.(type) { //nolint:gochecksumtype // nothing else concerns papers
		case event.LiftRequested:
			if p, byHand := l.paper(identity.RegistrationID(e.Target)); byHand && e.Cause == domain.LiftUnpapered && l.byChannel(p) {
				l.Fatalf("I14: %s is to be let go while an order by the channel holds the account", p.ID)
			}
		case event.PaperOrderExpired:
			if l.let(e.Order) || l.let(identity.OrderID(e.Registration)) {
				continue
			}
			p, _ := l.paper(e.Registration)
			if o, _ := l.state.Find(e.Order); !l.byChannel(p) && o.State != domain.Lapsed && o.State != domain.Lifted {
				l.Fatalf("I14: no papers have come for %s by %v, and nothing is lifted", e.Registration, e.Due.Format(time.RFC3339))
			}
		}
	}
}

// checkLingering: once the clocks have rung no telephone order whose term has passed
// is held without a lift.
func (l *life) checkLingering() {
	for _, p := range l.state.Papers {
		if p.Expired && !p.Freed && p.Order == "" && p.Instead == "" && !l.byChannel(p) && !l.let(identity.OrderID(p.ID)) {
			l.Fatalf("I14: nothing holds the account but %s, whose term has passed, and it is not lifted", p.ID)
		}
	}
}

func (l *life) paper(id identity.RegistrationID) (domain.Paper, bool) {
	n := slices.IndexFunc(l.state.Papers, func(p domain.Paper) bool { return p.ID == id })
	if n < 0 {
		return domain.Paper{}, false
	}
	return l.state.Papers[n], true
}

// let tells whether the bank was asked to let go of an order.
func (l *life) let(target identity.OrderID) bool {
	return slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
		return target != "" && o.Kind == domain.KindLift && o.Target == target && o.Amount == 0
	})
}

// byChannel tells whether a stop by the channel holds the account, or the bank has
// one of the case.
func (l *life) byChannel(p domain.Paper) bool {
	return slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
		asked := o.Case == p.Case && (o.State == domain.Approved || o.State == domain.Sent)
		return o.Kind == domain.KindStop && (asked || o.State == domain.Executed && !o.Hold.Denied)
	})
}
