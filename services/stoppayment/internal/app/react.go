package app

import (
	"encoding/json"
	"errors"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Intent is a command that stop-payment gives itself because of what it has
// heard: to a chase, or to an account.
type Intent struct {
	Pursuit identity.CaseID
	Chase   domain.PursuitCommand
	Account identity.AccountID
	Money   domain.AccountCommand
	// Of a chain order: the account whose order it names.
	Parent identity.AccountID
	// Unsure tells of an order that the account may refuse by what has happened to
	// it: an officer's own, or one after another.
	Unsure bool
	// By is the order that says so, of what rests on one: nothing if it was refused.
	By identity.OrderID
}

// React is the process manager of stop-payment. It is pure; what it has to
// remember is events of the chase and of the accounts.
func React(source react.Source, e event.Event) []Intent {
	switch e := e.(type) {
	case event.FraudReportReceived:
		id := identity.CaseID(source.Key)
		return []Intent{{Pursuit: id, Chase: domain.OpenPursuit{
			Case: id, ReportedAt: e.ReceivedAt, Unit: e.Unit, Operator: e.Operator, Investigator: e.Investigator,
		}}}
	case event.LossTransferDeclared:
		id := identity.CaseID(source.Key)
		lot := event.Lot{Case: id, Victim: e.Victim, Transfer: e.Transfer.ID, Amount: e.Transfer.Amount}
		return []Intent{{Pursuit: id, Chase: domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: e.Transfer, Lots: []event.Lot{lot}}}}}}
	case event.CaseFiled:
		return []Intent{{Pursuit: identity.CaseID(source.Key), Chase: domain.NoteFiling{CaseNo: e.CaseNo, FiledAt: e.At}}}
	case event.DownstreamAccountFound:
		return stop(source, e)
	case event.TransferTraced:
		return []Intent{{Account: e.Source.To.ID, Money: domain.TraceInflow{Case: e.Case, Source: e.Source, Lots: e.Lots, Basis: source.Revision}}}
	case event.FundsAttributed:
		return follow(source, e)
	case event.OutflowsAttributed:
		return followOn(source, e)
	case event.FreezeApproved:
		return freeze(e)
	case event.RefundExecuted:
		return []Intent{{Account: e.Account, Money: domain.NoteReturn{
			Order: e.FreezeOrder, Procedure: identity.ProcedureID(source.Key), Payment: e.Payment, Amount: e.Amount, At: e.ExecutedAt,
		}}}
	}
	return nil // the rest of what others say needs nothing of ours
}

// Idle tells of what is stored most often that React makes nothing of it: each
// stop leaves four of these and one or two that it acts on. To take them up as
// messages costs as much as to carry out a command.
func Idle(name string) bool {
	switch name {
	case "stop-requested.v1", "stop-approved.v1", "order-sent.v1", "stop-executed.v1", "statement-received.v1", "inflow-traced.v1":
		return true
	}
	return false
}

// stop gives the order for an account that the chase has found. Where the
// city's policy holds the order back, an officer may give it; the money is
// followed all the same.
func stop(source react.Source, e event.DownstreamAccountFound) []Intent {
	if e.Order == "" {
		return []Intent{{Account: e.Account.ID, Money: domain.TraceInflow{Case: e.Case, Source: e.Source, Lots: e.Lots, Basis: source.Revision}}}
	}
	order := Intent{Account: e.Account.ID, Money: domain.RequestStop{
		Order: e.Order, Case: e.Case, Account: e.Account, Level: e.Level, ParentOrder: e.ParentOrder, ParentSourceAt: e.ParentSourceAt,
		Source: e.Source, Lots: e.Lots, Basis: source.Revision, Unit: e.Operator.Unit, Operator: e.Operator, Investigator: e.Investigator,
		Scope: e.Scope, Amount: e.Amount, ApplicationType: e.ApplicationType, Registration: e.Registration,
	}, Parent: e.Parent, Unsure: e.Manual || e.Order != domain.StopOrder(e.Case, e.Account.ID, 1)}
	if !e.Manual {
		return []Intent{order}
	}
	waited := Intent{Pursuit: e.Case, Chase: domain.FollowUp{Account: e.Account.ID}}
	intents := []Intent{order, waited}
	if e.Parent != "" && e.Source.From.ID == e.Parent { // the officer has said where a debit of the parent went
		debit := domain.Debit{Case: e.Case, Transfer: e.Source, Basis: domain.ByOfficer, Order: e.Order}
		intents = append(intents, Intent{Pursuit: e.Case, Account: e.Parent, Money: domain.NameDebits{Debits: []domain.Debit{debit}}, By: e.Order})
	}
	return intents
}

func freeze(e event.FreezeApproved) []Intent {
	intents := make([]Intent, 0, len(e.Targets))
	for _, t := range e.Targets {
		intents = append(intents, Intent{Account: t.Account, Money: domain.RequestFreeze{
			Order: t.Order, Case: e.Case, CaseNo: e.CaseNo, FiledAt: e.FiledAt, NoticeNo: e.NoticeNo, TermMonths: e.TermMonths,
			Grave: e.Grave, Limit: t.Limit, Asset: t.Asset, Approver: e.Approver, Operator: e.Operator, Investigator: e.Investigator, At: e.At,
		}})
	}
	return intents
}

// Reactor hears the log.
func (a App) Reactor() *react.Reactor[event.Event, Intent] {
	return &react.Reactor[event.Event, Intent]{
		Name: event.StopPaymentReactor, Categories: []string{"case", "pursuit", "account", "refund"}, Codec: event.Codecs(),
		React: React, Idle: Idle, Carry: a.carry, OrderKey: orderKey, Parallel: perCore(carriedPerCore),
		Actor: service.SystemActor(Name), Log: a.City.Log, Clock: a.City.Clock, Logger: a.City.Logger,
	}
}

var errNotYet = errors.New("the account has not been met yet")

// orderKey lets the orders that one hop of the chase gives go out side by side:
// what concerns one account stays in order, different accounts do not wait for
// each other.
func orderKey(r eventlog.Recorded) string {
	switch r.Type {
	case "downstream-account-found.v1", "transfer-traced.v1":
		var found struct {
			Source struct {
				To struct {
					ID string `json:"id"`
				} `json:"to"`
			} `json:"source"`
		}
		if err := json.Unmarshal(r.Data, &found); err == nil && found.Source.To.ID != "" {
			return "to-" + found.Source.To.ID
		}
	}
	return r.Stream
}
