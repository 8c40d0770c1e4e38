package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestWhatHappensBetweenTheCityAndABankIsKeptOnce(t *testing.T) {
	at := time.Date(2021, 7, 17, 8, 20, 0, 0, time.UTC)
	hour := at.Truncate(time.Hour)
	const icbc = "102100099996"
	down := event.BankUnreachable{Bank: icbc, Cause: "timeout", At: at}
	stray := func(n int, at time.Time) event.StrayAnswerReceived {
		return event.StrayAnswerReceived{Bank: icbc, Order: fmt.Sprint("o-", n), Reason: "order-unknown", Digest: fmt.Sprint("d-", n), Channel: domain.ByMachine, At: at}
	}
	var full []event.DeskEvent
	for n := range domain.MaxStrays {
		full = append(full, stray(n, at))
	}
	dropped := event.StrayAnswersDropped{Bank: icbc, Since: hour, At: at}
	for name, c := range map[string]struct {
		given []event.DeskEvent
		when  domain.DeskCommand
		then  []event.DeskEvent
	}{
		"a bank that takes no orders is shown":               {nil, domain.NoteUnreachable(down), []event.DeskEvent{down}},
		"a bank that still takes none is not shown again":    {[]event.DeskEvent{down}, domain.NoteUnreachable{Bank: icbc, Cause: "tls", At: at.Add(time.Minute)}, nil},
		"a bank that takes orders again is shown":            {[]event.DeskEvent{down}, domain.NoteReachable{Bank: icbc, At: at}, []event.DeskEvent{event.BankReachable{Bank: icbc, At: at}}},
		"a bank that was never gone is not shown to be back": {nil, domain.NoteReachable{Bank: icbc, At: at}, nil},
		"a second outage is another one": {
			[]event.DeskEvent{down, event.BankReachable{Bank: icbc, At: at}},
			domain.NoteUnreachable(down),
			[]event.DeskEvent{down},
		},
		"a stray answer is kept":                           {nil, domain.NoteStray(stray(1, at)), []event.DeskEvent{stray(1, at)}},
		"the last that is kept in an hour":                 {full[1:], domain.NoteStray(stray(0, at)), []event.DeskEvent{stray(0, at)}},
		"beyond that it is told once that there were more": {full, domain.NoteStray(stray(99, at)), []event.DeskEvent{dropped}},
		"and not again":                                    {append(full[:len(full):len(full)], dropped), domain.NoteStray(stray(99, at)), nil},
		"in the next hour they are kept anew":              {append(full[:len(full):len(full)], dropped), domain.NoteStray(stray(99, at.Add(time.Hour))), []event.DeskEvent{stray(99, at.Add(time.Hour))}},
		"a clock that lags opens no new hour":              {append(full[:len(full):len(full)], dropped), domain.NoteStray(stray(99, at.Add(-time.Hour))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := domain.DeskDecider()
			got, err := d.Decide(d.Replay(c.given...), c.when)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.then, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
