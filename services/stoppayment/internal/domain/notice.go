package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// What a holder is told about (告知事项).
const (
	AboutMeasure = "measure" // the stop or the freeze
	AboutLift    = "lift"    // its end before its time
)

// AwaitsNotice is what a lift lacks whose owner was not told in time.
const AwaitsNotice = "notice"

// MaxDeferral is how long telling the holder can be put off at most, and only
// where it would obstruct the investigation (K).
const MaxDeferral = 7 * 24 * time.Hour

// Obstructs (有碍侦查) is the one reason to tell a holder later.
const Obstructs = "obstructs-investigation"

// How a notice stands (告知状态).
const (
	NoticeTold     = "told"
	NoticeDeferred = "deferred"
	NoticeMissing  = "missing" // the measure is not compliant (反电信网络诈骗法 art. 32)
)

// Notice (告知) is one thing that the holder was told, or is to be told later.
type Notice struct {
	Order identity.OrderID
	About string
	Via   string
	At    time.Time // zero: not told
	Until time.Time // put off until then
}

// NotifyHolder (告知持有人) notes that the holder was told reason, remedy and
// papers.
type NotifyHolder struct {
	Order     identity.OrderID
	About     string
	Reason    string
	Remedy    string
	Documents []string
	Via       string
	Officer   event.Officer
	At        time.Time
}

// DeferNotice (暂缓告知) puts telling off, by a leader.
type DeferNotice struct {
	Order   identity.OrderID
	About   string
	Reason  string
	Until   time.Time
	Officer event.Officer
	At      time.Time
}

// NoticeDue wakes a lift whose term has passed without the owner being told.
type NoticeDue struct {
	Order identity.OrderID // the lift or the release
	At    time.Time
}

func (NotifyHolder) isAccountCommand() {}
func (DeferNotice) isAccountCommand()  {}
func (NoticeDue) isAccountCommand()    {}

// toldClock runs until the owner of what was lifted is to be told (程序规定
// art. 247).
const toldClock = "told:"

// dueNotices lists the lifts that the bank has done and the owner does not know
// of.
func (a Account) dueNotices() []es.Alarm {
	var due []es.Alarm
	for _, o := range a.Orders {
		if a.awaitsNotice(o) {
			due = append(due, es.Alarm{Name: toldClock + string(o.ID), At: o.ExpiresAt})
		}
	}
	return due
}

func (a Account) awaitsNotice(o Order) bool {
	return (o.Kind == KindLift || o.Kind == KindRelease) && o.State == Executed && !o.ExpiresAt.IsZero() &&
		slices.Contains(a.Remedy.Freed, o.Target) && !a.Told(o.Target, AboutLift) && !slices.Contains(a.Remedy.Late, o.ID)
}

// Told tells whether the holder was told about a measure or its end. Whoever was
// told of a telephone or paper order knows of the order that has followed it.
func (a Account) Told(order identity.OrderID, about string) bool {
	return slices.ContainsFunc(a.Remedy.Notices, func(n Notice) bool { return a.isAbout(n, order, about) && !n.At.IsZero() })
}

// isAbout tells whether a notice is about a measure or its end.
func (a Account) isAbout(n Notice, order identity.OrderID, about string) bool {
	if n.About != about {
		return false
	}
	if n.Order == order {
		return true
	}
	p, byHand := a.paper(identity.RegistrationID(n.Order))
	o, _ := a.Find(order)
	return byHand && about == AboutMeasure && (o.Registration == p.ID || p.Instead == order)
}

// ByHand (纸质、电话止付) is a telephone or paper order as the measure that it is
// for the holder: from when its bank was asked, whether the papers have come or
// not.
func (a Account) ByHand(id identity.OrderID) (Order, bool) {
	p, known := a.paper(identity.RegistrationID(id))
	if !known {
		return Order{}, false
	}
	o := Order{ID: id, Case: p.Case, Kind: KindStop, State: Executed, Unit: p.Officers[0].Unit, Officers: p.Officers, ExecutedAt: p.AskedAt}
	if p.Freed {
		o.State = Lifted
	}
	return o, true
}

// OrderNamed finds an order, or a telephone or paper order by its registration.
func (a Account) OrderNamed(id identity.OrderID) (Order, bool) {
	if o, ok := a.Find(id); ok {
		return o, true
	}
	return a.ByHand(id)
}

// Measure finds a stop, a freeze, or a telephone or paper order.
func (a Account) Measure(id identity.OrderID) (Order, error) {
	if o, byHand := a.ByHand(id); byHand {
		return o, nil
	}
	return a.measure(id)
}

// replaced tells whether an order by the channel was carried out in the place of
// a telephone or paper order: the holder is told of that one.
func (a Account) replaced(id identity.OrderID) bool {
	p, known := a.paper(identity.RegistrationID(id))
	o, _ := a.Find(p.Order)
	return known && (p.Instead != "" || !o.ExecutedAt.IsZero())
}

