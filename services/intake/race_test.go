package intake_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func TestI63_OneKeyWithDifferentBodiesAtOnceIsOneEffectAndTheOthersAreRefused(t *testing.T) {
	c := newCity(t)
	for round := range 20 {
		statuses := make(chan int, 8)
		for n := range cap(statuses) {
			go func() {
				a, err := c.Send(request{
					Path: "/v1/reports", Key: fmt.Sprintf("report-%04d", round), Who: onDuty(),
					Body: reportBody(func(b map[string]any) { b["brief"] = fmt.Sprint(citytest.Brief, n) }),
				})
				if err != nil {
					t.Error(err)
				}
				statuses <- a.Status
			}()
		}
		got := map[int]int{}
		for range cap(statuses) {
			got[<-statuses]++
		}
		if got[http.StatusCreated] != 1 || got[http.StatusUnprocessableEntity] != 7 {
			t.Fatalf("round %d: %v, want one 201 and seven 422", round, got)
		}
	}
}
