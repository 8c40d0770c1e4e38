package flow_test

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// The people and accounts that the tables speak of.
var (
	four    = time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) // 16:00 in China
	li      = event.Officer{PoliceNo: "090001", Unit: "440982000000", Level: identity.County}
	wang    = event.Officer{PoliceNo: "090002", Unit: "440982000000", Level: identity.County}
	leader  = event.Officer{PoliceNo: "090100", Unit: "440982000000", Level: identity.County}
	victims = event.Account{ID: "victims-card", Bank: "102100099996"}
	first   = event.Account{ID: "first", Bank: "103100000026"}
	second  = event.Account{ID: "second", Bank: "105100000017"}
	third   = event.Account{ID: "third", Bank: "104100000004"}
	paid    = event.Transfer{ID: "t1", From: victims, To: first, Amount: 100_000, At: four.Add(-time.Hour), Serial: "S1"}
)

const kase identity.CaseID = "case-a"

func lots(amount money.Fen) []event.Lot {
	return []event.Lot{{Case: kase, Victim: "yang", Transfer: "t1", Amount: amount}}
}

// opened is the chase of the case with the account that the victim paid to.
func opened() []event.PursuitEvent {
	return []event.PursuitEvent{
		event.PursuitOpened{Case: kase, ReportedAt: four, Unit: "440982000000", Operator: li, Investigator: wang},
		event.DownstreamAccountFound{
			Case: kase, Account: first, Level: 1, Source: paid, Lots: lots(100_000), Order: "stop-first", Operator: li, Investigator: wang,
		},
	}
}

// found is an account one hop on.
func found(parent, account event.Account, level int, t event.Transfer, amount money.Fen, withheld string) event.DownstreamAccountFound {
	e := event.DownstreamAccountFound{
		Case: kase, Account: account, Level: level, Parent: parent.ID, ParentOrder: identity.OrderID("stop-" + string(parent.ID)),
		Source: t, Lots: lots(amount), Withheld: withheld, SourceRevision: 1, Operator: li, Investigator: wang,
	}
	if withheld == "" {
		e.Order = identity.OrderID("stop-" + string(account.ID))
	}
	return e
}

func transfer(id string, from, to event.Account, amount money.Fen, minutes int) event.Transfer {
	return event.Transfer{
		ID: identity.TransferID(id), From: from, To: to, Amount: amount, At: four.Add(time.Duration(minutes) * time.Minute), Serial: "S-" + id,
	}
}

func requested(account event.Account, level int, source event.Transfer) event.StopRequested {
	return event.StopRequested{
		Order: identity.OrderID("stop-" + string(account.ID)), Case: kase, ApplicationType: "00", Ordinal: 1, Account: account, Level: level,
		Source: source, Scope: "ALL", Unit: "440982000000", Operator: li, Investigator: wang, At: four,
	}
}

func executed(account event.Account, balance money.Fen) event.StopExecuted {
	return event.StopExecuted{
		Order: identity.OrderID("stop-" + string(account.ID)), Case: kase, Ordinal: 1, ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour),
		BalanceBefore: balance, ResultCode: "0000",
	}
}

func attributed(balance, held money.Fen, outflows ...event.Outflow) event.FundsAttributed {
	left := money.Fen(0)
	for _, o := range outflows {
		for _, l := range o.Lots {
			left += l.Amount
		}
	}
	e := event.FundsAttributed{Revision: 1, Method: event.DirectTimestamp, Exact: true, Credits: 1, Balance: balance, Reached: lots(held + left), Held: lots(held), Outflows: outflows}
	if left > 0 {
		e.Left = lots(left)
	}
	return e
}

func out(t event.Transfer, amount money.Fen) event.Outflow {
	return event.Outflow{Transfer: t, Cash: t.To.ID == "", Lots: lots(amount)}
}

func build(chase []event.PursuitEvent, accounts map[identity.AccountID][]event.AccountEvent) flow.Graph {
	return flow.Build(four.Add(time.Hour), flow.Histories{Pursuit: chase, Accounts: accounts, Rows: domain.Rows{}})
}
