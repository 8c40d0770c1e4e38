package identity_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/identity"
)

func TestAUnitOverseesItselfAndThoseBelowIt(t *testing.T) {
	for _, c := range []struct {
		name  string
		unit  identity.Unit
		other identity.Unit
		want  bool
	}{
		{"itself", "440982010000", "440982010000", true},
		{"a county its station", "440982000000", "440982010000", true},
		{"a city its county", "440900000000", "440982000000", true},
		{"a city a station of its county", "440900000000", "440982010000", true},
		{"a province a city", "440000000000", "440900000000", true},
		{"a station not its county", "440982010000", "440982000000", false},
		{"a county not its city", "440982000000", "440900000000", false},
		{"a county not its neighbour", "440982000000", "440983000000", false},
		{"a city not another's county", "440900000000", "440182000000", false},
		{"a city whose number ends in zero not the province's others", "441000000000", "441100000000", false},
		{"a code of zeros nobody", "000000000000", "440982000000", false},
		{"an empty code nobody", "", "440982000000", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.unit.Oversees(c.other); got != c.want {
				t.Errorf("%s oversees %s: %v", c.unit, c.other, got)
			}
		})
	}
}
