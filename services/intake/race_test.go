package intake_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestI63_OneKeyWithDifferentBodiesAtOnceIsOneEffectAndTheOthersAreRefused(t *testing.T) {
	c := newCity(t)
	for round := range 20 {
		statuses := make(chan int, 8)
		for n := range cap(statuses) {
			go func() {
				a, err := c.do(t, request{
					path: "/v1/reports", key: fmt.Sprintf("report-%04d", round), who: onDuty(),
					body: reportBody(func(b map[string]any) { b["brief"] = fmt.Sprint(theBrief, n) }),
				})
				if err != nil {
					t.Error(err)
				}
				statuses <- a.status
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
