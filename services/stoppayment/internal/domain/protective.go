package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// MaxProtective is the longest term of a protective stop that any city may give,
// all renewals included (K). Cards were once stopped 48 hours after 48 hours for a
// month; this is where it ends.
const MaxProtective = 30 * 24 * time.Hour

// MaxProtected bounds the accounts of one protective stop.
const MaxProtected = 50

// ProtectiveState (办理状态) is where a protective stop stands.
type ProtectiveState string

// The states of a protective stop.
const (
	ProtectiveWaiting  ProtectiveState = "waiting"  // 待审批
	ProtectiveActive   ProtectiveState = "active"   // 已批准
	ProtectiveRejected ProtectiveState = "rejected" // 审批驳回
	// ProtectiveReleasing (解除中): released, and a bank has yet to let go.
	ProtectiveReleasing ProtectiveState = "releasing"
	ProtectiveEnded     ProtectiveState = "ended" // 已解除或到期
)

// Kinds of order that a protective stop gives to banks.
const (
	ProtectStop   = "stop"      // 止付, the first 48 hours
	ProtectRenew  = "renewal"   // 延期, 48 hours more
	ProtectExempt = "exemption" // 豁免, less is held
	ProtectLift   = "lift"      // 解除
)

// Protective (保护性止付) is the stop of a person's own accounts, to save his money
// from being sent away.
type Protective struct {
	ID          identity.ProtectiveID
	Case        identity.CaseID
	State       ProtectiveState
	Responsible identity.Unit
	Consent     string
	RequestedAt time.Time
	CapAt       time.Time
	Officers    [2]event.Officer
	Approver    event.Officer
	Accounts    []Protected
	Orders      []ProtectiveOrder
	Exemptions  []event.ProtectiveExemptionGranted
	Ordinal     int // 1 for the first 48 hours
	NotifiedAt  time.Time
	Released    string // reason, "" if not
	Objections  []Objection
	Signed      []string // police numbers of who asked for it, approved or renewed it
}

// Protected is one account under a protective stop.
type Protected struct {
	Account    event.Account
	Stop       identity.OrderID // what the bank stands on now
	State      OrderState
	Since      time.Time // first applied
	ExecutedAt time.Time
	ExpiresAt  time.Time
	Balance    money.Fen
	Total      time.Duration // that the owner could not use the account, as of its running end

	Bank BankHold
}

// ProtectiveOrder is one order to a bank.
type ProtectiveOrder struct {
	ID      identity.OrderID
	Account identity.AccountID
	Kind    string
	Ordinal int
	State   OrderState
	At      time.Time
	From    time.Time // from when its hours count: the approval; of a renewal the end that it prolongs
	Late    bool      // carried out after the end, and undone
}

// Find returns an order of the protective stop.
func (p Protective) Find(id identity.OrderID) (ProtectiveOrder, bool) {
	n := slices.IndexFunc(p.Orders, func(o ProtectiveOrder) bool { return o.ID == id })
	if n < 0 {
		return ProtectiveOrder{}, false
	}
	return p.Orders[n], true
}

// Account returns one of the accounts.
func (p Protective) Account(id identity.AccountID) (Protected, bool) {
	n := slices.IndexFunc(p.Accounts, func(a Protected) bool { return a.Account.ID == id })
	if n < 0 {
		return Protected{}, false
	}
	return p.Accounts[n], true
}

// Exempted is what the owner may spend of an account in spite of the stop.
func (p Protective) Exempted(id identity.AccountID) (sum money.Fen) {
	for _, e := range p.Exemptions {
		if o, _ := p.Find(e.Order); e.Account == id && o.State != Failed {
			sum += e.Amount
		}
	}
	return sum
}

// InForce tells whether the account is stopped now.
func (a Protected) InForce() bool { return a.State == Executed }

// pending tells whether the bank may still stop the account, or hold it longer.
func (p Protective) pending(id identity.AccountID) bool {
	return slices.ContainsFunc(p.Orders, func(o ProtectiveOrder) bool {
		return o.Account == id && p.given(o)
	})
}

// given tells whether an order to stop is at the bank and not answered.
func (Protective) given(o ProtectiveOrder) bool {
	return (o.Kind == ProtectStop || o.Kind == ProtectRenew) && (o.State == Approved || o.State == Sent)
}

// lifting tells whether the bank has been asked to let go of the account.
func (p Protective) lifting(id identity.AccountID) bool {
	return slices.ContainsFunc(p.Orders, func(o ProtectiveOrder) bool {
		return o.Account == id && o.Kind == ProtectLift && o.State.Open()
	})
}

// ProtectiveDecider is all of the rules of a protective stop.
func ProtectiveDecider() es.Decider[Protective, ProtectiveCommand, event.ProtectiveEvent] {
	return es.Decider[Protective, ProtectiveCommand, event.ProtectiveEvent]{Decide: DecideProtective, Evolve: EvolveProtective, Due: DueOnProtective}
}

