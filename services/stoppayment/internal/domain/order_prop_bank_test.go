package domain_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// saidOf is what a bank has said of one stop, kept beside the service and by
// nothing that the service makes of it.
type saidOf struct {
	words    map[string]bool // all that it has said; the same once more is no news
	executed time.Time       // its last word on when it began
	began    time.Time       // the same, neither ahead of when it was said nor before it was asked for
	from     time.Time       // the end of the first stop, if it prolongs that one
	end      time.Time       // its last word on when it ends
	until    time.Time       // until when it holds; zero: it does not
	never    bool            // it has taken back that it ever held
}

// told keeps what the bank holds by its own word.
func (l *life) told(before domain.Account, cmd domain.AccountCommand) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the others are not the bank's
	case domain.AnswerStop:
		l.toldOfStop(before, cmd)
	case domain.AnswerStopChange:
		l.toldOfChange(before, cmd)
	}
}

func (l *life) toldOfStop(before domain.Account, cmd domain.AnswerStop) {
	said, known := l.bank[cmd.Order]
	word := fmt.Sprint(cmd.Done, cmd.ExecutedAt, cmd.BankExpires, cmd.BalanceBefore, cmd.Held, cmd.Corrects, cmd.Cause)
	switch {
	case known && said.words[word]:
		return
	case !known && !cmd.Done:
		return // it holds nothing, and never said otherwise
	case !known:
		said = &saidOf{words: map[string]bool{}}
		l.bank[cmd.Order] = said
	}
	said.words[word] = true
	if !cmd.Done {
		if cmd.Corrects {
			said.never, said.until = true, time.Time{}
		}
		return // another word that is no correction takes nothing back
	}
	if said.never && !cmd.Corrects {
		return
	}
	began := cmd.ExecutedAt
	if began.After(cmd.At) {
		began = cmd.At
	}
	end := cmd.BankExpires
	if end.IsZero() {
		end = l.prolongs(before, cmd.Order, began).Add(48 * time.Hour)
	}
	// the end of the first stop is another way to put when one began that prolongs it
	prolongs := cmd.ExecutedAt.Equal(said.from) || cmd.ExecutedAt.After(said.began) && cmd.ExecutedAt.Equal(l.prolongs(before, cmd.Order, said.began))
	same := cmd.ExecutedAt.Equal(said.executed) || began.Equal(said.began) || prolongs
	if !said.never && known && same && (cmd.BankExpires.IsZero() || end.Equal(said.end)) {
		return // no word on the end
	}
	if cmd.Corrects || end.After(said.until) {
		said.until = end
	}
	if o, _ := before.Find(cmd.Order); began.Before(o.Earliest().Add(-domain.ClockSkew)) {
		began = o.Earliest() // it cannot have begun before it was asked
	}
	if cmd.Corrects || !known { // another answer beside it does not take its place
		said.executed, said.began, said.end, said.never = cmd.ExecutedAt, began, end, false
		if from := l.prolongs(before, cmd.Order, began); from.After(began) {
			said.from = from
		}
	}
}

// prolongs is from when a bank that names no end holds for 48 hours: of a second stop
// that it carries out before the first has ended, from that end, which its order names.
func (l *life) prolongs(before domain.Account, stop identity.OrderID, began time.Time) time.Time {
	r := l.requested(stop)
	first, known := before.Find(r.ParentOrder)
	if said, told := l.bank[first.ID]; told && said.never {
		return began // there is nothing to prolong
	}
	if r.Ordinal != 2 || !known || first.ExecutedAt.IsZero() || !began.Before(first.ExpiresAt) || first.State != domain.Executed && first.State != domain.Lapsed {
		return began
	}
	return first.ExpiresAt
}

// checkProlonged: a second stop that was carried out before the first had ended holds
// for no more than 48 hours from that end, and both together for 96.
func (l *life) checkProlonged() {
	for _, o := range l.state.Orders {
		if o.State != domain.Executed || o.From.IsZero() || o.Hold.Denied { // what its bank says that it never held
			continue
		}
		first, _ := l.state.Find(o.Prolongs)
		if o.From.After(first.ExpiresAt) || o.ExpiresAt.After(first.ExpiresAt.Add(48*time.Hour)) || !o.ExecutedAt.Before(o.From) {
			l.Fatalf("I03: %s is carried out at %v and holds from %v until %v, the first ends at %v", o.ID, o.ExecutedAt, o.From, o.ExpiresAt, first.ExpiresAt)
		}
		l.prolonged++
	}
}

