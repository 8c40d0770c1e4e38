package stoppayment_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// TestI65_EveryShowingInFullIsOnRecordWithItsPurpose: each form of the flow, and
// the explanation; what is masked or refused is not.
func TestI65_EveryShowingInFullIsOnRecordWithItsPurpose(t *testing.T) {
	c, first := stopped(t)
	account := c.chase(t, "case-1").Accounts[0].Account
	far := citytest.Officer("070001", access.Chief)
	far.Unit = "440183000000"
	for _, ask := range []struct {
		who  access.Person
		path string
		code string
	}{
		{chief, "/v1/pursuits/case-1/flow?unmasked=true&purpose=court", ""},
		{chief, "/v1/pursuits/case-1/flow?unmasked=true&purpose=court", ""}, // a second look is another one
		{leader, "/v1/pursuits/case-1/flow.svg?unmasked=true&purpose=review", ""},
		{duty, "/v1/pursuits/case-1/flow.xlsx?unmasked=true&purpose=file", ""},
		{leader, "/v1/accounts/" + account + "/orders/" + first.ApplicationID + "/explanation?unmasked=true&purpose=bank", ""},
		{duty, "/v1/pursuits/case-1/flow", ""},
		{leader, "/v1/pursuits/case-1/flow.xlsx", ""},
		{leader, "/v1/pursuits/case-1/flow?purpose=file", ""},
		{far, "/v1/pursuits/case-1/flow?unmasked=true&purpose=file", "case-of-another-unit"},
		{far, "/v1/accounts/" + account + "/orders/" + first.ApplicationID + "/explanation?unmasked=true&purpose=file", "case-of-another-unit"},
		{chief, "/v1/pursuits/case-2/flow?unmasked=true&purpose=file", "pursuit-unknown"},
	} {
		if a := c.Get(ask.who, ask.path); a.Code() != ask.code || ask.code == "" && a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", ask.path, a.Status, a.Code())
		}
	}
	var seen []string
	for r, err := range c.Log.Read(t.Context(), "pursuit-case-1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Type != "plaintext-viewed.v1" {
			continue
		}
		var e event.PlaintextViewed
		if err := json.Unmarshal(r.Data, &e); err != nil {
			t.Fatal(err)
		}
		if e.Case != "case-1" || string(e.Unit) != duty.Unit || e.At.IsZero() {
			t.Errorf("on record: %s", r.Data)
		}
		seen = append(seen, strings.Join([]string{e.User, e.Role, e.What, e.Purpose}, " "))
	}
	want := []string{
		"090900 chief flow court", "090900 chief flow court", "090100 shift-leader flow-svg review", "090001 duty-officer flow-xlsx file",
		"090100 shift-leader explanation bank",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("on record (-want +got):\n%s", diff)
	}
}