// EvolveProtective folds one event into the state.
func EvolveProtective(p Protective, e event.ProtectiveEvent) Protective {
	switch e := e.(type) {
	case event.ProtectiveStopRequested:
		p = p.requested(e)
	case event.ProtectiveStopApproved:
		p.State, p.Approver = ProtectiveActive, e.Approver
		p = p.signed(e.Approver).each(func(a *Protected) { a.State = Approved }).orders(func(o *ProtectiveOrder) { o.State, o.From = Approved, e.At })
	case event.ProtectiveStopRejected:
		p.State = ProtectiveRejected
		p = p.each(func(a *Protected) { a.State = Rejected }).orders(func(o *ProtectiveOrder) { o.State = Rejected })
	case event.ProtectiveOrderSent:
		p = p.sent(e)
	case event.ProtectiveStopApplied:
		p = p.applied(e)
	case event.ProtectiveStopFailed:
		p = p.failed(e)
	case event.ProtectiveRenewalRequested:
		p.Ordinal = e.Ordinal
		p = p.signed(e.Approver, e.Operator, e.Investigator).ask(e.Accounts, ProtectRenew, e.At)
	case event.ProtectiveExemptionGranted:
		p.Exemptions = append(slices.Clip(p.Exemptions), e)
		p = p.with(ProtectiveOrder{ID: e.Order, Account: e.Account, Kind: ProtectExempt, State: Approved, At: e.At})
	case event.ProtectiveReleaseRequested:
		p = p.released(e)
	case event.ProtectiveLiftRequested:
		p = p.ask(e.Accounts, ProtectLift, e.At)
	case event.ProtectiveStopLifted:
		p = p.lifted(e)
	case event.ProtectiveStopLapsed:
		p = p.account(e.Account, func(a *Protected) { a.State = Lapsed })
	case event.ProtectiveSubjectNotified:
		p.NotifiedAt = e.At
	case event.ProtectiveObjectionFiled, event.ProtectiveObjectionDecided, event.ProtectiveObjectionOverdue:
		p.Objections = evolveProtectiveObjection(p, e)
	}
	return p.over()
}

func (p Protective) requested(e event.ProtectiveStopRequested) Protective {
	p = Protective{
		ID: e.Protective, Case: e.Case, State: ProtectiveWaiting, Responsible: e.Responsible, Consent: e.Consent, RequestedAt: e.At,
		CapAt: e.CapAt, Officers: [2]event.Officer{e.Operator, e.Investigator}, Ordinal: 1,
	}
	for _, a := range e.Accounts {
		p.Accounts = append(p.Accounts, Protected{Account: a.Account, Stop: a.Order, State: Waiting})
		p.Orders = append(p.Orders, ProtectiveOrder{ID: a.Order, Account: a.Account.ID, Kind: ProtectStop, Ordinal: 1, State: Waiting, At: e.At, From: e.At})
	}
	return p.signed(e.Operator, e.Investigator)
}

func (p Protective) signed(officers ...event.Officer) Protective {
	p.Signed = slices.Clip(p.Signed)
	for _, o := range officers {
		p.Signed = append(p.Signed, o.PoliceNo)
	}
	return p
}

func (p Protective) sent(e event.ProtectiveOrderSent) Protective {
	o, _ := p.Find(e.Order)
	if o.Kind == ProtectStop {
		p = p.account(o.Account, func(a *Protected) {
			if a.State == Approved {
				a.State = Sent
			}
		})
	}
	return p.order(e.Order, func(o *ProtectiveOrder) { o.State = Sent })
}

// applied starts 48 hours on the account. What an exemption changes leaves the
// clock as it is.
func (p Protective) applied(e event.ProtectiveStopApplied) Protective {
	o, _ := p.Find(e.Order)
	p = p.order(e.Order, func(o *ProtectiveOrder) { o.State = Executed })
	if o.Kind == ProtectExempt {
		return p.account(e.Account, func(a *Protected) {
			a.Stop = e.Order
			if !e.BankExpiresAt.IsZero() {
				a.Bank.Until = later(a.Bank.Until, e.BankExpiresAt)
			}
		})
	}
	return p.account(e.Account, func(a *Protected) {
		begin := later(e.ExecutedAt, p.RequestedAt)
		if a.InForce() && a.ExpiresAt.After(begin) {
			begin = a.ExpiresAt // the hours that are left count once
		}
		if e.ExpiresAt.After(begin) {
			a.Total += e.ExpiresAt.Sub(begin)
		}
		if a.Since.IsZero() {
			a.Since = e.ExecutedAt
		}
		a.Stop, a.State, a.ExecutedAt, a.ExpiresAt, a.Balance = e.Order, Executed, e.ExecutedAt, e.ExpiresAt, e.Balance
		a.Bank = a.Bank.began(e.ExecutedAt, e.BankExpiresAt, e.ExpiresAt)
	})
}

// ask adds an order for each account.
func (p Protective) ask(accounts []event.ProtectedAccount, kind string, at time.Time) Protective {
	for _, a := range accounts {
		from := at
		if held, _ := p.Account(a.Account.ID); kind == ProtectRenew && held.InForce() {
			from = later(at, held.ExpiresAt)
		}
		p = p.with(ProtectiveOrder{ID: a.Order, Account: a.Account.ID, Kind: kind, Ordinal: p.Ordinal, State: Approved, At: at, From: from})
		if kind == ProtectLift {
			p = p.account(a.Account.ID, func(held *Protected) { held.Bank.Lift = a.Order })
		}
	}
	return p
}

// The state is a value: changing a list makes a new one.

func (p Protective) with(o ProtectiveOrder) Protective {
	p.Orders = append(slices.Clip(p.Orders), o)
	return p
}

func (p Protective) orders(change func(*ProtectiveOrder)) Protective {
	p.Orders = slices.Clone(p.Orders)
	for n := range p.Orders {
		change(&p.Orders[n])
	}
	return p
}

func (p Protective) order(id identity.OrderID, change func(*ProtectiveOrder)) Protective {
	return p.orders(func(o *ProtectiveOrder) {
		if o.ID == id {
			change(o)
		}
	})
}

func (p Protective) each(change func(*Protected)) Protective {
	p.Accounts = slices.Clone(p.Accounts)
	for n := range p.Accounts {
		change(&p.Accounts[n])
	}
	return p
}

func (p Protective) account(id identity.AccountID, change func(*Protected)) Protective {
	return p.each(func(a *Protected) {
		if a.Account.ID == id {
			change(a)
		}
	})
}
