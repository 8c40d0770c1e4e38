// Package rules_test keeps the published list of rules in step with the code.
package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/casebook"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/refund"
	"github.com/yuanlu/yuanlu/services/stoppayment"
	"github.com/yuanlu/yuanlu/services/warning"
)

var rewrite = flag.Bool("rewrite", false, "write the list anew instead of comparing it")

func TestTheListOfRulesIsThatOfTheServices(t *testing.T) {
	const path = "../../api/rules/rules.json"
	var list bytes.Buffer
	encoder := json.NewEncoder(&list)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(collected(t)); err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(path, list.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), list.String()); diff != "" {
		t.Errorf("the published list is another (go test ./rules -rewrite writes it; a code that was published stays):\n%s", diff)
	}
}

// collected are the rules of all services and of their edge, by code. One code
// is one rule: two services may share it only word for word.
func collected(t *testing.T) []rule.Rule {
	t.Helper()
	city := citytest.Open(t)
	all := service.Rules()
	for _, made := range []service.New{intake.New, warning.New, stoppayment.New, refund.New, casebook.New} {
		part, err := made(t.Context(), city.City)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part.Rules...)
		if err := part.Close(); err != nil {
			t.Fatal(err)
		}
	}
	byCode := map[string]rule.Rule{}
	var rules []rule.Rule
	for _, r := range all {
		known, twice := byCode[r.Code]
		if twice && (known.ZH != r.ZH || known.EN != r.EN) {
			t.Errorf("%s says %q and %q", r.Code, known.ZH, r.ZH)
		}
		if !twice {
			byCode[r.Code] = r
			rules = append(rules, r)
		}
	}
	slices.SortFunc(rules, func(a, b rule.Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}
