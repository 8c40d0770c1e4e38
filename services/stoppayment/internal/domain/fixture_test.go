package domain_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// The people and things that the tables speak of.
var (
	four    = time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) // 16:00 in China
	li      = event.Officer{PoliceNo: "090001", Unit: "440982000000", Level: identity.County}
	wang    = event.Officer{PoliceNo: "090002", Unit: "440982000000", Level: identity.County}
	leader  = event.Officer{PoliceNo: "090100", Unit: "440982000000", Level: identity.County}
	station = event.Officer{PoliceNo: "090300", Unit: "440982010000", Level: identity.Station}
	victims = event.Account{ID: "victims-card", Bank: "102100099996"}
	mule    = event.Account{ID: "mule-1", Bank: "103100000026"}
	mule2   = event.Account{ID: "mule-2", Bank: "105100000017"}
	paid    = event.Transfer{ID: "t1", From: victims, To: mule, Amount: 483_000_000, At: four.Add(-40 * time.Minute), Serial: "S1"}
	lot     = event.Lot{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 483_000_000}
	granted = event.StandingApprovalGranted{
		Approval: "standing-1", Unit: "440982000000", MaxAmount: 1_000_000_000, MaxLevel: 5,
		From: four.Add(-time.Hour), Until: four.Add(8 * time.Hour), By: leader,
	}
)

func request() domain.RequestStop {
	return domain.RequestStop{
		Order: "order-1", Case: "case-a", Account: mule, Level: 1, Source: paid, Lots: []event.Lot{lot}, Unit: "440982000000",
		Operator: li, Investigator: wang, Standing: []event.StandingApprovalGranted{granted}, Method: event.DirectTimestamp, At: four,
	}
}

func requested() event.StopRequested {
	return event.StopRequested{
		Order: "order-1", Case: "case-a", ApplicationType: "00", Ordinal: 1, Account: mule, Level: 1, Source: paid, Lots: []event.Lot{lot},
		Scope: "ALL", Unit: "440982000000", Operator: li, Investigator: wang, At: four,
	}
}

func traced() event.InflowTraced {
	return event.InflowTraced{Case: "case-a", Source: paid, Lots: []event.Lot{lot}}
}

func approved() event.StopApproved {
	return event.StopApproved{Order: "order-1", Approver: leader, Standing: "standing-1", At: four}
}

func executed(at time.Time, balance money.Fen) event.StopExecuted {
	return event.StopExecuted{
		Order: "order-1", Case: "case-a", Ordinal: 1, Level: 1, ExecutedAt: at, ExpiresAt: at.Add(48 * time.Hour), BalanceBefore: balance, ResultCode: "0000",
	}
}

func answer(at time.Time, balance money.Fen) domain.AnswerStop {
	return domain.AnswerStop{
		Order: "order-1", Done: true, ResultCode: "0000", ExecutedAt: at, BalanceBefore: balance, Method: event.DirectTimestamp, At: at,
	}
}

// prior is what a second agency is told of the first one's stops.
func prior(order identity.OrderID, until time.Time) event.PriorRestraintFound {
	return event.PriorRestraintFound{Order: order, Kind: "0001", By: "440982000000", Case: "case-a", Until: until, At: four}
}

// clockOf finds a running clock by its name.
func clockOf(t *testing.T, history []event.AccountEvent, name string) es.Alarm {
	t.Helper()
	for _, clock := range domain.DueOnAccount(domain.AccountDecider().Replay(history...)) {
		if clock.Name == name {
			return clock
		}
	}
	t.Fatalf("no clock %s runs", name)
	return es.Alarm{}
}

// bySelf is the n-th lift of a stop, which the service orders by itself in the name
// of those who signed the stop.
func bySelf(stop identity.OrderID, n int, cause string, at time.Time) event.LiftRequested {
	return event.LiftRequested{
		Order: nth("lift", stop, n), Target: stop, Case: "case-a", Account: mule, Cause: cause, Approver: leader, Operator: li, Investigator: wang,
		Due: at.Add(72 * time.Hour), At: at,
	}
}

// nth names the n-th order of a kind about a stop, as the account itself does.
func nth(kind string, stop identity.OrderID, n int) identity.OrderID {
	return identity.OrderID(identity.Derive(kind, string(stop), strconv.Itoa(n)).String())
}
