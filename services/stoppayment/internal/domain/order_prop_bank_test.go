package domain_test

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// told keeps what the bank holds by its own word.
func (l *life) told(before domain.Account, cmd domain.AccountCommand, news bool) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the others are not the bank's
	case domain.AnswerStop:
		if !cmd.Done || !news {
			return
		}
		until := cmd.BankExpires
		if until.IsZero() {
			until = cmd.ExecutedAt.Add(48 * time.Hour)
			if cmd.ExecutedAt.After(cmd.At) {
				until = cmd.At.Add(48 * time.Hour)
			}
		}
		if o, _ := before.Find(cmd.Order); !(cmd.Corrects && o.State == domain.Executed) && !o.ExecutedAt.IsZero() && !until.After(o.ExpiresAt) {
			if held, ok := l.bank[cmd.Order]; ok && cmd.Corrects && until.Before(held) {
				l.bank[cmd.Order] = until
			}
			return // another word about a stop that was carried out, and none about its end
		}
		l.bank[cmd.Order] = until
	case domain.AnswerStopChange:
		if o, _ := before.Find(cmd.Order); cmd.Done && o.Kind == domain.KindLift && o.Amount == 0 && o.State != domain.Executed {
			delete(l.bank, o.Target)
		}
	}
}

// checkFree: where the bank holds and no right to hold exists any more, it is being
// asked to let go, or will be again.
func (l *life) checkFree() {
	for id, until := range l.bank {
		held, _ := l.state.Find(id)
		if !until.After(l.now) || held.State.Open() || l.rightful(held.Case) {
			continue
		}
		asked := slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
			again := slices.ContainsFunc(domain.DueOnAccount(l.state), func(a es.Alarm) bool { return a.Name == "repeat:"+string(o.ID) })
			return o.Kind == domain.KindLift && o.Target == id && o.Amount == 0 && (o.State.Open() || again)
		})
		if !asked {
			l.Fatalf("the bank holds %s (%s) until %v without right at %v, and nobody asks it to let go", id, held.State, until, l.now)
		}
		l.freed++
	}
}

// rightful tells whether a stop of a case is in force.
func (l *life) rightful(c identity.CaseID) bool {
	return slices.ContainsFunc(l.state.Orders, func(o domain.Order) bool {
		return o.Kind == domain.KindStop && o.Case == c && o.State == domain.Executed
	})
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
