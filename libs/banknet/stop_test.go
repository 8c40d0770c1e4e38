package banknet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
)

const day = 24 * time.Hour

// pays tries to take an amount out in cash.
func pays(t *testing.T, n *banknet.Network, i int, at time.Time, amount money.Fen, want error) {
	t.Helper()
	if err := n.Pay(banknet.Payment{At: at, From: key(i), Amount: amount}); !errors.Is(err, want) {
		t.Errorf("%d at %s: %v, want %v", amount, at.Sub(noon), err, want)
	}
}

func stops(t *testing.T, n *banknet.Network, i int, o banknet.StopOrder) {
	t.Helper()
	if _, err := n.Stop(key(i), o); err != nil {
		t.Fatal(err)
	}
}

func TestAStoppedAccountTakesMoneyAndGivesNone(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 1000)
	s, err := n.Stop(key(1), banknet.StopOrder{ID: "a", By: "police", At: noon, Until: noon.Add(2 * day)})
	if err != nil || s.Balance != 1000 {
		t.Fatalf("%+v, %v", s, err)
	}
	pays(t, n, 1, noon.Add(time.Hour), 10, banknet.ErrStopped)
	if err := n.Pay(banknet.Payment{Serial: "2", At: noon, From: key(2), To: key(1), Amount: 10}); err != nil {
		t.Errorf("into a stopped account: %v", err)
	}
	pays(t, n, 1, noon.Add(2*day), 10, nil)
}

func TestAStopOfAnAmountLetsTheRestGo(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "police", Limit: 600, At: noon, Until: noon.Add(2 * day)})
	pays(t, n, 1, noon, 401, banknet.ErrStopped)
	pays(t, n, 1, noon, 1001, banknet.ErrInsufficient)
	pays(t, n, 1, noon, 400, nil)
	pays(t, n, 1, noon, 1, banknet.ErrStopped)
	pays(t, n, 1, noon.Add(2*day), 600, nil)
}

func TestOneOfSeveralStopsIsLifted(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "here", Limit: 300, At: noon, Until: noon.Add(2 * day)})
	stops(t, n, 1, banknet.StopOrder{ID: "b", By: "there", Limit: 500, At: noon, Until: noon.Add(3 * day)})
	stops(t, n, 1, banknet.StopOrder{ID: "c", By: "there", Limit: 200, At: noon, Until: noon.Add(3 * day)})
	if held, _, err := n.Held(key(1), noon); err != nil || held != 800 {
		t.Errorf("two agencies hold %d, %v", held, err)
	}
	if err := n.Lift(key(1), "b", noon); err != nil {
		t.Fatal(err)
	}
	if held, _, _ := n.Held(key(1), noon); held != 500 {
		t.Errorf("once one is lifted they hold %d", held)
	}
	if r, _ := n.Restraints(key(1), noon); len(r) != 2 || r[0].By != "here" || r[1].ID != "c" || r[1].Limit != 200 || !r[1].Until.Equal(noon.Add(3*day)) {
		t.Errorf("what stands: %+v", r)
	}
	for id, want := range map[string]error{"a": nil, "b": nil, "x": banknet.ErrNoMeasure} {
		if err := n.Lift(key(1), id, noon.Add(4*day)); !errors.Is(err, want) {
			t.Errorf("lift of %s after all have ended: %v, want %v", id, err, want)
		}
	}
}

func TestASecondStopProlongsTheFirstAndIsLiftedWithIt(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "police", At: noon, Until: noon.Add(2 * day)})
	stops(t, n, 1, banknet.StopOrder{ID: "b", By: "police", At: noon.Add(day), Until: noon.Add(3 * day), Prolongs: "a"})
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "police", At: noon.Add(day), Until: noon.Add(day)})
	pays(t, n, 1, noon.Add(2*day), 1, banknet.ErrStopped)
	if err := n.Lift(key(1), "b", noon.Add(2*day)); err != nil {
		t.Fatal(err)
	}
	pays(t, n, 1, noon.Add(2*day), 1, nil)
}

func TestAStopThatHasEndedIsTakenUpAgain(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "police", At: noon, Until: noon.Add(2 * day)})
	stops(t, n, 1, banknet.StopOrder{ID: "b", By: "police", Limit: 300, At: noon.Add(3 * day), Until: noon.Add(5 * day), Prolongs: "a"})
	if held, _, _ := n.Held(key(1), noon.Add(4*day)); held != 300 {
		t.Errorf("%d is held", held)
	}
	if r, _ := n.Restraints(key(1), noon.Add(4*day)); len(r) != 1 || r[0].ID != "a" || len(r[0].Also) != 1 || r[0].Also[0] != "b" || !r[0].From.Equal(noon.Add(3*day)) {
		t.Errorf("%+v", r)
	}
	if err := n.Lift(key(1), "a", noon.Add(4*day)); err != nil {
		t.Fatal(err)
	}
	pays(t, n, 1, noon.Add(4*day), 1000, nil)
}

func TestAStopIsOnlyEverNarrowed(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "a", By: "police", At: noon, Until: noon.Add(2 * day)})
	for _, c := range []struct {
		name  string
		id    string
		limit money.Fen
		at    time.Time
		want  error
	}{
		{"from the whole to an amount", "a", 700, noon, nil},
		{"to a smaller one", "a", 300, noon, nil},
		{"to a larger one", "a", 301, noon, banknet.ErrWider},
		{"to nothing", "a", 0, noon, banknet.ErrAmount},
		{"of a stop that is not there", "b", 1, noon, banknet.ErrNoMeasure},
		{"after its end", "a", 1, noon.Add(2 * day), banknet.ErrLate},
	} {
		if _, err := n.NarrowStop(key(1), c.id, c.limit, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	pays(t, n, 1, noon, 701, banknet.ErrStopped)
	pays(t, n, 1, noon, 700, nil)
}

func TestMeasuresOnAnAccountHaveABound(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	var err error
	for i := range 100 {
		if _, err = n.Stop(key(1), banknet.StopOrder{ID: key(i).Number, By: "police", Limit: 1, At: noon, Until: noon.Add(day)}); err != nil {
			break
		}
	}
	if !errors.Is(err, banknet.ErrTooMany) {
		t.Errorf("a hundred stops: %v", err)
	}
	stops(t, n, 1, banknet.StopOrder{ID: "later", By: "police", At: noon.Add(day), Until: noon.Add(2 * day)})
}
