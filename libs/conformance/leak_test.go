package conformance_test

import (
	"testing"

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
	goleak.VerifyNone(t, before)
}
