package conformance_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/conformance"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"go.uber.org/goleak"
)

func TestARunLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	n := start(t, eventnode.Config{})
	report := run(t, n.Connection(), conformance.Options{Only: []string{"wire", "follow", "filter", "group", "retry-0", "manage"}, Restart: true})
	if !report.OK() {
		t.Fatalf("%+v", report.Results)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	var left error // goleak by itself waits for half a second
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if left = goleak.Find(before); left == nil {
			return
		}
	}
	t.Error(left)
}
