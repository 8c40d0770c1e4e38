package estest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/rule"
)

var (
	errFull  = rule.New("bucket-full", "桶已满", "the bucket is full", "")
	errOther = rule.New("other", "其他", "something else", "")
)

// bucket takes two drops and refuses a third; a leak takes one more each time.
func bucket() es.Decider[int, string, string] {
	return es.Decider[int, string, string]{
		Decide: func(drops int, what string) ([]string, error) {
			switch {
			case what == "leak":
				return make([]string, drops+1), nil
			case what == "both":
				return []string{"drop"}, errFull
			case what == "look":
				return nil, nil
			case drops >= 2:
				return nil, errFull
			}
			return []string{"drop"}, nil
		},
		Evolve: func(drops int, _ string) int { return drops + 1 },
		Due:    func(int) []es.Alarm { return nil },
	}
}

type row = estest.Case[string, string]

func TestWhatTheDeciderDoesPasses(t *testing.T) {
	estest.Run(t, bucket(), []row{
		{Rule: "an empty bucket takes a drop", When: "drop", Then: []string{"drop"}},
		{Rule: "a full one refuses", Given: []string{"drop", "drop"}, When: "drop", Err: errFull},
		{Rule: "nothing happens by looking", Given: []string{"drop"}, When: "look"},
	})
}

// wrong are rows that a table must not pass.
func wrong() []row {
	return []row{
		{Rule: "an event too few is seen", When: "look", Then: []string{"drop"}},
		{Rule: "an event too many is seen", When: "drop"},
		{Rule: "another event is seen", When: "drop", Then: []string{"splash"}},
		{Rule: "a refusal that was not wanted is seen", Given: []string{"drop", "drop"}, When: "drop"},
		{Rule: "a refusal that did not come is seen", When: "drop", Err: errFull},
		{Rule: "another refusal is seen", Given: []string{"drop", "drop"}, When: "drop", Err: errOther},
		{Rule: "events beside a refusal are seen", When: "both", Err: errFull},
		{Rule: "an effect that piles up is seen", When: "leak", Then: []string{""}},
	}
}

// asVictim makes the test below run the wrong rows, in a process of its own.
const asVictim = "ESTEST_RUN_WRONG_ROWS"

func TestWhatTheDeciderDoesNotDoFails(t *testing.T) {
	if os.Getenv(asVictim) != "" {
		estest.Run(t, bucket(), wrong())
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+time.Minute.String()) //nolint:gosec // this very binary
	command.Env = append(os.Environ(), asVictim+"=1")
	out, err := command.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		t.Fatalf("the rows passed: %v\n%s", err, out)
	}
	for _, r := range wrong() {
		if failed := "--- FAIL: " + t.Name() + "/" + strings.ReplaceAll(r.Rule, " ", "_"); !strings.Contains(string(out), failed) {
			t.Errorf("not seen: %s\n%s", r.Rule, out)
		}
	}
}
