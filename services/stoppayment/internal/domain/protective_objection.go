package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// FileProtectiveObjection (解除申请、异议) by the subject, at the police or at his
// bank. Due is by when it is to be decided, in working days of the city.
type FileProtectiveObjection struct {
	Objection identity.ObjectionID
	Holder    seal.Box
	Contact   seal.Box
	Text      seal.Box
	Grounds   string
	Documents []string // hashes
	Channel   string
	Officer   event.Officer
	Due       time.Time
	At        time.Time
}

// DecideProtectiveObjection (异议决定). One that is right releases all accounts.
type DecideProtectiveObjection struct {
	Objection identity.ObjectionID
	Outcome   string // upheld | dismissed | withdrawn
	Reason    string
	Officer   event.Officer
	At        time.Time
}

// ProtectiveObjectionDue wakes an objection that nobody has decided in time.
type ProtectiveObjectionDue struct {
	Objection identity.ObjectionID
	At        time.Time
}

func (FileProtectiveObjection) isProtectiveCommand()   {}
func (DecideProtectiveObjection) isProtectiveCommand() {}
func (ProtectiveObjectionDue) isProtectiveCommand()    {}

// objectionReason is why a protective stop is released when an objection is right.
const objectionReason = "objection"

// Objection finds an objection against the protective stop.
func (p Protective) Objection(id identity.ObjectionID) (Objection, bool) {
	return Remedy{Objections: p.Objections}.Objection(id)
}

// fileProtectiveObjection takes every objection in: one against what has ended is
// closed with that reason, and only a second one while the first is open is refused.
func fileProtectiveObjection(p Protective, cmd FileProtectiveObjection) ([]event.ProtectiveEvent, error) {
	if _, known := p.Objection(cmd.Objection); known {
		return nil, nil
	}
	switch {
	case slices.ContainsFunc(p.Objections, Objection.Open):
		return nil, ErrObjectionOpen
	case len(cmd.Documents) == 0 || len(cmd.Documents) > MaxPapers || slices.ContainsFunc(cmd.Documents, notHash):
		return nil, ErrObjectionPaper.At("/documents")
	case cmd.Holder.Empty():
		return nil, ErrObjectionHolder.At("/holder")
	case !cmd.Due.After(cmd.At):
		return nil, ErrObjectionTerm
	}
	events := []event.ProtectiveEvent{event.ProtectiveObjectionFiled{
		Objection: cmd.Objection, Holder: cmd.Holder, Contact: cmd.Contact, Text: cmd.Text, Grounds: cmd.Grounds, Documents: cmd.Documents,
		Channel: cmd.Channel, FiledAt: cmd.At, Due: cmd.Due, Unit: p.Responsible, Officer: cmd.Officer,
	}}
	reason := ""
	switch {
	case p.State == ProtectiveRejected:
		reason = measureNeverWas
	case p.State == ProtectiveEnded && !slices.ContainsFunc(p.Accounts, func(a Protected) bool { return a.Bank.mayHold(cmd.At) }):
		reason = measureEnded
	}
	if reason != "" {
		events = append(events, event.ProtectiveObjectionDecided{Objection: cmd.Objection, Outcome: Dismissed, Reason: reason, Officer: cmd.Officer, At: cmd.At})
	}
	return events, nil
}

// decideProtectiveObjection: the responsible unit decides, or one above it, and
// never by somebody who has signed the protective stop. The release is part of the
// decision, so that nothing can come between.
func decideProtectiveObjection(p Protective, cmd DecideProtectiveObjection) ([]event.ProtectiveEvent, error) {
	o, ok := p.Objection(cmd.Objection)
	switch {
	case !ok:
		return nil, ErrNoObjection
	case !o.Open() && o.Outcome == cmd.Outcome:
		return nil, nil
	case !o.Open():
		return nil, ErrObjectionDecided
	case !cmd.Officer.Unit.Oversees(p.Responsible):
		return nil, naming(ErrProtectiveUnit, p.Responsible)
	case !slices.Contains([]string{Upheld, Dismissed, Withdrawn}, cmd.Outcome):
		return nil, ErrOutcome.At("/outcome")
	case cmd.Reason == "":
		return nil, ErrReason.At("/reason")
	case cmd.Outcome != Withdrawn && slices.Contains(p.Signed, cmd.Officer.PoliceNo):
		return nil, ErrDeciderInvolved
	}
	events := []event.ProtectiveEvent{event.ProtectiveObjectionDecided(cmd)}
	if cmd.Outcome != Upheld {
		return events, nil
	}
	released := p.release(objectionReason, cmd.Officer, cmd.At)
	if len(released.Accounts) > 0 || p.State == ProtectiveWaiting || p.State == ProtectiveActive {
		events = append(events, released)
	}
	return events, nil
}

func protectiveObjectionDue(p Protective, cmd ProtectiveObjectionDue) ([]event.ProtectiveEvent, error) {
	o, ok := p.Objection(cmd.Objection)
	if !ok || !o.Open() || o.Overdue || cmd.At.Before(o.Due) {
		return nil, nil
	}
	return []event.ProtectiveEvent{event.ProtectiveObjectionOverdue{Objection: o.ID, Due: o.Due, Unit: o.Unit}}, nil
}

// evolveProtectiveObjection folds an event into the objections.
func evolveProtectiveObjection(p Protective, e event.ProtectiveEvent) []Objection {
	r := Remedy{Objections: p.Objections}
	switch e := e.(type) { //nolint:gochecksumtype // the others are no objections
	case event.ProtectiveObjectionFiled:
		return append(slices.Clip(r.Objections), Objection{
			ID: e.Objection, Order: identity.OrderID(p.ID), Case: p.Case, Unit: e.Unit, Grounds: e.Grounds, Channel: e.Channel, FiledAt: e.FiledAt, Due: e.Due,
		})
	case event.ProtectiveObjectionDecided:
		r = r.edit(e.Objection, func(o *Objection) {
			o.Outcome, o.Reason, o.DecidedAt, o.Decider = e.Outcome, e.Reason, e.At, e.Officer
		})
	case event.ProtectiveObjectionOverdue:
		r = r.edit(e.Objection, func(o *Objection) { o.Overdue = true })
	}
	return r.Objections
}
