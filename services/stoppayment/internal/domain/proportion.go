package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Proportion (比例原则) is when the city calls what is held too much, and what it
// does then. The zero value never does.
type Proportion struct {
	Factor  int64     // held at least so many times what was traced
	Floor   money.Fen // and at least this
	Percent int64     // of what was traced, to be kept when a measure is narrowed; 100 or more
	Auto    bool      // narrow without asking
}

// MaxPercent bounds the margin of a narrowed measure.
const MaxPercent = 1000

// levels bounds how often the same measure is found to be out of proportion, each
// time by one more power of the factor.
const levels = 9

// NarrowMeasure (缩减控制范围) lowers a measure to what was traced and a margin.
type NarrowMeasure struct {
	Order   identity.OrderID
	Percent int64
	Officer event.Officer
	At      time.Time
}

func (NarrowMeasure) isAccountCommand() {}

// held is what a measure keeps from its holder now, 0 if it is not in force.
func (a Account) held(o Order) money.Fen {
	switch {
	case o.State != Executed || (o.Kind != KindStop && o.Kind != KindFreeze):
		return 0
	case o.Kind == KindFreeze:
		return a.Frozen.Remaining
	}
	if o.Hold.Held > 0 {
		return o.Hold.Held // 金额止付
	}
	return a.latestBalance(o)
}

// latestBalance is what is on the account by the newest word of its bank: when a
// stop was carried out, in a statement, in the answer to a query or when a freeze
// was carried out. Money comes in under a stop of the whole account (只收不付).
func (a Account) latestBalance(stop Order) money.Fen {
	balance, at := stop.Balance, stop.ExecutedAt
	newer := func(b money.Fen, when time.Time) {
		if !when.Before(at) {
			balance, at = max(b, 0), when
		}
	}
	if n := len(a.Statement.Rows); a.Stated && n > 0 {
		newer(a.Balance, a.Statement.Rows[n-1].At)
	}
	for _, o := range a.Orders {
		switch {
		case o.ID == stop.ID || o.ExecutedAt.IsZero():
		case o.Kind == KindQuery && o.Reported != nil:
			newer(*o.Reported, o.ExecutedAt)
		case o.Kind == KindStop || o.Kind == KindFreeze:
			newer(o.Balance, o.ExecutedAt)
		}
	}
	return balance
}

// Attributable (可归属金额) is how much of what is on the account was traced to
// the victims of the cases that restrain it. Before a statement shows what is
// left, all that came in counts. Nothing is known if no transfer was traced.
func (a Account) Attributable() (sum money.Fen, known bool) {
	var cases []identity.CaseID
	for _, o := range a.Orders {
		if restrains(o) && !slices.Contains(cases, o.Case) {
			cases = append(cases, o.Case)
		}
	}
	of := func(lots []event.Lot) {
		for _, l := range lots {
			if l.Known() && slices.Contains(cases, l.Case) {
				sum += l.Amount
				known = true
			}
		}
	}
	if a.Attribution.Revision > 0 {
		of(a.Attribution.Held)
		return sum, true
	}
	for _, in := range a.Inflows {
		of(in.Lots)
	}
	return sum, known
}

// level tells how far out of proportion a measure is: 0 not at all, else by which
// power of the factor.
func (p Proportion) level(held, traced money.Fen) int {
	if p.Factor < 2 || held < p.Floor || held <= 0 {
		return 0
	}
	n, left := 0, held
	for n < levels {
		left /= money.Fen(p.Factor)
		if left < traced || left == 0 {
			break
		}
		n++
	}
	return n
}

// keep is what a narrowed measure holds.
func keep(traced money.Fen, percent int64) money.Fen {
	percent = min(max(percent, 100), MaxPercent)
	return traced/100*money.Fen(percent) + traced%100*money.Fen(percent)/100
}

// keepOf is what a measure holds once it is narrowed: what was traced and a
// margin, and of a stop no more than ever came in (金额止付).
func (a Account) keepOf(o Order, traced money.Fen, percent int64) money.Fen {
	kept := keep(traced, percent)
	if most := a.ceiling(o); o.Kind == KindStop && most > 0 {
		kept = min(kept, most)
	}
	return kept
}

// Watch (比例审查) lets a decider look at every measure after each decision: what
// is out of proportion is said once for each order and level, and narrowed where
// the city wants it; and what a bank carries out after its reason has gone is
// lifted in the same breath.
func (p Proportion) Watch(d es.Decider[Account, AccountCommand, event.AccountEvent]) es.Decider[Account, AccountCommand, event.AccountEvent] {
	decide := d.Decide
	d.Decide = func(a Account, cmd AccountCommand) ([]event.AccountEvent, error) {
		events, err := decide(a, cmd)
		if err != nil || !touchesMoney(events) {
			return events, err
		}
		for _, e := range events {
			if _, rows := e.(event.StatementReceived); !rows { // long, and its outcome follows in the same breath
				a = d.Evolve(a, e)
			}
		}
		at := momentOf(cmd)
		undue := a.undue(events, at)
		for _, e := range undue {
			a = d.Evolve(a, e)
		}
		return slices.Concat(events, undue, p.review(a, at)), nil
	}
	return d
}

func touchesMoney(events []event.AccountEvent) bool {
	return slices.ContainsFunc(events, func(e event.AccountEvent) bool {
		switch e.(type) { //nolint:gochecksumtype // the others touch no money
		case event.StopExecuted, event.FreezeExecuted, event.FundsAttributed, event.StopAnswerCorrected, event.AccountQueryAnswered:
			return true
		}
		return false
	})
}

