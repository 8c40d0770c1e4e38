package service_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/service"
)

func cityFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "city.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACityChangesWhatItNames(t *testing.T) {
	want := service.DefaultPolicy()
	want.Name, want.City, want.Chase.MaxLevel = "清远市反诈中心", "441800000000", 3
	want.AlertMinutes["high"] = service.AlertMinutes{Sign: 7, Contact: 20}
	want.Grades["红"] = "critical"
	got, err := service.LoadPolicy(cityFile(t, `{
		"unit": "441800000000", "name": "清远市反诈中心", "chase": {"maxLevel": 3},
		"alertMinutes": {"high": {"sign": 7, "contact": 20}}, "grades": {"红": "critical"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("another policy (-want +got):\n%s", diff)
	}
	if sign, contact := got.Limits("high"); sign != 7*time.Minute || contact != 20*time.Minute {
		t.Errorf("high: %v, %v", sign, contact)
	}
	if diff := cmp.Diff(service.DefaultPolicy().AlertMinutes["high"], service.AlertMinutes{Sign: 5, Contact: 15}); diff != "" {
		t.Errorf("the file has changed the defaults:\n%s", diff)
	}
}

func TestWithoutAFileTheDefaultsHold(t *testing.T) {
	for _, path := range []string{"", cityFile(t, "{}")} {
		got, err := service.LoadPolicy(path)
		if diff := cmp.Diff(service.DefaultPolicy(), got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", path, err, diff)
		}
	}
}

func TestAPolicyThatCannotBeFollowedIsRefused(t *testing.T) {
	for rule, text := range map[string]string{
		"an unknown field":                 `{"freezeTermMonth": 6}`,
		"an unknown field further in":      `{"chase": {"maxLevels": 3}}`,
		"an unknown limit of a level":      `{"alertMinutes": {"high": {"sign": 5, "contacts": 15}}}`,
		"a level that is misspelt":         `{"alertMinutes": {"hihg": {"sign": 5, "contact": 15}}}`,
		"a level with half its limits":     `{"alertMinutes": {"high": {"sign": 5}}}`,
		"a limit of no time":               `{"alertMinutes": {"high": {"sign": 0, "contact": 15}}}`,
		"a grade that leads nowhere":       `{"grades": {"高": "higher"}}`,
		"a unit that is none":              `{"unit": "4409"}`,
		"a term longer than the law's":     `{"freezeTermMonths": 7}`,
		"no term at all":                   `{"freezeTermMonths": 0}`,
		"a scope that no bank knows":       `{"chase": {"scope": "SOME"}}`,
		"no hour for the papers":           `{"paperHours": 0}`,
		"less than a day for the papers":   `{"paperDays": -1}`,
		"a quarter for the papers":         `{"paperDays": 31}`,
		"a chase below the surface":        `{"chase": {"maxLevel": -1}}`,
		"a negative amount":                `{"chase": {"minAmountFen": -1}}`,
		"a chase of no level":              `{"chase": {"maxLevel": 0}}`,
		"a chase without an end":           `{"chase": {"maxLevel": 51}}`,
		"a method that nobody knows":       `{"chase": {"method": "direct_timestamp"}}`,
		"no method":                        `{"chase": {"method": ""}}`,
		"a limit given twice":              `{"chase": {"maxLevel": 3, "maxLevel": 4}}`,
		"half a fen":                       `{"chase": {"minAmountFen": 0.5}}`,
		"a number as text":                 `{"freezeTermMonths": "6"}`,
		"something after it":               `{"freezeTermMonths": 6} {"freezeTermMonths": 5}`,
		"a brace too many":                 `{"freezeTermMonths": 6}}`,
		"no JSON":                          `freezeTermMonths: 6`,
		"an empty file":                    ``,
		"a list":                           `[]`,
		"a level that is taken to be null": `{"alertMinutes": {"high": null}}`,
	} {
		t.Run(rule, func(t *testing.T) {
			if _, err := service.LoadPolicy(cityFile(t, text)); err == nil {
				t.Errorf("%s was taken", text)
			}
		})
	}
	if _, err := service.LoadPolicy(filepath.Join(t.TempDir(), "city.json")); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func TestEveryWayOfAttributingCanBeChosen(t *testing.T) {
	for _, method := range []string{"DIRECT_TIMESTAMP", "PRO_RATA", "FIFO", "LIFO"} {
		got, err := service.LoadPolicy(cityFile(t, `{"chase": {"method": "`+method+`", "maxLevel": 50, "minAmountFen": 0}}`))
		if err != nil || got.Chase.Method != method || got.Chase.MaxLevel != 50 || got.Chase.MinAmount != 0 {
			t.Errorf("%s: %+v, %v", method, got.Chase, err)
		}
	}
}
