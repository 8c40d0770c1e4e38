package k8s_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/test/k8s"
)

const deploy = "../../deploy/"

func TestTheComposeFileIsWhatTheSpecificationKnows(t *testing.T) {
	project, err := k8s.Compose(t.Context(), deploy+"compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := append(services(), "eventstore", "gateway")
	if diff := cmp.Diff(want, project.ServiceNames(), cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	for _, complaint := range k8s.Containers(project) {
		t.Error(complaint)
	}
	for _, name := range services() {
		s := project.Services[name]
		if s.Build.Args["SERVICE"] == nil || *s.Build.Args["SERVICE"] != name || s.Build.Dockerfile != "deploy/Dockerfile" {
			t.Errorf("%s is built as %+v", name, s.Build)
		}
		if demo := s.Environment["YUANLU_DEMO"]; demo == nil || *demo != "true" {
			t.Errorf("%s does not hear of a demonstration: the five must agree", name)
		}
	}
}

var stage = regexp.MustCompile(`(?m)^FROM (\S+)`)

func TestTheImageHoldsOneServiceAndRunsAsNobody(t *testing.T) {
	text, err := os.ReadFile(deploy + "Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for _, m := range stage.FindAllSubmatch(text, -1) {
		stages = append(stages, string(m[1]))
	}
	if diff := cmp.Diff([]string{"golang:1.26.8-bookworm", "scratch"}, stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	for _, want := range []string{"ARG SERVICE", "GOWORK=off", "CGO_ENABLED=0", "USER 65532:65532", "COPY services/${SERVICE} services/${SERVICE}"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
	if strings.Contains(string(text), "COPY services services") || strings.Contains(string(text), "COPY . .") {
		t.Error("the Dockerfile takes more than one service")
	}
}

func TestEveryAlertAsksForAMetricThatIsMeasuredAndNamesItsRunbook(t *testing.T) {
	alerts, err := k8s.Alerts(deploy + "prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(alerts) == 0 {
		t.Fatal("there are no alerts")
	}
	measured, err := k8s.Measured(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.Name == "" || a.Expr == "" || a.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, a.Labels["severity"]) {
			t.Errorf("%+v is not whole", a)
		}
		runbook := a.Annotations["runbook"]
		if _, err := os.Stat("../../" + runbook); err != nil || !strings.HasPrefix(runbook, "docs/runbook/") {
			t.Errorf("%s: runbook %q: %v", a.Name, runbook, err)
		}
		for _, m := range k8s.Metrics(a.Expr) {
			if !slices.ContainsFunc(measured, func(name string) bool { return measuredAs(m, name) }) {
				t.Errorf("%s asks for %s, which nothing measures", a.Name, m)
			}
		}
	}
}

// measuredAs tells whether a series belongs to a metric: a histogram and a
// counter have series with endings of their own.
func measuredAs(series, name string) bool {
	for _, ending := range []string{"", "_total", "_bucket", "_sum", "_count", "_seconds", "_seconds_bucket", "_seconds_count", "_seconds_sum", "_milliseconds_bucket"} {
		if series == name+ending {
			return true
		}
	}
	return false
}