// momentOf is when a command that touches money was given.
func momentOf(cmd AccountCommand) time.Time {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the others touch no money
	case AnswerStop:
		return cmd.At
	case AnswerFreeze:
		return cmd.At
	case NameDebits:
		return cmd.At
	case TraceInflow:
		return cmd.At
	case RequestStop:
		return cmd.At
	case AddRows:
		return cmd.At
	case ContinueAttribution:
		return cmd.At
	case ExpireStatement:
		return cmd.At
	case ChooseMethod:
		return cmd.At
	case ConfirmManual:
		return cmd.At
	case AnswerQuery:
		return cmd.At
	}
	return time.Time{}
}

// undue lifts what a bank has carried out though it was decided meanwhile that
// the account has nothing to do with the case, or that the holder was right; and
// narrows it where he was right in part.
func (a Account) undue(events []event.AccountEvent, at time.Time) []event.AccountEvent {
	var lifts []event.AccountEvent
	for _, e := range events {
		var order identity.OrderID
		switch e := e.(type) { //nolint:gochecksumtype // the others begin no measure
		case event.StopExecuted:
			order = e.Order
		case event.FreezeExecuted:
			order = e.Order
		default:
			continue
		}
		o, _ := a.Find(order)
		how, undue := a.reasonGone(o)
		if !undue {
			continue
		}
		how.At = at
		if how.Keep > 0 && o.Kind == KindStop {
			how.Keep = min(how.Keep, a.ceiling(o))
		}
		lifts = append(lifts, a.endIfAllowed(o, how)...)
	}
	return lifts
}

// endIfAllowed ends or narrows a measure by itself. Where the rules want another
// person for it, nothing happens: what a bank has said is never refused for that.
func (a Account) endIfAllowed(o Order, how ending) []event.AccountEvent {
	events, err := a.end(o, how)
	if err != nil && o.Kind == KindFreeze { // who decided may not end this one: who approved it may
		how.Officer = o.Approver
		events, err = a.end(o, how)
	}
	if err != nil {
		return nil
	}
	return events
}

// reasonGone tells whether it was decided, after a measure was asked for, that it
// is not to be, or not to be more than an amount.
func (a Account) reasonGone(o Order) (ending, bool) {
	for _, u := range a.Remedy.Unrelated {
		if u.Case == o.Case && !u.At.Before(o.RequestAt) {
			return ending{Cause: "unrelated", Officer: u.Officer}, true
		}
	}
	partly := ending{}
	for _, b := range a.Remedy.Objections {
		if b.Case != o.Case || b.DecidedAt.Before(o.RequestAt) || (b.Outcome != Upheld && b.Outcome != Partly) {
			continue
		}
		how := ending{Cause: "objection", Objection: b.ID, Officer: b.Decider, Keep: b.Keep}
		if b.Outcome == Upheld {
			return how, true
		}
		partly = how // the last word on how much
	}
	return partly, partly.Keep > 0
}

// review says of each measure in force whether it is out of proportion, if that
// is news.
func (p Proportion) review(a Account, at time.Time) []event.AccountEvent {
	if !slices.ContainsFunc(a.Orders, func(o Order) bool { return p.level(a.held(o), 0) > 0 }) {
		return nil // whatever was traced
	}
	traced, known := a.Attributable()
	if !known {
		return nil
	}
	var events []event.AccountEvent
	for _, o := range a.Orders {
		held := a.held(o)
		level := p.level(held, traced)
		if held == 0 || level == 0 || level <= p.said(a, o.ID) || a.ends(o) {
			continue
		}
		events = append(events, event.DisproportionFound{Order: o.ID, Case: o.Case, Held: held, Attributable: traced, At: at})
		if !p.Auto || traced == 0 || a.keepOf(o, traced, p.Percent) >= held || o.Approver.Zero() || o.signedBy(o.Approver) {
			continue // to let all of it go is for a person to decide
		}
		events = append(events, a.endIfAllowed(o, ending{Cause: "disproportionate", Keep: a.keepOf(o, traced, p.Percent), Officer: o.Approver, At: at})...)
	}
	return events
}

// said is the level that was found before.
func (p Proportion) said(a Account, order identity.OrderID) int {
	for _, f := range a.Remedy.Found {
		if f.Order == order {
			return p.level(f.Held, f.Attributable)
		}
	}
	return 0
}

// ends tells whether the bank has been asked to end or narrow the measure.
func (a Account) ends(o Order) bool {
	return a.followUpOpen(o.ID, KindLift) || a.followUpOpen(o.ID, KindRelease)
}

// narrowMeasure is the same in one step by a person.
func narrowMeasure(a Account, cmd NarrowMeasure) ([]event.AccountEvent, error) {
	o, err := a.measure(cmd.Order)
	if err != nil {
		return nil, err
	}
	held := a.held(o)
	traced, known := a.Attributable()
	switch {
	case held == 0:
		return nil, ErrNotHeld
	case !known || traced == 0:
		return nil, ErrNothingTraced
	case a.keepOf(o, traced, cmd.Percent) >= held:
		return nil, ErrProportionate
	case a.ends(o):
		return nil, nil
	}
	return a.end(o, ending{Cause: "disproportionate", Keep: a.keepOf(o, traced, cmd.Percent), Officer: cmd.Officer, At: cmd.At})
}
