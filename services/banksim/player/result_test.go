package player_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/services/banksim/player"
)

func maoming() player.Result {
	return player.Result{Outcomes: []player.Outcome{{
		Refunded: true, Arrived: 149_300_000,
		Figures: player.Figures{
			Case: "c-1", Reported: 483_000_000, AccountsRestrained: 68, Banks: 22, Levels: 3, Stopped: 210_700_000, StoppedLevel1: 30_400_000,
			Attributable: 149_300_000, Frozen: 210_700_000, Returned: 149_300_000, RemainingFrozen: 61_400_000,
		},
	}}}
}

func TestTheTableHasChineseFirstAndAmountsToTheFen(t *testing.T) {
	var out bytes.Buffer
	if err := maoming().Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"报案金额 reported ", " 4,830,000.00\n", "止付冻结账户 accounts restrained ", "原路返还 returned by the original route ", " 1,493,000.00\n", " 614,000.00\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestTheJSONIsOneObjectOfWholeFen(t *testing.T) {
	var out bytes.Buffer
	if err := maoming().JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"case": "c-1", "reportedFen": 483e6, "accountsRestrained": 68.0, "banks": 22.0, "levels": 3.0, "stoppedFen": 210.7e6, "stoppedLevel1Fen": 30.4e6,
		"attributableFen": 149.3e6, "frozenFen": 210.7e6, "returnedFen": 149.3e6, "remainingFrozenFen": 61.4e6,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestFiguresThatDoNotBalanceAreTold(t *testing.T) {
	if err := maoming().Check(); err != nil {
		t.Errorf("what balances is refused: %v", err)
	}
	for name, edit := range map[string]func(*player.Result){
		"a fen less was returned than is the victim's": func(r *player.Result) { r.Outcomes[0].Figures.Returned-- },
		"a fen too much remains frozen":                func(r *player.Result) { r.Outcomes[0].Figures.RemainingFrozen++ },
		"a fen did not arrive":                         func(r *player.Result) { r.Outcomes[0].Arrived-- },
		"a stopped account paid":                       func(r *player.Result) { r.Unforeseen = 1 },
		"no case came of it":                           func(r *player.Result) { r.Outcomes = nil },
	} {
		r := maoming()
		edit(&r)
		if err := r.Check(); !errors.Is(err, player.ErrFigures) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
