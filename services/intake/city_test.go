package intake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/intake"
)

// city is intake with a real log, as a client sees it.
type city struct {
	*citytest.City
	logged *citytest.Records
}

// midnight is half past midnight on 18 July 2021 in China, still the 17th in UTC.
func midnight() time.Time { return time.Date(2021, 7, 17, 16, 30, 0, 0, time.UTC) }

func newCity(t *testing.T) city {
	t.Helper()
	c := citytest.Open(t)
	c.StandStill(midnight())
	made := city{c, c.Listen()}
	made.replica()
	return made
}

// replica runs intake once more on the same log.
func (c city) replica() {
	c.Run(intake.New)
	c.Ready()
}

func officer(no string, role access.Role, level access.Level) access.Person {
	return access.Person{User: no, Unit: "440982000000", Level: level, Role: role}
}

func onDuty() access.Person { return officer("091001", access.DutyOfficer, access.County) }
func aChief() access.Person { return officer("090001", access.Chief, access.County) }

type request = citytest.Request

// history reads the events of a case; nil if there is no such stream.
func (c city) history(t *testing.T, id identity.CaseID) []event.CaseEvent {
	t.Helper()
	return citytest.History(t, c.City, "case-"+string(id), event.CaseCodec())
}

// reportBody is a report as a duty officer types it in, changed by edits.
func reportBody(edits ...func(map[string]any)) string {
	return citytest.Edited(map[string]any{
		"channel": "110", "receivedAt": "2021-07-17T16:10:00Z", "urgency": "urgent", "brief": citytest.Brief, "fraudType": "07",
		"investigator": map[string]any{"policeNo": "091002", "unit": "440982000000"},
		"victim":       map[string]any{"name": citytest.VictimName, "idKind": "01", "idNumber": citytest.VictimID, "phone": citytest.VictimPhone, "address": citytest.VictimAddress},
		"transfers":    []any{aTransfer("S1", 4_830_000_00)},
	}, edits...)
}

func aTransfer(serial string, fen int64) map[string]any {
	return map[string]any{
		"from":      map[string]any{"bank": "102100099996", "number": citytest.VictimCard, "holder": citytest.VictimName, "kind": "01"},
		"to":        map[string]any{"bank": "103100000026", "number": citytest.SuspectCard, "holder": "收款人", "kind": "01"},
		"amountFen": fen, "at": "2021-07-17T15:58:00Z", "serial": serial, "channel": "online",
	}
}

// at walks to a member of a body.
func at(body map[string]any, path ...any) map[string]any {
	var here any = body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			here = here.(map[string]any)[step] //nolint:forcetypeassert,errcheck // a wrong path is a wrong test
		case int:
			here = here.([]any)[step] //nolint:forcetypeassert,errcheck // as above
		default:
			panic(fmt.Sprint(step))
		}
	}
	return here.(map[string]any) //nolint:forcetypeassert,errcheck // as above
}
