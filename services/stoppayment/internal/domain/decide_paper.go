package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// Paper (后补登记) is an order that was given on paper or by telephone.
type Paper struct {
	ID       identity.RegistrationID
	Case     identity.CaseID
	AskedAt  time.Time
	Due      time.Time        // of the papers
	Order    identity.OrderID // that follows it by the channel, "" while there is none
	Officers [2]event.Officer
	Document string // "" until the papers are there
	Expired  bool
	Freed    bool // the bank has let go of what no order by the channel followed
	// Instead is the stop or freeze of the case by the channel that stands in its
	// place though it does not name it, "" while there is none.
	Instead identity.OrderID
}

// Open tells whether the papers are still awaited.
func (p Paper) Open() bool { return p.Document == "" && !p.Expired && !p.Freed && p.Instead == "" }

// alone tells whether no order by the channel has followed, and the bank has not
// let go.
func (p Paper) alone() bool { return p.Order == "" && p.Instead == "" && !p.Freed }

// RegisterPaper (后补登记) notes that a bank was asked by telephone or on paper.
type RegisterPaper struct {
	Registration identity.RegistrationID
	Case         identity.CaseID
	Account      event.Account
	Channel      string // phone | paper
	AskedAt      time.Time
	Contact      seal.Box // who took it at the bank
	Document     string
	Operator     event.Officer
	Investigator event.Officer
	Due          time.Time
	At           time.Time
}

// ReconcilePaper (后补完成) notes the papers of an order given before.
type ReconcilePaper struct {
	Registration identity.RegistrationID
	Case         identity.CaseID
	Document     string
	Officer      event.Officer
	At           time.Time
}

// ExpirePaper wakes a registration whose papers have not come in time.
type ExpirePaper struct {
	Registration identity.RegistrationID
	At           time.Time
}

func (RegisterPaper) isAccountCommand()  {}
func (ReconcilePaper) isAccountCommand() {}
func (ExpirePaper) isAccountCommand()    {}

func (a Account) paper(id identity.RegistrationID) (Paper, bool) {
	for _, p := range a.Papers {
		if p.ID == id {
			return p, true
		}
	}
	return Paper{}, false
}

func (a Account) changePaper(id identity.RegistrationID, edit func(*Paper)) Account {
	a.Papers = slices.Clone(a.Papers)
	for i := range a.Papers {
		if a.Papers[i].ID == id {
			edit(&a.Papers[i])
		}
	}
	return a
}

func registerPaper(a Account, cmd RegisterPaper) ([]event.AccountEvent, error) {
	if _, known := a.paper(cmd.Registration); known {
		return nil, nil
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if cmd.AskedAt.IsZero() || cmd.AskedAt.After(cmd.At.Add(ClockSkew)) || !cmd.Due.After(cmd.AskedAt) {
		return nil, ErrAskedAt.At("/askedAt")
	}
	if !cmd.Due.After(cmd.At) {
		return nil, ErrAskedLong.At("/askedAt") // else its bank would be asked at once to let go
	}
	return []event.AccountEvent{event.PaperOrderRegistered{
		Registration: cmd.Registration, Case: cmd.Case, Account: cmd.Account, Channel: cmd.Channel, AskedAt: cmd.AskedAt, Contact: cmd.Contact,
		Document: cmd.Document, Operator: cmd.Operator, Investigator: cmd.Investigator, Due: cmd.Due, At: cmd.At,
		Order: a.inForce(cmd.Case, cmd.At),
	}}, nil
}

// Follows checks that an order of type 04 or 05 (后补) follows what was registered
// on this account for this case, and that nothing has followed it yet; and that no
// other order names a registration.
func (a Account) Follows(c identity.CaseID, applicationType string, registration identity.RegistrationID) error {
	late := applicationType == PaperType || applicationType == PaperForeignType
	if registration == "" && !late {
		return nil
	}
	p, known := a.paper(registration)
	switch {
	case !late || !known || p.Case != c:
		return ErrNoPaper.At("/registration")
	case p.Order != "" || p.Instead != "":
		return ErrPaperUsed.At("/registration")
	case p.Expired:
		return ErrPaperLate.At("/registration")
	case a.followUps(identity.OrderID(p.ID), KindLift) > 0:
		return ErrTakenBack.At("/registration")
	}
	return nil
}

// Kinds of application (申请类型).
const (
	FirstType        = "00" // first order
	PaperType        = "04" // 后补: follows an order given on paper or by telephone
	PaperForeignType = "05" // 后补, foreign currency or fixed deposit
)

// Earliest is when a bank may have carried an order out at the earliest: when it
// was asked, be it by telephone before the order came by the channel.
func (o Order) Earliest() time.Time {
	if !o.AskedAt.IsZero() && o.AskedAt.Before(o.RequestAt) {
		return o.AskedAt
	}
	return o.RequestAt
}

func reconcilePaper(a Account, cmd ReconcilePaper) ([]event.AccountEvent, error) {
	p, known := a.paper(cmd.Registration)
	switch {
	case !known || p.Case != cmd.Case:
		return nil, ErrNoPaper
	case !cmd.Officer.Unit.Oversees(p.Officers[0].Unit) && cmd.Officer.Unit.Bureau() != p.Officers[0].Unit.Bureau():
		return nil, ErrForeignUnit
	case cmd.Document == "":
		return nil, ErrPaperNumber.At("/document")
	case p.Document == cmd.Document:
		return nil, nil
	case p.Document != "":
		return nil, ErrPaperUsed
	case p.Expired || p.Instead == "" && !cmd.At.Before(p.Due):
		return nil, ErrPaperLate
	}
	return []event.AccountEvent{event.PaperOrderReconciled{
		Registration: p.ID, Order: p.Order, Document: cmd.Document, Officer: cmd.Officer, At: cmd.At,
	}}, nil
}