// Owed lists what the holder has to be told about an order: each measure that
// was carried out, and its early end.
func (a Account) Owed(o Order) []string {
	var owed []string
	if (o.Kind == KindStop || o.Kind == KindFreeze) && !o.ExecutedAt.IsZero() && !a.replaced(o.ID) {
		owed = append(owed, AboutMeasure)
		if slices.Contains(a.Remedy.Freed, o.ID) {
			owed = append(owed, AboutLift)
		}
	}
	return owed
}

// Compliance (告知合规) tells how the notices about an order stand at a time:
// missing, deferred or told; "" if nothing is owed.
func (a Account) Compliance(o Order, at time.Time) string {
	worst := ""
	for _, about := range a.Owed(o) {
		switch {
		case a.Told(o.ID, about):
			if worst == "" {
				worst = NoticeTold
			}
		case a.deferred(o.ID, about, at):
			if worst != NoticeMissing {
				worst = NoticeDeferred
			}
		default:
			worst = NoticeMissing
		}
	}
	return worst
}

func (a Account) deferred(order identity.OrderID, about string, at time.Time) bool {
	return slices.ContainsFunc(a.Remedy.Notices, func(n Notice) bool { return a.isAbout(n, order, about) && at.Before(n.Until) })
}

// notifyHolder demands all three that the law names: reason, remedy and papers
// (反电信网络诈骗法 art. 32).
func notifyHolder(a Account, cmd NotifyHolder) ([]event.AccountEvent, error) {
	measure, err := a.owing(cmd.Order, cmd.About)
	switch {
	case err != nil:
		return nil, err
	case cmd.Reason == "" || cmd.Remedy == "" || len(cmd.Documents) == 0 || len(cmd.Documents) > MaxPapers || cmd.Via == "":
		return nil, ErrNoticeIncomplete
	case slices.ContainsFunc(a.Remedy.Notices, func(n Notice) bool { return n.Order == cmd.Order && n.About == cmd.About && n.Via == cmd.Via }):
		return nil, nil
	}
	return []event.AccountEvent{event.HolderNotified{
		Order: measure.ID, Case: measure.Case, About: cmd.About, Reason: cmd.Reason, Remedy: cmd.Remedy, Documents: cmd.Documents, Via: cmd.Via,
		Officer: cmd.Officer, At: cmd.At,
	}}, nil
}

// owing finds a measure about which there is something to tell.
func (a Account) owing(order identity.OrderID, about string) (Order, error) {
	measure, err := a.Measure(order)
	if err == nil && !slices.Contains(a.Owed(measure), about) {
		err = ErrNothingToTell.At("/about")
	}
	return measure, err
}

func deferNotice(a Account, cmd DeferNotice) ([]event.AccountEvent, error) {
	measure, err := a.owing(cmd.Order, cmd.About)
	switch {
	case err != nil:
		return nil, err
	case cmd.Reason != Obstructs:
		return nil, ErrDeferral.At("/reason")
	case !cmd.Until.After(cmd.At) || cmd.Until.Sub(a.owedSince(measure, cmd.About)) > MaxDeferral:
		return nil, ErrDeferral.At("/until")
	case a.Told(cmd.Order, cmd.About):
		return nil, ErrToldAlready
	}
	return []event.AccountEvent{event.HolderNoticeDeferred{
		Order: measure.ID, Case: measure.Case, About: cmd.About, Reason: cmd.Reason, Until: cmd.Until, Officer: cmd.Officer, At: cmd.At,
	}}, nil
}

// owedSince is when the holder would have had to be told, so that putting it off
// again and again does not go beyond the longest deferral.
func (a Account) owedSince(measure Order, about string) time.Time {
	if about == AboutMeasure {
		return measure.ExecutedAt
	}
	for _, o := range a.Orders {
		if o.Target == measure.ID && (o.Kind == KindLift || o.Kind == KindRelease) && o.State == Executed {
			return o.ExecutedAt
		}
	}
	return measure.ExecutedAt
}

func noticeDue(a Account, cmd NoticeDue) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || !a.awaitsNotice(o) || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.LiftOverdue{Order: o.ID, Due: o.ExpiresAt, Awaits: AwaitsNotice}}, nil
}

// LiftOf tells why and when a measure ended before its time.
func (a Account) LiftOf(measure Order) (cause string, at time.Time, lifted bool) {
	if !slices.Contains(a.Remedy.Freed, measure.ID) {
		return "", time.Time{}, false
	}
	for _, o := range slices.Backward(a.Orders) {
		if o.Target == measure.ID && (o.Kind == KindLift || o.Kind == KindRelease) && o.State == Executed {
			return o.Cause, o.ExecutedAt, true
		}
	}
	return "", time.Time{}, false
}
