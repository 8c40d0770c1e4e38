package k8s_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/test/k8s"
	"gopkg.in/yaml.v3"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

const overlays = "../../k8s/overlays/"

// cities are the four cities, each with its division code.
func cities() []string {
	return []string{"qingyuan-441800", "maoming-440900", "yangzhou-321000", "lechang-440281"}
}

func services() []string { return []string{"intake", "warning", "stoppayment", "refund", "casebook"} }

func render(t *testing.T, city string) []k8s.Object {
	t.Helper()
	objects, err := k8s.Render(overlays + city)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestEveryCityBuildsAndDecodesStrictly(t *testing.T) {
	entries, err := os.ReadDir(overlays)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if diff := cmp.Diff(cities(), found, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("cities (-want +got):\n%s", diff)
	}
	for _, city := range cities() {
		t.Run(city, func(t *testing.T) {
			counts := map[string]int{}
			for _, o := range render(t, city) {
				counts[o.Kind]++
			}
			want := map[string]int{
				"ConfigMap": 1, "Deployment": 5, "Ingress": 1, "Namespace": 1, "NetworkPolicy": 8,
				"PodDisruptionBudget": 6, "Service": 6, "ServiceAccount": 6, "StatefulSet": 1,
			}
			if diff := cmp.Diff(want, counts); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCitiesDifferInDataOnly(t *testing.T) {
	want, err := k8s.Shape(render(t, cities()[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, city := range cities()[1:] {
		got, err := k8s.Shape(render(t, city))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and %s differ in more than data:\n%s", cities()[0], city, diff)
		}
	}
}

func TestEveryCityFileIsReadAsTheServicesReadIt(t *testing.T) {
	files := []string{"../../deploy/city.json"}
	for _, city := range cities() {
		files = append(files, overlays+city+"/city.json")
	}
	names := map[string]bool{}
	for _, file := range files {
		policy, err := service.LoadPolicy(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if code := filepath.Base(filepath.Dir(file)); !strings.HasSuffix(code, policy.City.Division()) && code != "deploy" {
			t.Errorf("%s: unit %s is not of this city", file, policy.City)
		}
		if names[policy.Name] && !strings.Contains(file, overlays+"maoming") {
			t.Errorf("%s: two cities are called %s", file, policy.Name)
		}
		names[policy.Name] = true
		if policy.FreezeTermMonths < 1 || policy.FreezeTermMonths > 6 {
			t.Errorf("%s: a freeze of %d months is not the law's", file, policy.FreezeTermMonths)
		}
		for grade, level := range policy.Grades {
			if sign, contact := policy.Limits(level); sign <= 0 || contact < sign {
				t.Errorf("%s: grade %s leads to level %q, whose limits are %v and %v", file, grade, level, sign, contact)
			}
		}
	}
}

func TestPodsAreWhatACarefulOperatorAdmits(t *testing.T) {
	for _, city := range cities() {
		for _, complaint := range k8s.Pods(render(t, city)) {
			t.Errorf("%s: %s", city, complaint)
		}
	}
}

func TestServicesHaveNoWayToEachOther(t *testing.T) {
	want := []k8s.Edge{{From: "eventstore", To: "eventstore"}}
	for _, s := range services() {
		want = append(want, k8s.Edge{From: s, To: "eventstore"})
	}
	for _, city := range cities() {
		got := k8s.Edges(render(t, city))
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b k8s.Edge) int {
			return strings.Compare(a.From+" "+a.To, b.From+" "+b.To)
		})); diff != "" {
			t.Errorf("%s: ways inside the namespace (-want +got):\n%s", city, diff)
		}
	}
}

func TestAllTrafficThatNoPolicyNamesIsBarred(t *testing.T) {
	for _, p := range k8s.Of[*networkingv1.NetworkPolicy](render(t, cities()[0])) {
		if p.Name != "deny-all" {
			continue
		}
		if len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions)+len(p.Spec.Ingress)+len(p.Spec.Egress) > 0 || len(p.Spec.PolicyTypes) != 2 {
			t.Errorf("it leaves something open: %+v", p.Spec)
		}
		return
	}
	t.Error("there is no policy deny-all")
}

// The paths stand in three places, of which the composition roots are the
// source: what a service answers, the gateways must send to it.
func TestEveryGatewaySendsEachPathToTheServiceThatNamesIt(t *testing.T) {
	want := map[string]string{}
	for _, s := range services() {
		prefixes, err := k8s.Prefixes("../../services/" + s + "/" + s + ".go")
		if err != nil {
			t.Error(err)
			continue
		}
		if len(prefixes) == 0 {
			t.Errorf("%s names no prefix", s)
		}
		for _, p := range prefixes {
			want[p] = s
		}
		want["/openapi/"+s+".json"] = s
	}
	for _, city := range cities() {
		got, err := k8s.Paths(render(t, city))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: ingress (-want +got):\n%s", city, diff)
		}
	}
	want["/v1/demo"] = "intake"
	got, err := k8s.Locations("../../deploy/gateway/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gateway of the compose file (-want +got):\n%s", diff)
	}
}

func TestEveryVariableIsReadAndExplained(t *testing.T) {
	for _, w := range k8s.Workloads(render(t, cities()[0])) {
		for _, complaint := range k8s.Unread(variables(w.Template.Spec.Containers)) {
			t.Errorf("%s: %s", w.Name, complaint)
		}
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range k8s.Variables() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/operations.md does not explain %s", name)
		}
	}
}

// Where kubectl is at hand, it must come to the same as the library.
func TestKubectlBuildsTheSame(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("kubectl is not installed; the library has built the overlays")
	}
	for _, city := range cities() {
		out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", overlays+city).Output() //nolint:gosec // a path of the repository
		if err != nil {
			t.Fatalf("%s: %v", city, err)
		}
		want, got := map[string]any{}, map[string]any{} // kubectl has an order of its own
		for _, o := range render(t, city) {
			want[o.Kind+" "+o.Name] = document(t, o.YAML)
		}
		for text := range strings.SplitSeq(string(out), "\n---\n") {
			d := document(t, []byte(text))
			got[named(d)] = d
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-library +kubectl):\n%s", city, diff)
		}
	}
}

func document(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func named(document map[string]any) string {
	metadata, _ := document["metadata"].(map[string]any) // a nil map has no name, and is missed above
	return fmt.Sprint(document["kind"], " ", metadata["name"])
}

func variables(containers []corev1.Container) []string {
	var names []string
	for _, c := range containers {
		for _, e := range c.Env {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names
}
