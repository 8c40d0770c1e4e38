package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func ask() domain.RequestQuery {
	return domain.RequestQuery{
		Order: "query-1", Case: "case-a", Account: mule, TxCode: bank.TxQuery, Mode: bank.InquiryBoth, Operator: li, Investigator: wang, At: four,
	}
}

func queried() event.AccountQueryRequested { return event.AccountQueryRequested(ask()) }

func told(balance money.Fen, opening money.Fen, rows ...event.Row) domain.AnswerQuery {
	return domain.AnswerQuery{
		Order: "query-1", Done: true, ResultCode: "0000", Balance: &balance, Method: event.DirectTimestamp, At: four,
		Statement: domain.Statement{Given: len(rows) > 0, Opening: opening, Rows: rows},
	}
}

func TestAQueryTakesTwoOfficersAndNoFiledCase(t *testing.T) {
	with := func(change func(*domain.RequestQuery)) domain.RequestQuery {
		q := ask()
		change(&q)
		return q
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "of an account that is known only as the other side of a transfer", When: ask(), Then: given{queried()}},
		{Rule: "asked twice it is asked once", Given: given{queried()}, When: ask()},
		{Rule: "not by one alone", When: with(func(q *domain.RequestQuery) { q.Investigator = li }), Err: domain.ErrTwoOfficers},
		{Rule: "not of nothing", When: with(func(q *domain.RequestQuery) { q.Account = event.Account{} }), Err: domain.ErrNoAccount},
		{Rule: "not of an unknown kind", When: with(func(q *domain.RequestQuery) { q.TxCode = "100305" }), Err: domain.ErrQueryKind},
		{Rule: "transactions have a mode", When: with(func(q *domain.RequestQuery) { q.Mode = "" }), Err: domain.ErrQueryKind},
		{Rule: "a holder has none", When: with(func(q *domain.RequestQuery) { q.TxCode = bank.TxHolderQuery }), Err: domain.ErrQueryKind},
		{Rule: "not of a period that ends before it begins", When: with(func(q *domain.RequestQuery) { q.From, q.Until = four, four }), Err: domain.ErrQueryPeriod},
		{Rule: "nor of the future", When: with(func(q *domain.RequestQuery) { q.From = four.Add(time.Hour) }), Err: domain.ErrQueryPeriod},
	})
}

func TestTheRowsOfAQueryGoIntoTheLedgerAndCompleteAStatement(t *testing.T) {
	a, x := credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 150, 350)
	alone := domain.AccountDecider().Replay(queried(), inflowA())
	alone = apply(t, alone, told(350, 100, a, x))
	if o, _ := alone.Find("query-1"); o.State != domain.Executed || o.TxCode() != bank.TxQuery || alone.Attribution.Revision != 1 || alone.Stopped() {
		t.Errorf("the query is %s, revision %d, stopped %v", o.State, alone.Attribution.Revision, alone.Stopped())
	}
	stopped := domain.AccountDecider().Replay(requested(), approved(), inflowA(), queried())
	stopped = apply(t, stopped, stoppedWith(350, 500, x)) // the bank's answer to the stop lacks the inflow
	if len(stopped.Discrepancies) != 1 || stopped.Discrepancies[0].Kind != domain.InflowMissing {
		t.Fatalf("discrepancies %+v", stopped.Discrepancies)
	}
	stopped = apply(t, stopped, told(350, 100, a, x))
	if byOwner(stopped.Attribution.Reached)["A"] != 400 || len(stopped.Statement.Rows) != 2 {
		t.Errorf("reached %v by %d rows", stopped.Attribution.Reached, len(stopped.Statement.Rows))
	}
	period := queried()
	period.Order, period.Until = "query-2", minute(2)
	early := told(350, 100, a)
	early.Order = "query-2"
	part := domain.AccountDecider().Replay(requested(), approved(), inflowA(), period)
	part = apply(t, apply(t, part, stoppedWith(350, 500, x)), early)
	if byOwner(part.Attribution.Reached)["A"] != 400 || part.Balance != 350 || len(part.Statement.Rows) != 2 {
		t.Errorf("a query of an earlier period does not join: reached %v, %d rows", part.Attribution.Reached, len(part.Statement.Rows))
	}
	if events, err := domain.DecideAccount(part, early); err != nil || len(events) > 0 {
		t.Errorf("the same answer again: %v, %v", events, err)
	}
}

func TestAnAnswerToAQueryTellsWhoElseRestrainsTheAccount(t *testing.T) {
	measure := event.Measure{Kind: bank.MeasureCourtFreeze, By: "某某区人民法院", Amount: 100, Until: four.Add(time.Hour)}
	elsewhere := event.Measure{Account: mule2.ID, Kind: bank.MeasurePoliceStop, By: "440100000000"}
	cmd := told(-5, 0)
	cmd.Measures, cmd.Accounts = []event.Measure{measure, elsewhere}, []event.Account{mule2}
	zero := money.Fen(0)
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "on record with the answer, and for the account itself", Given: given{queried()}, When: cmd,
		Then: given{
			event.AccountQueryAnswered{Order: "query-1", ResultCode: "0000", Balance: &zero, Accounts: cmd.Accounts, Measures: cmd.Measures, At: four},
			event.BankDiscrepancyFound{Order: "query-1", Kind: domain.BalanceNegative, Found: "-0.05", At: four},
			event.PriorRestraintFound{Order: "query-1", Kind: measure.Kind, By: measure.By, Amount: 100, Until: measure.Until, At: four},
		},
	}, {
		Rule: "a bank that cannot tell says why", Given: given{queried()},
		When: domain.AnswerQuery{Order: "query-1", ResultCode: "0001", Cause: bank.NotFound, At: four},
		Then: given{event.AccountQueryAnswered{Order: "query-1", ResultCode: "0001", Cause: bank.NotFound, At: four}},
	}, {
		Rule: "for no reason it cannot", Given: given{queried()}, When: domain.AnswerQuery{Order: "query-1", Cause: "mood"}, Err: domain.ErrCause,
	}, {
		Rule: "what was not asked is not answered", When: told(1, 0), Err: domain.ErrNoOrder,
	}})
}

func TestAnAnswerOfAllAccountsSaysWhatIsOnEach(t *testing.T) {
	below, zero, some := money.Fen(-500), money.Fen(0), money.Fen(123)
	cmd := domain.AnswerQuery{
		Order: "query-1", Done: true, ResultCode: "0000", Accounts: []event.Account{mule2, mule}, At: four,
		Held: []event.HeldBalance{{Account: mule2.ID, Balance: &some, Available: &zero, State: bank.StateFrozen}, {Account: mule.ID, Balance: &below}},
	}
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "on record, and a balance below zero counts as none and is shown", Given: given{queried()}, When: cmd,
		Then: given{
			event.AccountQueryAnswered{
				Order: "query-1", ResultCode: "0000", Accounts: cmd.Accounts, At: four,
				Held: []event.HeldBalance{{Account: mule2.ID, Balance: &some, Available: &zero, State: bank.StateFrozen}, {Account: mule.ID, Balance: &zero}},
			},
			event.BankDiscrepancyFound{Order: "query-1", Kind: domain.BalanceNegative, Found: "-5.00", Row: "accounts#2", At: four},
		},
	}})
	if below != -500 {
		t.Error("the answer itself was changed")
	}
}
