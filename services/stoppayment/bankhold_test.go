package stoppayment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func TestABankThatHoldsLongerIsAskedToLetGoAtOurEndAgainAndAgainAndTheClockIsShown(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	stop := c.orders(t, abc)[0].ApplicationID
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+stop+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", ExpireTime: "20210720160000", AccountBalance: "4835000.00"})
	id := c.chase(t, "case-1").Accounts[0].Account
	end := time.Date(2021, 7, 19, 8, 0, 0, 0, time.UTC)
	at := func(when time.Time) {
		t.Helper()
		if err := c.Clock.Set(t.Context(), when); err != nil {
			t.Fatal(err)
		}
	}
	at(end)
	lift := c.orders(t, abc)[0]
	if lift.TxCode != bank.TxLift || lift.OriginalApplicationID != stop || lift.ReleaseRemark != "unlawful-hold" {
		t.Fatalf("the bank is asked %+v", lift)
	}
	var held struct {
		Orders     []struct{ State string }
		Restraints []struct {
			Whose string
			Over  bool
			Until time.Time
		}
	}
	shown := func() {
		c.Get(duty, "/v1/accounts/"+id).Into(t, &held)
	}
	if shown(); len(held.Restraints) != 1 || !held.Restraints[0].Over || held.Restraints[0].Whose != "own" || !held.Restraints[0].Until.Equal(end.Add(24*time.Hour)) {
		t.Errorf("what holds the account: %+v", held.Restraints)
	}
	clock := func(order string) bool {
		return strings.Contains(string(c.Get(duty, "/v1/clocks?case=case-1").Body), `"subject":"`+order+`"`)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: "0101", FailureCause: bank.Technical})
	c.Until("the failed lift is out of the bank's sight and its term still runs", func() bool {
		return !strings.Contains(string(c.Get(citytest.Desk(abc), "/v1/bank/orders").Body), lift.ApplicationID) && clock(lift.ApplicationID)
	})
	at(end.Add(10 * time.Minute))
	again := c.orders(t, abc)[0]
	if again.TxCode != bank.TxLift || again.OriginalApplicationID != stop || again.ApplicationID == lift.ApplicationID {
		t.Fatalf("asked again: %+v", again)
	}
	c.Until("the term runs on for it", func() bool { return clock(again.ApplicationID) && !clock(lift.ApplicationID) })
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+again.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210719161030"})
	if shown(); len(held.Restraints) != 0 || held.Orders[0].State != "lapsed" {
		t.Errorf("after the bank has let go: %+v", held)
	}
	c.Until("the bank has nothing more to do", func() bool {
		return !strings.Contains(string(c.Get(citytest.Desk(abc), "/v1/bank/orders").Body), "applicationId")
	})
}

func TestABankThatKnowsNothingOfALiftAndThenSaysThatTheStopRunsOnIsShownAndAskedAgain(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	stop := c.orders(t, abc)[0].ApplicationID
	answer := "/v1/bank/orders/" + stop + "/answer"
	c.Post(citytest.Desk(abc), answer, bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "4835000.00"})
	path := "/v1/accounts/" + c.chase(t, "case-1").Accounts[0].Account + "/orders/" + stop + "/lift"
	c.Post(leader, path, body(map[string]any{"cause": "error"}))
	lift := c.orders(t, abc)[0].ApplicationID
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+lift+"/answer", bank.Answer{Result: "0001", FailureCause: bank.UnknownOrder})
	c.Until("the officers see that the bank knows nothing of the stop", func() bool {
		found := c.findings(t, "?case=case-1")
		return len(found) == 1 && found[0].Code == "unknown-at-bank" && found[0].Order == lift
	})
	c.Post(leader, path, body(map[string]any{"cause": "error"}))
	again := c.orders(t, abc)[0].ApplicationID
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+again+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160010"})
	c.Until("the bank has nothing more to do", func() bool {
		return !strings.Contains(string(c.Get(citytest.Desk(abc), "/v1/bank/orders").Body), "applicationId")
	})
	c.Post(citytest.Desk(abc), answer, bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", ExpireTime: "20210718160000", AccountBalance: "4835000.00", CorrectsAnswer: true})
	asked := c.orders(t, abc)[0]
	if asked.TxCode != bank.TxLift || asked.OriginalApplicationID != stop || asked.ReleaseRemark != "unlawful-hold" {
		t.Errorf("the bank, which says that the lifted stop runs on, is asked %+v", asked)
	}
}
