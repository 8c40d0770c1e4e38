package intake_test

import (
	"net/http"
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func TestAReportTypedOnAChineseKeyboardNamesTheSameAccounts(t *testing.T) {
	c := newCity(t)
	declared := func(edits ...func(map[string]any)) event.LossTransferDeclared {
		t.Helper()
		var made struct{ Case identity.CaseID }
		a := c.Do(onDuty(), http.MethodPost, "/v1/reports", "", reportBody(edits...))
		if a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		a.Into(t, &made)
		for _, e := range c.history(t, made.Case) {
			if loss, ok := e.(event.LossTransferDeclared); ok {
				return loss
			}
		}
		t.Fatal("no transfer is declared")
		return event.LossTransferDeclared{}
	}
	plain := declared()
	wide := declared(func(body map[string]any) {
		to := at(body, "transfers", 0, "to")
		to["number"], to["bank"] = full(citytest.SuspectCard), full("103100000026")
		from := at(body, "transfers", 0, "from")
		from["number"] = "\u202e" + citytest.VictimCard[:6] + "\u200b" + citytest.VictimCard[6:]
		victim := at(body, "victim")
		victim["idNumber"], victim["phone"] = full(citytest.VictimID), full(citytest.VictimPhone)
	})
	if wide.Transfer.To.ID != plain.Transfer.To.ID || wide.Transfer.From.ID != plain.Transfer.From.ID || wide.Victim != plain.Victim {
		t.Errorf("another account or another victim: %+v, want %+v", wide, plain)
	}
	for want, kept := range map[string]event.Account{citytest.SuspectCard: wide.Transfer.To, citytest.VictimCard: wide.Transfer.From} {
		if got, err := c.Keys.Open(t.Context(), kept.Number); got != want || err != nil {
			t.Errorf("kept as %q, %v; want %q", got, err, want)
		}
	}
}

// full writes the characters of ASCII as a Chinese keyboard does, full-width.
func full(text string) string {
	wide := []rune(text)
	for n := range wide {
		wide[n] += '！' - '!'
	}
	return string(wide)
}
