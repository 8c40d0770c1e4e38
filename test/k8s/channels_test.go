package k8s_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/test/k8s"
)

// A city with machine channels is its overlay and one component more.
func TestACityGetsMachineChannelsByOneComponent(t *testing.T) {
	objects, err := k8s.Render("testdata/with-bank-channels")
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range k8s.Pods(objects) {
		t.Error(complaint)
	}
	for _, w := range k8s.Workloads(objects) {
		given := map[string]bool{}
		for _, name := range variables(w.Template.Spec.Containers) {
			given[name] = true
		}
		if has := given["YUANLU_BANK_CHANNELS"] && given["YUANLU_CHANNEL_KEY_FILE"]; has != (w.Name == "stoppayment") {
			t.Errorf("%s: machine channels are configured: %t", w.Name, has)
		}
		for _, complaint := range k8s.Unread(variables(w.Template.Spec.Containers)) {
			t.Errorf("%s: %s", w.Name, complaint)
		}
	}
}
