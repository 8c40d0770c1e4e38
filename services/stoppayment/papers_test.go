package stoppayment_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

func TestI14_ATelephoneStopThatNothingFollowedIsLiftedByItsRegistrationBeforeItEnds(t *testing.T) {
	c := citytest.Open(t)
	c.Run(stoppayment.New)
	w := in(c, nil)
	w.say = pen(c)
	w.report(t, "case-1")
	w.Until("the chase is open", func() bool { return len(w.chase(t, "case-1").Accounts) == 1 })
	var paper struct {
		Registration, Account string
		Due                   time.Time
	}
	w.Post(duty, "/v1/pursuits/case-1/paper-orders", map[string]any{
		"account": entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}, "channel": "phone", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "建设银行 王某", "investigator": two["investigator"],
	}).Into(t, &paper)
	if !paper.Due.Equal(time.Date(2021, 7, 18, 7, 50, 0, 0, time.UTC)) {
		t.Errorf("the papers are due %v", paper.Due)
	}
	elsewhere := w.Do(duty, "POST", "/v1/pursuits/case-2/paper-orders/"+paper.Registration+"/papers", "", map[string]any{"account": paper.Account, "document": "茂公止〔2021〕1号"})
	if elsewhere.Code() != "paper-order-unknown" {
		t.Errorf("papers of another case: %d %s", elsewhere.Status, elsewhere.Body)
	}
	if err := w.Clock.Set(t.Context(), paper.Due); err != nil {
		t.Fatal(err)
	}
	lift := w.orders(t, ccb)[0]
	if lift.TxCode != bank.TxLift || lift.OriginalApplicationID != paper.Registration || lift.ReleaseRemark != "unpapered" || lift.Approver.PoliceNo == "" {
		t.Fatalf("the bank is asked %+v", lift)
	}
	w.Post(citytest.Desk(ccb), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210718155010"})
	if a := w.held(t, paper.Account); len(a.Orders) != 1 || a.Orders[0].State != "executed" {
		t.Errorf("the account: %+v", a)
	}
}

func TestASecondStopIsOfTheUnitOfTheFirst(t *testing.T) {
	c, account, order := stoppedTown(t)
	path := "/v1/accounts/" + account + "/orders/" + order + "/second-stop"
	stranger, city := citytest.Officer("070001", access.DutyOfficer), citytest.Officer("070002", access.DutyOfficer)
	stranger.Unit, city.Unit = "441802000000", "440900000000"
	body := map[string]any{"investigator": two["investigator"]}
	if a := c.Do(stranger, "POST", path, "", body); a.Code() != "order-of-another-unit" {
		t.Errorf("another bureau's officer: %d %s", a.Status, a.Body)
	}
	c.Post(city, path, body)
	second := c.orders(t, abc)[0] // approved under what the first one's unit has granted
	if second.TxCode != bank.TxSecondStop || second.Operator.OrgID != "440900000000" || second.Approver.PoliceNo != leader.User {
		t.Errorf("the bank is asked %+v", second)
	}
}
