package domain

import (
	"slices"
	"strconv"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// capReason is why a protective stop is released when its cap is reached.
const capReason = "cap"

// DecideProtective is every rule about a protective stop.
func DecideProtective(p Protective, cmd ProtectiveCommand) ([]event.ProtectiveEvent, error) {
	if request, ok := cmd.(RequestProtective); ok {
		return requestProtective(p, request)
	}
	if p.ID == "" {
		return nil, ErrNoProtective
	}
	switch cmd := cmd.(type) {
	case RequestProtective: // decided above
	case ApproveProtective:
		return approveProtective(p, cmd)
	case RejectProtective:
		return rejectProtective(p, cmd)
	case RenewProtective:
		return renewProtective(p, cmd)
	case ExemptProtective:
		return exemptProtective(p, cmd)
	case ReleaseProtective:
		return releaseProtective(p, cmd)
	case NotifySubject:
		return notifySubject(p, cmd)
	case ProtectiveSent:
		return protectiveSent(p, cmd)
	case AnswerProtective:
		return answerProtective(p, cmd)
	case ExpireProtected:
		return expireProtected(p, cmd)
	case CapReached:
		return capReached(p, cmd)
	case LiftAgain:
		return liftAgain(p, cmd)
	case FileProtectiveObjection:
		return fileProtectiveObjection(p, cmd)
	case DecideProtectiveObjection:
		return decideProtectiveObjection(p, cmd)
	case ProtectiveObjectionDue:
		return protectiveObjectionDue(p, cmd)
	}
	return nil, nil
}

// requestProtective: only the subject's own accounts, one responsible unit, an
// end that no renewal can move.
func requestProtective(p Protective, cmd RequestProtective) ([]event.ProtectiveEvent, error) {
	if p.ID != "" {
		return nil, nil
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if err := ownAccounts(cmd); err != nil {
		return nil, err
	}
	switch {
	case cmd.Basis == "" || !slices.Contains([]string{"given", "refused", "unreachable"}, cmd.Consent):
		return nil, ErrConsent.At("/consent")
	case cmd.Responsible == "":
		return nil, ErrProtectiveUnit
	case !cmd.CapAt.After(cmd.At) || cmd.CapAt.Sub(cmd.At) > min(cmd.Most, MaxProtective):
		return nil, ErrProtectiveCap.At("/capAt")
	}
	requested := event.ProtectiveStopRequested{
		Protective: cmd.Protective, Case: cmd.Case, Alert: cmd.Alert, Subject: cmd.Party, Basis: cmd.Basis, Consent: cmd.Consent,
		Responsible: cmd.Responsible, CapAt: cmd.CapAt, Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}
	for _, a := range cmd.Accounts {
		requested.Accounts = append(requested.Accounts, event.ProtectedAccount{Account: a.Account, Order: a.Order})
	}
	return []event.ProtectiveEvent{requested}, nil
}

func ownAccounts(cmd RequestProtective) error {
	if len(cmd.Accounts) == 0 || len(cmd.Accounts) > MaxProtected {
		return ErrProtectedList.At("/accounts")
	}
	for n, a := range cmd.Accounts {
		if cmd.Subject == "" || a.Holder != cmd.Subject {
			return ErrNotOwnAccount.At("/accounts/%d", n)
		}
		if slices.ContainsFunc(cmd.Accounts[:n], func(o OwnAccount) bool { return o.Account.ID == a.Account.ID }) {
			return ErrProtectedList.At("/accounts/%d", n)
		}
	}
	return nil
}

func approveProtective(p Protective, cmd ApproveProtective) ([]event.ProtectiveEvent, error) {
	switch {
	case p.State == ProtectiveActive && p.Approver.PoliceNo == cmd.Approver.PoliceNo:
		return nil, nil
	case p.State != ProtectiveWaiting:
		return nil, ErrDecided
	case !cmd.At.Before(p.CapAt):
		return nil, ErrProtectiveCap
	}
	if err := p.judges(cmd.Approver); err != nil {
		return nil, err
	}
	return []event.ProtectiveEvent{event.ProtectiveStopApproved{Approver: cmd.Approver, At: cmd.At}}, nil
}

func rejectProtective(p Protective, cmd RejectProtective) ([]event.ProtectiveEvent, error) {
	switch {
	case p.State == ProtectiveRejected:
		return nil, nil
	case p.State != ProtectiveWaiting:
		return nil, ErrDecided
	}
	if err := p.judges(cmd.Approver); err != nil {
		return nil, err
	}
	return []event.ProtectiveEvent{event.ProtectiveStopRejected{Approver: cmd.Approver, Reason: cmd.Reason, At: cmd.At}}, nil
}

// judges refuses whoever may not approve or reject: the two officers themselves,
// and units that are neither responsible nor above the one that is.
func (p Protective) judges(who event.Officer) error {
	switch {
	case who.Zero() || who.PoliceNo == p.Officers[0].PoliceNo || who.PoliceNo == p.Officers[1].PoliceNo:
		return ErrSelfApproval
	case !who.Unit.Oversees(p.Responsible):
		return naming(ErrProtectiveUnit, p.Responsible)
	}
	return nil
}

// ours refuses a unit that is not the responsible one, and tells it which is.
func (p Protective) ours(who event.Officer) error {
	if who.Unit != p.Responsible {
		return naming(ErrProtectiveUnit, p.Responsible)
	}
	return nil
}

// renewProtective: 48 hours more are a new decision, never a routine, and end
// with the cap whatever happens.
func renewProtective(p Protective, cmd RenewProtective) ([]event.ProtectiveEvent, error) {
	if err := p.ours(cmd.Approver); err != nil {
		return nil, err
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	var accounts []event.ProtectedAccount
	ahead := false // a renewal before has not begun: the next decision is for when it has
	for _, a := range p.Accounts {
		if a.InForce() && a.ExpiresAt.After(cmd.At.Add(StopWindow)) && a.ExpiresAt.Before(p.CapAt) {
			ahead = true
			continue
		}
		if a.InForce() && cmd.At.Before(a.ExpiresAt) && a.ExpiresAt.Before(p.CapAt) {
			accounts = append(accounts, event.ProtectedAccount{Account: a.Account, Order: p.orderID("renewal", a.Account.ID, p.Ordinal+1)})
		}
	}
	switch {
	case p.State != ProtectiveActive:
		return nil, ErrNotProtected
	case cmd.Reason != "danger-stands" && (cmd.Reason != "consent-stands" || p.Consent != "given"):
		return nil, ErrRenewalReason.At("/reason")
	case cmd.Approver.PoliceNo == cmd.Operator.PoliceNo || cmd.Approver.PoliceNo == cmd.Investigator.PoliceNo:
		return nil, ErrSelfApproval
	case slices.ContainsFunc(p.Orders, func(o ProtectiveOrder) bool { return o.Kind == ProtectRenew && o.State.Open() }):
		return nil, ErrRenewing
	case len(accounts) == 0 && ahead:
		return nil, ErrRenewing
	case len(accounts) == 0:
		return nil, ErrProtectiveCap
	}
	return []event.ProtectiveEvent{event.ProtectiveRenewalRequested{
		Ordinal: p.Ordinal + 1, Accounts: accounts, Reason: cmd.Reason, Approver: cmd.Approver, Operator: cmd.Operator,
		Investigator: cmd.Investigator, At: cmd.At,
	}}, nil
}

// orderID names an order of the protective stop, the same each time.
func (p Protective) orderID(kind string, a identity.AccountID, n int) identity.OrderID {
	return identity.OrderID(identity.Derive("protective", string(p.ID), kind, string(a), strconv.Itoa(n)).String())
}

// exemptProtective: who cannot pay rent, school or a hospital is not protected.
func exemptProtective(p Protective, cmd ExemptProtective) ([]event.ProtectiveEvent, error) {
	if err := p.ours(cmd.Officer); err != nil {
		return nil, err
	}
	a, ok := p.Account(cmd.Account)
	switch {
	case !ok || !a.InForce() || p.State != ProtectiveActive:
		return nil, ErrNotProtected.At("/account")
	case !slices.Contains([]string{"living", "loan", "tuition", "medical"}, cmd.Purpose):
		return nil, ErrExemption.At("/purpose")
	case cmd.Amount <= 0 || cmd.Amount > money.Max || cmd.Amount >= a.Balance-p.Exempted(cmd.Account):
		return nil, ErrExemption.At("/amountFen")
	}
	return []event.ProtectiveEvent{event.ProtectiveExemptionGranted{
		Account: cmd.Account, Order: p.orderID("exemption", cmd.Account, len(p.Exemptions)+1), Purpose: cmd.Purpose, Amount: cmd.Amount,
		Officer: cmd.Officer, At: cmd.At,
	}}, nil
}

func notifySubject(p Protective, cmd NotifySubject) ([]event.ProtectiveEvent, error) {
	if cmd.Reason == "" || cmd.Remedy == "" || len(cmd.Documents) == 0 || len(cmd.Documents) > MaxPapers || cmd.Via == "" {
		return nil, ErrNoticeIncomplete
	}
	if !p.NotifiedAt.IsZero() {
		return nil, nil
	}
	return []event.ProtectiveEvent{event.ProtectiveSubjectNotified(cmd)}, nil
}

func protectiveSent(p Protective, cmd ProtectiveSent) ([]event.ProtectiveEvent, error) {
	o, ok := p.Find(cmd.Order)
	switch {
	case !ok:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State != Approved:
		return nil, nil
	}
	return []event.ProtectiveEvent{event.ProtectiveOrderSent(cmd)}, nil
}

// answerProtective takes the bank's word on an order of any kind.
func answerProtective(p Protective, cmd AnswerProtective) ([]event.ProtectiveEvent, error) {
	o, ok := p.Find(cmd.Order)
	if cmd.ExecutedAt.IsZero() && (o.Kind == ProtectLift || o.Kind == ProtectExempt) {
		cmd.ExecutedAt = cmd.At // only of a stop the clock rests on the bank's time
	}
	if o.Kind == ProtectRenew && o.From.After(cmd.At) && begunAt(o.From, cmd.ExecutedAt) {
		cmd.ExecutedAt = cmd.At // its bank names the end that it prolongs
	}
	switch {
	case !ok:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State == Executed || o.State == Failed && (!cmd.Done || o.Late):
		return nil, nil
	case o.State == Failed && o.Kind != ProtectLift:
		return nil, ErrFailedFinal
	case !cmd.Done && !KnownCause(cmd.Cause) && cmd.Cause != bank.UnknownOrder:
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done && o.Kind == ProtectLift && cmd.Cause == bank.UnknownOrder:
		// There is nothing to lift: the bank never began, or has ended it.
		return []event.ProtectiveEvent{event.ProtectiveStopLifted{Order: o.ID, Account: o.Account, At: cmd.At}}, nil
	case !cmd.Done:
		return []event.ProtectiveEvent{event.ProtectiveStopFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}, nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case implausible(cmd.ExecutedAt, o.At, cmd.At):
		return nil, ErrExecutedWhen.At("/startTime")
	case o.Kind == ProtectLift:
		return []event.ProtectiveEvent{event.ProtectiveStopLifted{Order: o.ID, Account: o.Account, At: cmd.ExecutedAt}}, nil
	}
	return p.apply(o, cmd), nil
}
