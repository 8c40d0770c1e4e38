package e2e_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/casebook"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/refund"
	"github.com/yuanlu/yuanlu/services/stoppayment"
	"github.com/yuanlu/yuanlu/services/warning"
)

// Every scenario that comes with the program ends with the figures it names, and
// with figures that balance for any other seed.
func TestEveryScenarioEndsWithItsFigures(t *testing.T) {
	city := citytest.Open(t)
	city.Run(intake.New, warning.New, stoppayment.New, refund.New, casebook.New)
	for _, name := range []string{"two-hops", "paid-already", "maoming-483"} {
		t.Run(name, func(t *testing.T) { demo(t.Context(), t, city.URL(), name, nil, t.Output()) })
	}
	for _, seed := range []int64{7, 8} {
		t.Run("maoming-483 with another seed", func(t *testing.T) { demo(t.Context(), t, city.URL(), "maoming-483", &seed, t.Output()) })
	}
}
