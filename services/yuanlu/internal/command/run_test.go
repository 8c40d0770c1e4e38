package command_test

import (
	"strings"
	"testing"
)

func TestTheIntervalOfScavengesIsAFlagOrAVariable(t *testing.T) {
	for _, c := range []struct {
		rule, variable string
		args           []string
		says           string
	}{
		{"a variable that is no duration is wrong usage", "soon", []string{"run"}, "YUANLU_SCAVENGE_EVERY"},
		{"the same of an event store alone", "soon", []string{"eventstore"}, "YUANLU_SCAVENGE_EVERY"},
		{"a flag that is no duration is wrong usage", "24h", []string{"run", "--scavenge-every", "soon"}, "scavenge-every"},
		{"a flag goes before the variable", "soon", []string{"run", "--scavenge-every", "1h", "--node-addr", "nowhere"}, "nowhere"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Setenv("YUANLU_SCAVENGE_EVERY", c.variable)
			t.Setenv("YUANLU_EVENTSTORE", "")
			got := call(t, append(c.args, "--data", t.TempDir())...)
			if got.code == 0 || !strings.Contains(got.err, c.says) {
				t.Errorf("exit code %d, standard error: %s", got.code, got.err)
			}
		})
	}
}
