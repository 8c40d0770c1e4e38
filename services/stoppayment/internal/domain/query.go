package domain

import (
	"slices"
	"strconv"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/money"
)

// requestQuery asks a bank about an account. Two officers may do so before a
// case is filed (程序规定 art. 174); it restrains nobody.
func requestQuery(a Account, cmd RequestQuery) ([]event.AccountEvent, error) {
	if _, known := a.Find(cmd.Order); known {
		return nil, nil
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	switch {
	case cmd.Account.ID == "":
		return nil, ErrNoAccount
	case !queryKind(cmd.TxCode, cmd.Mode):
		return nil, ErrQueryKind.At("/kind")
	case cmd.From.After(cmd.At.Add(ClockSkew)), !cmd.Until.IsZero() && !cmd.From.Before(cmd.Until):
		return nil, ErrQueryPeriod.At("/from")
	}
	return []event.AccountEvent{event.AccountQueryRequested(cmd)}, nil
}

// queryKind tells whether the platform knows a query: only that of transactions
// has a mode.
func queryKind(tx, mode string) bool {
	switch tx {
	case bank.TxQuery:
		return mode == bank.InquiryBasic || mode == bank.InquiryDetail || mode == bank.InquiryBoth || mode == bank.InquiryFast
	case bank.TxHolderQuery, bank.TxAllAccounts:
		return mode == ""
	}
	return false
}

func queryOrder(e event.AccountQueryRequested) Order {
	return Order{
		ID: e.Order, Case: e.Case, Kind: KindQuery, State: Approved, Unit: e.Operator.Unit,
		Officers: [2]event.Officer{e.Operator, e.Investigator}, RequestAt: e.At, Query: e,
	}
}

// answerQuery takes the bank's answer: what it says of the account, and its rows
// into the ledger.
func answerQuery(a Account, cmd AnswerQuery) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindQuery {
		return nil, ErrNoOrder
	}
	var events []event.AccountEvent
	cmd, found := bounded(cmd)
	switch {
	case o.State == Failed:
		return nil, nil // it is asked anew
	case o.State != Approved && o.State != Sent: // answered; more rows are welcome
	case !cmd.Done && !KnownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done:
		return []event.AccountEvent{event.AccountQueryAnswered{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}, nil
	default:
		events = append(events, event.AccountQueryAnswered{
			Order: o.ID, ResultCode: cmd.ResultCode, Balance: notBelow(cmd.Balance), Available: notBelow(cmd.Available),
			Accounts: cmd.Accounts, Measures: cmd.Measures, Holder: cmd.Holder, At: cmd.At, Held: heldNotBelow(cmd.Held),
		})
	}
	found = append(found, heldBelow(cmd.Held)...)
	if cmd.Balance != nil && *cmd.Balance < 0 {
		found = append(found, event.BankDiscrepancyFound{Kind: BalanceNegative, Found: cmd.Balance.Decimal()})
	}
	for _, d := range found {
		events = a.note(events, o, d, cmd.At)
	}
	own := ownMeasures(cmd.Measures)
	events = append(events, a.foreign(o, own, cmd.At)...)
	if o.Query.TxCode == bank.TxAllAccounts && o.State.Open() { // with all that stands on them
		events = append(events, a.gone(o, own, cmd.At)...)
	}
	events, err := a.receive(o, events, cmd.Statement, cmd.Method, cmd.At)
	if err != nil {
		return nil, err
	}
	return a.afterwards(events, cmd.At), nil
}

const (
	// maxQueryAccounts and maxQueryMeasures bound what of the answer to one query is
	// kept.
	maxQueryAccounts, maxQueryMeasures = 300, 500
	measureBytes                       = 700 // of one, on record with the answer and for the account
	heldBytes                          = 200 // of what is on one of the holder's accounts
)

// bounded is the answer to a query as far as there is room for it, and what was
// found in it.
func bounded(cmd AnswerQuery) (AnswerQuery, []event.BankDiscrepancyFound) {
	found := slices.Clip(cmd.Findings)
	if n := len(cmd.Accounts); n > maxQueryAccounts {
		cmd.Accounts, cmd.Held = cmd.Accounts[:maxQueryAccounts], cmd.Held[:min(len(cmd.Held), maxQueryAccounts)]
		found = append(found, event.BankDiscrepancyFound{Kind: TooLarge, Expected: strconv.Itoa(maxQueryAccounts), Found: strconv.Itoa(n), Row: "accounts"})
	}
	if n := len(cmd.Measures); n > maxQueryMeasures {
		cmd.Measures = cmd.Measures[:maxQueryMeasures]
		found = append(found, event.BankDiscrepancyFound{Kind: TooLarge, Expected: strconv.Itoa(maxQueryMeasures), Found: strconv.Itoa(n), Row: "measures"})
	}
	return cmd, found
}

// AnswerSize is what the answer to a query weighs when it is stored, without its
// rows, in bytes, or a little more.
func AnswerSize(cmd AnswerQuery) int {
	cmd, _ = bounded(cmd)
	size := measureBytes*len(cmd.Measures) + heldBytes*len(cmd.Held)
	for _, held := range cmd.Accounts {
		size += accountSize(held)
	}
	return size
}

// ownMeasures are those on the account that was asked about.
func ownMeasures(all []event.Measure) []Measure {
	var own []Measure
	for _, m := range all {
		if m.Account == "" {
			own = append(own, Measure{Kind: m.Kind, By: m.By, Amount: m.Amount, Until: m.Until})
		}
	}
	return own
}

func (a Account) queryAnswered(e event.AccountQueryAnswered) Account {
	return a.change(e.Order, func(o *Order) {
		o.State, o.ExecutedAt, o.Cause = Executed, e.At, e.Cause
		if e.Cause != "" {
			o.State = Failed
		}
		if o.Reported = e.Balance; e.Balance != nil {
			o.Balance = *e.Balance
		}
	})
}

// notBelow is an amount that a bank gives, at least 0.
func notBelow(f *money.Fen) *money.Fen {
	if f == nil || *f >= 0 {
		return f
	}
	zero := money.Fen(0)
	return &zero
}

// heldBelow tells of the accounts of a holder on which a bank says there is less
// than nothing. They count from 1, as the bank has listed them.
func heldBelow(all []event.HeldBalance) (found []event.BankDiscrepancyFound) {
	for n, held := range all {
		for _, f := range []*money.Fen{held.Balance, held.Available} {
			if f != nil && *f < 0 && len(found) < maxRowNotes {
				found = append(found, event.BankDiscrepancyFound{Kind: BalanceNegative, Found: f.Decimal(), Row: "accounts#" + strconv.Itoa(n+1)})
			}
		}
	}
	return found
}

// heldNotBelow are the balances of a holder's accounts, each at least 0.
func heldNotBelow(all []event.HeldBalance) []event.HeldBalance {
	var kept []event.HeldBalance
	for _, held := range all {
		held.Balance, held.Available = notBelow(held.Balance), notBelow(held.Available)
		kept = append(kept, held)
	}
	return kept
}
