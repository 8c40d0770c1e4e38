package banknet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

func freezes(t *testing.T, n *banknet.Network, o banknet.FreezeOrder, want error) banknet.Frozen {
	t.Helper()
	f, err := n.Freeze(key(1), o)
	if !errors.Is(err, want) {
		t.Fatalf("%+v: %v, want %v", o, err, want)
	}
	return f
}

func TestI23_TheEarliestOfThoseWhoWaitTakesHoldOnRelease(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	freezes(t, n, banknet.FreezeOrder{ID: "a", By: "court", Kind: banknet.CourtFreeze, At: noon, Months: 6}, nil)
	f := freezes(t, n, banknet.FreezeOrder{ID: "b", By: "here", Limit: 400, At: noon.Add(time.Hour), Months: 6}, banknet.ErrQueued)
	if f.By != "court" || f.Frozen != 1000 || !f.Until.Equal(identity.AddMonths(noon, 6)) {
		t.Errorf("the earlier freeze: %+v", f)
	}
	freezes(t, n, banknet.FreezeOrder{ID: "c", By: "there", At: noon.Add(time.Hour), Months: 3}, banknet.ErrQueued)
	freezes(t, n, banknet.FreezeOrder{ID: "b", By: "here", Limit: 400, At: noon.Add(2 * time.Hour), Months: 6}, banknet.ErrQueued)
	if r, _ := n.Restraints(key(1), noon.Add(day)); len(r) != 3 || r[0].Kind != banknet.CourtFreeze || r[0].Waiting || r[1].ID != "b" || !r[1].Waiting || r[2].ID != "c" {
		t.Errorf("in line: %+v", r)
	}
	if _, err := n.Release(key(1), "a", 0, noon.Add(day)); err != nil {
		t.Fatal(err)
	}
	got := n.Activated(key(1).Bank, noon.Add(day))
	if len(got) != 1 || got[0].ID != "b" || got[0].Frozen.Frozen != 400 || !got[0].Until.Equal(identity.AddMonths(noon.Add(day), 6)) {
		t.Fatalf("taken hold: %+v", got)
	}
	if again := n.Activated(key(1).Bank, noon.Add(day)); len(again) != 0 {
		t.Errorf("told twice: %+v", again)
	}
	pays(t, n, 1, noon.Add(day), 601, banknet.ErrFrozen)
	// b lapses by itself, c takes hold at that moment and for its own term.
	end := identity.AddMonths(noon.Add(day), 6)
	got = n.Activated(key(1).Bank, end.Add(day))
	if len(got) != 1 || got[0].ID != "c" || !got[0].At.Equal(end) || !got[0].Until.Equal(identity.AddMonths(end, 3)) {
		t.Errorf("after the lapse: %+v", got)
	}
	if _, err := n.Release(key(1), "b", 0, end.Add(day)); err != nil {
		t.Errorf("release of what has lapsed: %v", err)
	}
	pays(t, n, 1, end.Add(day), 1, banknet.ErrFrozen)
}

