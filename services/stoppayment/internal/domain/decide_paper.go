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
}

// Open tells whether the papers are still awaited.
func (p Paper) Open() bool { return p.Document == "" && !p.Expired }

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
	return []event.AccountEvent{event.PaperOrderRegistered{
		Registration: cmd.Registration, Case: cmd.Case, Account: cmd.Account, Channel: cmd.Channel, AskedAt: cmd.AskedAt, Contact: cmd.Contact,
		Document: cmd.Document, Operator: cmd.Operator, Investigator: cmd.Investigator, Due: cmd.Due, At: cmd.At,
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
	case p.Order != "":
		return ErrPaperUsed.At("/registration")
	case p.Expired:
		return ErrPaperLate.At("/registration")
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
	case p.Expired || !cmd.At.Before(p.Due):
		return nil, ErrPaperLate
	}
	return []event.AccountEvent{event.PaperOrderReconciled{
		Registration: p.ID, Order: p.Order, Document: cmd.Document, Officer: cmd.Officer, At: cmd.At,
	}}, nil
}

// expirePaper: what no papers came for is not to be held (台湾《存款帳戶及其疑似不法
// 或顯屬異常交易管理辦法》, the city's policy here). The order that followed it, and
// the second stop after that one, are lifted by the service itself; what no order
// that the bank can have seen has followed, is lifted by the registration's own
// name. Who had approved the stop approved it on condition of the papers.
func expirePaper(a Account, cmd ExpirePaper) ([]event.AccountEvent, error) {
	p, known := a.paper(cmd.Registration)
	if !known || !p.Open() || cmd.At.Before(p.Due) {
		return nil, nil
	}
	events := []event.AccountEvent{event.PaperOrderExpired{Registration: p.ID, Order: p.Order, Due: p.Due}}
	first, ok := a.Find(p.Order)
	if !ok {
		return append(events, a.liftByHand(p, cmd.At)), nil
	}
	for _, o := range a.Orders {
		if o.Kind != KindStop || (o.ID != first.ID && (o.Ordinal != MaxStops || o.Case != first.Case || o.Unit != first.Unit)) {
			continue
		}
		lift, err := a.endStop(o, RequestLift{
			Target: o.ID, Cause: LiftUnpapered, Approver: o.Approver, Operator: p.Officers[0], Investigator: p.Officers[1], At: cmd.At,
		})
		if err != nil {
			return nil, err
		}
		events = append(events, lift...)
	}
	if first.State == Waiting {
		events = append(events, a.liftByHand(p, cmd.At))
	}
	return events, nil
}

// liftByHand asks the bank to let go of what it was asked for by telephone or on
// paper alone. The registration stands where the order would; who asked for the
// stop answers for its end.
func (a Account) liftByHand(p Paper, at time.Time) event.LiftRequested {
	target := identity.OrderID(p.ID)
	return event.LiftRequested{
		Order: followUpOrder("lift", target, a.followUps(target, KindLift)+1), Target: target, Case: p.Case, Account: a.Ref, Cause: LiftUnpapered,
		Approver: p.Officers[1], Operator: p.Officers[0], Investigator: p.Officers[1], Due: at.Add(LiftTerm), At: at,
	}
}

// letGoByHand asks for the same where the order that had followed came to nothing
// after the term had passed.
func (a Account) letGoByHand(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, p := range a.Papers {
		if target := identity.OrderID(p.ID); a.heldByHand(target) && a.followUps(target, KindLift) == 0 {
			events = append(events, a.liftByHand(p, at))
		}
	}
	return events
}

// heldByHand tells whether a name is that of a telephone or paper order whose term
// has passed and which the bank may still hold.
func (a Account) heldByHand(id identity.OrderID) bool {
	p, known := a.paper(identity.RegistrationID(id))
	return known && p.Expired && p.Order == "" && !p.Freed
}
