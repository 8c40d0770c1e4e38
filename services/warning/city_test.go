package warning_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/warning"
)

// city is warning with a real log, as a client sees it.
type city struct {
	*citytest.City
	logged *citytest.Records
	hand   *citytest.Hand
}

// noon is when the tests begin: 15:29 on 3 June 2021 in China.
func noon() time.Time { return time.Date(2021, 6, 3, 7, 29, 0, 0, time.UTC) }

func newCity(t *testing.T) city {
	t.Helper()
	c := citytest.Open(t)
	made := city{c, c.Listen(), c.StandStill(noon())}
	made.replica()
	return made
}

// replica runs warning once more on the same log.
func (c city) replica() {
	c.Run(warning.New)
	c.Ready()
}

const centre, station = "440900000000", "440982530000"

func onDuty() access.Person {
	return access.Person{User: "090001", Unit: centre, Level: access.City, Role: access.DutyOfficer}
}

func atStation() access.Person {
	return access.Person{User: "091001", Unit: station, Level: access.Station, Role: access.DutyOfficer}
}

type request = citytest.Request

// history reads the events of an alert; nil if there is no such stream.
func (c city) history(t *testing.T, id string) []event.AlertEvent {
	t.Helper()
	return citytest.History(t, c.City, "alert-"+id, event.AlertCodec())
}

// orderBody is an order as a supplier sends it, changed by edits.
func orderBody(edits ...func(map[string]any)) string {
	return citytest.Edited(map[string]any{
		"externalId": "W-1", "supplier": "ministry", "grade": "高", "fraudType": "08", "signalAt": "2021-06-03T15:29:00+08:00",
		"subject": map[string]any{"name": citytest.VictimName, "idKind": "01", "idNumber": citytest.VictimID, "phone": citytest.VictimPhone, "address": citytest.VictimAddress},
	}, edits...)
}

// paymentBody is what an officer types in of a subject who has paid.
func paymentBody(edits ...func(map[string]any)) string {
	return citytest.Edited(map[string]any{
		"investigator": map[string]any{"policeNo": "091002", "unit": station}, "brief": citytest.Brief,
		"transfers": []any{map[string]any{
			"from":      map[string]any{"bank": "102100099996", "number": citytest.VictimCard, "holder": citytest.VictimName},
			"to":        map[string]any{"bank": "103100000026", "number": citytest.SuspectCard, "holder": "收款人"},
			"amountFen": 230_000_00, "at": "2021-06-03T07:10:00Z", "serial": "S1", "channel": "online",
		}},
	}, edits...)
}

// first is the first transfer of a payment.
func first(body map[string]any) map[string]any {
	return body["transfers"].([]any)[0].(map[string]any) //nolint:forcetypeassert,errcheck // as paymentBody makes it
}