func TestWhoWaitsInLineMayLeaveIt(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	freezes(t, n, banknet.FreezeOrder{ID: "a", By: "there", At: noon, Months: 6}, nil)
	freezes(t, n, banknet.FreezeOrder{ID: "b", By: "here", At: noon, Months: 6}, banknet.ErrQueued)
	if _, err := n.Renew(key(1), banknet.RenewOrder{ID: "b", At: noon, Months: 6}); !errors.Is(err, banknet.ErrQueued) {
		t.Errorf("renewal of what waits: %v", err)
	}
	if _, err := n.Release(key(1), "b", 0, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Release(key(1), "a", 0, noon); err != nil {
		t.Fatal(err)
	}
	pays(t, n, 1, noon, 1000, nil)
}

func TestAFreezeIsRenewedBeforeItsEndOrNotAtAll(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	freezes(t, n, banknet.FreezeOrder{ID: "a", By: "police", At: noon, Months: 6}, nil)
	end := identity.AddMonths(noon, 6)
	f, err := n.Renew(key(1), banknet.RenewOrder{ID: "a", At: end.Add(-time.Second), Months: 6})
	if err != nil || !f.Until.Equal(identity.AddMonths(end, 6)) {
		t.Fatalf("%+v, %v", f, err)
	}
	pays(t, n, 1, end, 1, banknet.ErrFrozen)
	if _, err := n.Renew(key(1), banknet.RenewOrder{ID: "a", At: f.Until, Months: 6}); !errors.Is(err, banknet.ErrLate) {
		t.Errorf("at its end: %v", err)
	}
	pays(t, n, 1, f.Until, 1, nil)
	if _, err := n.Renew(key(1), banknet.RenewOrder{ID: "x", At: noon}); !errors.Is(err, banknet.ErrNoMeasure) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestI24_ALimitedFreezeHoldsItsAmountOrTheBalance(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	f := freezes(t, n, banknet.FreezeOrder{ID: "a", By: "police", Limit: 1500, At: noon, Months: 6}, nil)
	if f.Applied != 1500 || f.Frozen != 1000 || f.Balance != 1000 {
		t.Errorf("%+v", f)
	}
}

func TestPartOfAFreezeIsReleased(t *testing.T) {
	for name, c := range map[string]struct {
		limit   money.Fen
		release money.Fen
		frozen  money.Fen
		want    error
	}{
		"of a limited one":           {600, 200, 400, nil},
		"of a whole one":             {0, 200, 800, nil},
		"more than is frozen":        {600, 601, 0, banknet.ErrNotFrozen},
		"more than the account has":  {0, 1001, 0, banknet.ErrNotFrozen},
		"all of it, told by amount":  {600, 600, 0, nil},
		"all of it, without amount":  {600, 0, 0, nil},
		"the whole one, as a whole":  {0, 0, 0, nil},
		"a negative amount, refused": {600, -1, 0, banknet.ErrAmount},
	} {
		t.Run(name, func(t *testing.T) {
			n := banknet.New()
			open(t, n, 1, 1000)
			freezes(t, n, banknet.FreezeOrder{ID: "a", By: "police", Limit: c.limit, At: noon, Months: 6}, nil)
			got, err := n.Release(key(1), "a", c.release, noon)
			if !errors.Is(err, c.want) || got.Frozen != c.frozen {
				t.Fatalf("%+v, %v", got, err)
			}
			if c.want != nil {
				return
			}
			if held, _, _ := n.Held(key(1), noon); held != c.frozen {
				t.Errorf("%d is held", held)
			}
			free := 1000 - c.frozen
			if c.frozen > 0 {
				pays(t, n, 1, noon, free+1, banknet.ErrFrozen)
			}
			pays(t, n, 1, noon, free, nil)
		})
	}
}

func TestMoneyThatComesLaterStaysUnderAWholeFreezeOfWhichPartWasReleased(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 500)
	freezes(t, n, banknet.FreezeOrder{ID: "a", By: "police", At: noon, Months: 6}, nil)
	if _, err := n.Release(key(1), "a", 200, noon); err != nil {
		t.Fatal(err)
	}
	pays(t, n, 1, noon, 150, nil)
	if err := n.Pay(banknet.Payment{At: noon, From: key(2), To: key(1), Amount: 500}); err != nil {
		t.Fatal(err)
	}
	pays(t, n, 1, noon, 51, banknet.ErrFrozen)
	pays(t, n, 1, noon, 50, nil)
	pays(t, n, 1, noon, 1, banknet.ErrFrozen)
}

func TestAStopAndAFreezeOfOneAgencyHoldTheSameMoney(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	stops(t, n, 1, banknet.StopOrder{ID: "s", By: "police", Limit: 300, At: noon, Until: noon.Add(day)})
	freezes(t, n, banknet.FreezeOrder{ID: "f", By: "police", Limit: 400, At: noon, Months: 6}, nil)
	if held, _, _ := n.Held(key(1), noon); held != 400 {
		t.Errorf("one agency holds %d", held)
	}
	stops(t, n, 1, banknet.StopOrder{ID: "o", By: "other", Limit: 100, At: noon, Until: noon.Add(day)})
	if held, _, _ := n.Held(key(1), noon); held != 500 {
		t.Errorf("two agencies hold %d", held)
	}
}

func TestMoneyIsNotReturnedOutOfWhatOthersHold(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 0)
	freezes(t, n, banknet.FreezeOrder{ID: "f", By: "police", Limit: 900, At: noon, Months: 6}, nil)
	stops(t, n, 1, banknet.StopOrder{ID: "o", By: "other", Limit: 200, At: noon, Until: noon.Add(day)})
	payout := banknet.Payout{At: noon, From: key(1), To: key(2), FromName: "holder 1", ToName: "holder 2", Amount: 801}
	if _, err := n.Return(payout, sameName); !errors.Is(err, banknet.ErrStopped) {
		t.Errorf("what another agency holds: %v", err)
	}
	payout.Amount = 800
	if _, err := n.Return(payout, sameName); err != nil {
		t.Error(err)
	}
}

func TestACourtsFreezeIsNotReturnedFrom(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 0)
	freezes(t, n, banknet.FreezeOrder{ID: "f", By: "court", Kind: banknet.CourtFreeze, At: noon, Months: 6}, nil)
	payout := banknet.Payout{At: noon, From: key(1), To: key(2), FromName: "holder 1", ToName: "holder 2", Amount: 1}
	if _, err := n.Return(payout, sameName); !errors.Is(err, banknet.ErrNotFrozen) {
		t.Error(err)
	}
}
