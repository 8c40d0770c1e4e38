// Package domain has the rules of a refund procedure. It is pure.
package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Procedure (返还程序) is what the rules need to know of one procedure for one
// frozen account. A view keeps it as JSON; the log alone is the truth.
type Procedure struct {
	ID            identity.ProcedureID `json:"id"` // "" until opened
	Case          identity.CaseID      `json:"case"`
	CaseNo        identity.CaseNo      `json:"caseNo"`
	Account       event.Account        `json:"account"`
	FreezeOrder   identity.OrderID     `json:"freezeOrder"`
	Frozen        money.Fen            `json:"frozenFen"`
	FreezeExpires time.Time            `json:"freezeExpires"`
	Exact         bool                 `json:"exact"`
	Credits       int                  `json:"credits"`
	Claims        []Claim              `json:"claims"`
	OthersHeld    money.Fen            `json:"othersHeldFen"` // attributed to victims of other cases
	Informed      []identity.PartyID   `json:"informed"`

	FlowVersion int    `json:"flowVersion"` // 0 until a flow table is there
	FlowHash    string `json:"flowHash"`

	Plan        event.RefundPlanProposed `json:"plan"` // Hash "" while there is none in force
	Notice      event.PublicNoticePosted `json:"notice"`
	NoticeEnded bool                     `json:"noticeEnded"`
	Objections  []Objection              `json:"objections"`

	Reporter     event.Officer `json:"reporter"`
	ReportedHash string        `json:"reportedHash"` // of the plan reported; "" until reported
	Approver     event.Officer `json:"approver"`
	ApprovedHash string        `json:"approvedHash"` // of the plan approved; "" until approved
	DecisionNo   string        `json:"decisionNo"`

	Served   bool      `json:"served"`
	ServedAt time.Time `json:"servedAt"`
	Payments []Payment `json:"payments"`
	Returned money.Fen `json:"returnedFen"`
	Closed   bool      `json:"closed"`
}

// Claim is a claim with what its victim has applied for.
type Claim struct {
	event.Claim
	Applied  bool          `json:"applied"`
	Payee    event.Account `json:"payee"`
	Returned money.Fen     `json:"returnedFen"`
}

// Objection (异议) is one objection to the plan.
type Objection struct {
	ID   string `json:"id"`
	Open bool   `json:"open"`
}

// Payment is a payment with what the bank has answered.
type Payment struct {
	event.Payment
	Done        bool   `json:"done"`
	Receipt     string `json:"receipt"`
	FailedCause string `json:"failedCause"` // of the last attempt
}

// Opened tells whether there is such a procedure.
func (p Procedure) Opened() bool { return p.ID != "" }

// Planned tells whether a plan is in force.
func (p Procedure) Planned() bool { return p.Plan.Hash != "" }

// Reported tells whether the plan in force was reported for approval.
func (p Procedure) Reported() bool { return p.ReportedHash != "" }

// Approved tells whether the refund was decided.
func (p Procedure) Approved() bool { return p.ApprovedHash != "" }

// NoticePosted tells whether the plan in force has a public notice.
func (p Procedure) NoticePosted() bool { return !p.Notice.PostedAt.IsZero() }

// Held is what is attributed to the victims on the account, in fen.
func (p Procedure) Held() money.Fen {
	var sum money.Fen
	for _, c := range p.Claims {
		sum += c.Held // Open has checked the sum
	}
	return sum
}

// Remainder is what of the frozen money has not been returned, in fen.
func (p Procedure) Remainder() money.Fen { return p.Frozen - p.Returned }

// Stage (阶段) names how far the procedure has come.
func (p Procedure) Stage() string {
	switch {
	case p.Closed:
		return "closed"
	case p.Served:
		return "served"
	case p.Approved():
		return "approved"
	case p.Reported():
		return "reported"
	case p.NoticeEnded:
		return "notice-ended"
	case p.NoticePosted():
		return "notice-running"
	case p.Planned():
		return "planned"
	case p.FlowVersion > 0:
		return "flow-table"
	case slices.ContainsFunc(p.Claims, func(c Claim) bool { return c.Applied }):
		return "applied"
	case len(p.Informed) > 0:
		return "informed"
	}
	return "opened"
}

// Hash makes a fingerprint of parts; a city chooses the suite.
type Hash func(parts ...[]byte) []byte

// Decider is all of the rules.
func Decider(hash Hash) es.Decider[Procedure, Command, event.RefundEvent] {
	return es.Decider[Procedure, Command, event.RefundEvent]{
		Decide: func(p Procedure, cmd Command) ([]event.RefundEvent, error) { return decide(hash, p, cmd) },
		Evolve: Evolve, Due: Due,
	}
}

// NoticeClock is the clock of the public notice (公告期).
const NoticeClock = "public-notice"

