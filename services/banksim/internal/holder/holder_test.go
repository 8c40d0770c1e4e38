package holder_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
)

func TestDrawnPeopleHaveValidNumbers(t *testing.T) {
	now := time.Date(2021, 7, 17, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(300) {
		p := holder.Draw(holder.Person{}, seed, "salt", "a", "")
		if _, err := identity.ParseIDCard(p.IDNumber); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if w := append(identity.CheckIDCard(p.IDNumber, now), identity.CheckPhone(p.Phone)...); len(w) > 0 || p.Address == "" || p.Name == "" {
			t.Errorf("seed %d: %v, %+v", seed, w, p)
		}
		firm := holder.Draw(holder.Person{Kind: "organisation"}, seed, "salt", "a", "")
		if _, err := identity.ParseUSCC(firm.IDNumber); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if w := identity.CheckCard(holder.AccountNumber(seed, "salt", "a", "102100099996")); len(w) > 0 {
			t.Errorf("seed %d: %v", seed, w)
		}
	}
}

func TestWhatIsGivenIsKept(t *testing.T) {
	given := holder.Person{Kind: "person", IDKind: "03", IDNumber: "E12345678", Name: "张三", Phone: "13800000000", Address: "甲"}
	if got := holder.Draw(given, 1, "s", "k", ""); got != given {
		t.Errorf("got %+v", got)
	}
	if got := holder.Draw(holder.Person{Name: "杨某"}, 1, "s", "k", "440982"); got.Name == "杨某" || got.Name[:3] != "杨" || got.IDNumber[:6] != "440982" {
		t.Errorf("got %+v", got)
	}
}

func TestAnotherSaltBringsOtherNumbersUnderTheSameNames(t *testing.T) {
	one, two := holder.Draw(holder.Person{}, 5, "a", "k", ""), holder.Draw(holder.Person{}, 5, "b", "k", "")
	if one.Name != two.Name || one.IDNumber == two.IDNumber || one.Phone == two.Phone {
		t.Errorf("%+v and %+v", one, two)
	}
	seen := map[string]bool{}
	for i := range 500 {
		seen[holder.AccountNumber(5, "a", strconv.Itoa(i), "102100099996")] = true
	}
	if len(seen) != 500 {
		t.Errorf("%d different numbers of 500", len(seen))
	}
}