func (l *life) toldOfChange(before domain.Account, cmd domain.AnswerStopChange) {
	o, _ := before.Find(cmd.Order)
	stop, _ := before.Find(o.Target)
	said, known := l.bank[o.Target]
	if !known || o.Kind != domain.KindLift || o.Amount > 0 || o.State == domain.Executed {
		return
	}
	over := !stop.State.Open() && stop.State != domain.Executed
	if cmd.Done || cmd.Cause == bank.Ended || cmd.Cause == bank.UnknownOrder && over {
		said.until = time.Time{}
	}
}

// checkFree: where the bank holds and no right to hold exists any more, it is being
// asked to let go, or will be again.
func (l *life) checkFree() {
	for id, said := range l.bank {
		held, _ := l.state.Find(id)
		if !said.until.After(l.now) || held.State.Open() || held.State == domain.Executed || l.rightful(held.Case) {
			continue
		}
		asked := slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
			again := slices.ContainsFunc(domain.DueOnAccount(l.state), func(a es.Alarm) bool { return a.Name == "repeat:"+string(o.ID) })
			return o.Kind == domain.KindLift && o.Target == id && o.Amount == 0 && (o.State.Open() || again)
		})
		if !asked {
			l.Fatalf("the bank holds %s (%s) until %v without right at %v, and nobody asks it to let go", id, held.State, said.until, l.now)
		}
		l.freed++
	}
}

// rightful tells whether a stop of the whole account is in force for a case. One of an
// amount gives no right to another amount beside it.
func (l *life) rightful(c identity.CaseID) bool {
	return slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
		return o.Kind == domain.KindStop && o.Case == c && o.State == domain.Executed && o.Hold.Scope == domain.ScopeAll
	})
}

// checkCounted: what the bank says that it never held is not counted as stopped.
func (l *life) checkCounted() {
	counts := false
	for _, o := range l.state.Orders {
		said, known := l.bank[o.ID]
		counts = counts || o.Kind == domain.KindStop && o.State == domain.Executed && !(known && said.never)
	}
	if !counts && l.state.StoppedAmount() > 0 {
		l.Fatalf("%v counts as stopped, and no bank says that it holds it", l.state.StoppedAmount())
	}
}

// checkLifted: a stop is lifted once; of one that is over only what the bank held
// without right is.
func (l *life) checkLifted(e event.StopLifted) {
	o, _ := l.state.Find(e.Order)
	ends := past(l, func(e event.StopLapsed) bool { return e.Order == o.ID }) + past(l, func(e event.StopFailed) bool { return e.Order == o.ID }) +
		past(l, func(own event.StopLifted) bool { return own.Order == o.ID })
	wrongly := past(l, func(d event.BankDiscrepancyFound) bool { return d.Order == o.ID && !d.HoldsUntil.IsZero() }) +
		past(l, func(x event.StopExecuted) bool { return x.Order == o.ID && !x.BankExpiresAt.IsZero() }) +
		past(l, func(x event.StopAnswerCorrected) bool { return x.Order == o.ID && !x.BankExpiresAt.IsZero() })
	if ends > 1 && wrongly == 0 {
		l.Fatalf("I13: %s has ended and is lifted", e.Order)
	}
}

// raise has more money come in, and a leader approve that the stop holds it too.
func (l *life) raise() {
	source := event.Transfer{ID: "t9", From: victims, To: mule, Amount: 70, At: four}
	lots := []event.Lot{{Case: "case-a", Victim: "v", Transfer: "t9", Amount: 70}}
	l.give(domain.TraceInflow{Case: "case-a", Source: source, Lots: lots, Basis: 1, Method: event.DirectTimestamp, At: l.now})
	for _, o := range l.state.Orders {
		if o.Kind == domain.KindRaise {
			l.give(domain.ApproveStop{Order: o.ID, Approver: leader, At: l.now})
		}
	}
}

// prolong has the first stop prolonged before it ends, which chance alone seldom comes to.
func (l *life) prolong() {
	second := domain.SecondOrder("order-1")
	l.give(domain.SecondStop{First: "order-1", Order: second, Operator: li, Investigator: wang, At: l.now})
	l.give(domain.ApproveStop{Order: second, Approver: leader, At: l.now})
	l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{1, 20, 240}).Draw(l.T, "minutes until it is carried out")) * time.Minute)
	l.fire()
	done := answer(l.now, 900_000_000)
	done.Order, done.Held = second, rapid.SampledFrom([]money.Fen{lot.Amount, 10, 0}).Draw(l.T, "held by the second")
	done.BankExpires = rapid.SampledFrom([]time.Time{{}, l.now.Add(48 * time.Hour), l.now.Add(72 * time.Hour), four.Add(96 * time.Hour)}).Draw(l.T, "end of the second")
	l.give(l.vary(done))
}