// Due lists the running clock: the end of the public notice.
func Due(p Procedure) []es.Alarm {
	if !p.NoticePosted() || p.NoticeEnded {
		return nil
	}
	return []es.Alarm{{Name: NoticeClock, At: p.Notice.EndsAt}}
}

// Evolve folds one event into the state.
func Evolve(p Procedure, e event.RefundEvent) Procedure {
	switch e := e.(type) {
	case event.RefundOpened:
		return opened(e)
	case event.VictimInformedOfFreeze:
		p.Informed = append(slices.Clip(p.Informed), e.Victim)
	case event.RefundApplied:
		return withoutPlan(applied(p, e)) // the plan rests on who gets it where
	case event.FlowTableCompiled:
		p.FlowVersion, p.FlowHash = e.Version, e.Hash
		return withoutPlan(p) // the plan rests on the flow table
	case event.RefundPlanProposed:
		p = withoutPlan(p) // a notice or a report of another plan says nothing about this one
		p.Plan = e
	case event.PublicNoticePosted:
		p.Notice, p.NoticeEnded = e, false
	case event.PublicNoticeEnded:
		p.NoticeEnded = true
	case event.RefundObjectionFiled:
		p.Objections = append(slices.Clip(p.Objections), Objection{ID: e.Objection, Open: true})
	case event.RefundObjectionDecided:
		return objectionDecided(p, e)
	case event.RefundReportSubmitted:
		p.Reporter, p.ReportedHash = e.By, e.PlanHash
	case event.RefundApproved:
		p.Approver, p.ApprovedHash, p.DecisionNo = e.Approver, e.PlanHash, e.DecisionNo
	case event.RefundRejected:
		return withoutPlan(p)
	case event.AssistNoticeServed:
		p.Served, p.ServedAt = true, e.At
		p.Payments = nil
		for _, pay := range e.Payments {
			p.Payments = append(p.Payments, Payment{Payment: pay})
		}
	case event.RefundExecuted:
		return executed(p, e)
	case event.RefundFailed:
		p.Payments = slices.Clone(p.Payments)
		if n := p.payment(e.Payment); n >= 0 {
			p.Payments[n].FailedCause = e.Cause
		}
	case event.RemainderKeptFrozen: // follows from what was returned
	case event.RefundClosed:
		p.Closed = true
	}
	return p
}

func opened(e event.RefundOpened) Procedure {
	p := Procedure{
		ID: e.Procedure, Case: e.Case, CaseNo: e.CaseNo, Account: e.Account, FreezeOrder: e.FreezeOrder,
		Frozen: e.Frozen, FreezeExpires: e.FreezeExpires, Exact: e.Exact, Credits: e.Credits, OthersHeld: e.OthersHeld,
	}
	for _, c := range e.Claims {
		p.Claims = append(p.Claims, Claim{Claim: c})
	}
	return p
}

func applied(p Procedure, e event.RefundApplied) Procedure {
	p.Claims = slices.Clone(p.Claims)
	if n := p.claim(e.Victim, e.Transfer); n >= 0 {
		p.Claims[n].Applied, p.Claims[n].Payee = true, e.Payee
	}
	return p
}

func objectionDecided(p Procedure, e event.RefundObjectionDecided) Procedure {
	p.Objections = slices.Clone(p.Objections)
	for n, o := range p.Objections {
		if o.ID == e.Objection {
			p.Objections[n].Open = false
		}
	}
	if e.Upheld {
		return withoutPlan(p)
	}
	return p
}

func executed(p Procedure, e event.RefundExecuted) Procedure {
	p.Payments, p.Claims = slices.Clone(p.Payments), slices.Clone(p.Claims)
	if n := p.payment(e.Payment); n >= 0 {
		p.Payments[n].Done, p.Payments[n].Receipt, p.Payments[n].FailedCause = true, e.BankReceipt, ""
	}
	if n := p.claim(e.Victim, e.Transfer); n >= 0 {
		p.Claims[n].Returned += e.Amount // no more than was frozen: Decide has checked
	}
	p.Returned += e.Amount
	return p
}

// withoutPlan voids the plan and all that was said about it.
func withoutPlan(p Procedure) Procedure {
	p.Plan, p.Notice, p.NoticeEnded = event.RefundPlanProposed{}, event.PublicNoticePosted{}, false
	p.Reporter, p.ReportedHash = event.Officer{}, ""
	return p
}

// claim finds a claim; -1 if there is none.
func (p Procedure) claim(victim identity.PartyID, transfer identity.TransferID) int {
	return slices.IndexFunc(p.Claims, func(c Claim) bool { return c.Victim == victim && c.Transfer == transfer })
}

// payment finds a payment; -1 if there is none.
func (p Procedure) payment(id string) int {
	return slices.IndexFunc(p.Payments, func(pay Payment) bool { return pay.ID == id })
}
