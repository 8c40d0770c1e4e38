package k8s_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/test/k8s"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
spec:
  replicas: 2
  selector:
    matchLabels: {app: a}
  template:
    metadata:
      labels: {app: a}
    spec:
      containers:
        - name: service
          image: a:1
          volumeMounts:
            - {name: gone, mountPath: /x}
`

func TestStrictDecodingBites(t *testing.T) {
	if _, err := k8s.Decode([]byte(deployment)); err != nil {
		t.Fatalf("a good object is refused: %v", err)
	}
	for name, text := range map[string]string{
		"an unknown field":        strings.Replace(deployment, "replicas: 2", "replica: 2", 1),
		"an unknown field inside": strings.Replace(deployment, "image:", "images:", 1),
		"a field given twice":     strings.Replace(deployment, "  replicas: 2", "  replicas: 2\n  replicas: 3", 1),
		"a wrong type":            strings.Replace(deployment, "replicas: 2", "replicas: two", 1),
		"an unknown kind":         strings.Replace(deployment, "kind: Deployment", "kind: Deploiment", 1),
	} {
		if _, err := k8s.Decode([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestPodsBite(t *testing.T) {
	complaints := strings.Join(k8s.Pods([]k8s.Object{decode(t, deployment)}), "\n")
	for _, want := range []string{
		"token of the API server", "no service account of its own", "no disruption budget", "root file system", "lacks a probe",
		"asks for no cpu", "has no limit of memory", "volume gone is mounted", "the restricted standard refuses",
	} {
		if !strings.Contains(complaints, want) {
			t.Errorf("nothing is said of %q in:\n%s", want, complaints)
		}
	}
}

func TestEdgesBite(t *testing.T) {
	other := strings.NewReplacer("name: a\n", "name: b\n", "app: a", "app: b").Replace(deployment)
	const deny = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
`
	const out = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out}
spec:
  podSelector: {matchLabels: {app: a}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: b}}}]}]
`
	const in = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in}
spec:
  podSelector: {matchLabels: {app: b}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]
`
	for name, c := range map[string]struct {
		policies []string
		want     []k8s.Edge
	}{
		"without a policy everything is open": {nil, []k8s.Edge{{From: "a", To: "a"}, {From: "a", To: "b"}, {From: "b", To: "a"}, {From: "b", To: "b"}}},
		"a bar on all closes everything":      {[]string{deny}, nil},
		"one end alone opens nothing":         {[]string{deny, out}, nil},
		"both ends open a way":                {[]string{deny, out, in}, []k8s.Edge{{From: "a", To: "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []k8s.Object{decode(t, deployment), decode(t, other)}
			for _, p := range c.policies {
				objects = append(objects, decode(t, p))
			}
			if diff := cmp.Diff(c.want, k8s.Edges(objects)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShapeBites(t *testing.T) {
	shape := func(text string) string {
		s, err := k8s.Shape([]k8s.Object{decode(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if shape(deployment) != shape(strings.Replace(deployment, "replicas: 2", "replicas: 3", 1)) {
		t.Error("a number of replicas is a city's own")
	}
	if shape(deployment) == shape(strings.Replace(deployment, "a:1", "a:2", 1)) {
		t.Error("a city with an image of its own is not noticed")
	}
}

func TestUnreadBites(t *testing.T) {
	got := k8s.Unread([]string{"YUANLU_ADDR", "YUANLU_ADRESS", "TMPDIR"})
	if diff := cmp.Diff([]string{"YUANLU_ADRESS is read by no service"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrefixesAreReadFromTheCompositionRoot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.go")
	for source, want := range map[string][]string{
		"package a\n\nvar _ = Part{Prefixes: []string{\"/v1/a\", \"/v1/b\"}}\n": {"/v1/a", "/v1/b"},
		"package a\n": nil,
	} {
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := k8s.Prefixes(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if err := os.WriteFile(file, []byte("package a\n\nvar _ = Part{Prefixes: []string{prefix}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k8s.Prefixes(file); err == nil {
		t.Error("a prefix that cannot be read is passed over")
	}
}

func TestComposeBites(t *testing.T) {
	const good = "services:\n  a:\n    image: a:1\n    ports: [\"127.0.0.1:80:80\"]\n"
	dir := t.TempDir()
	load := func(text string) (string, error) {
		file := filepath.Join(dir, "compose.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		project, err := k8s.Compose(t.Context(), file)
		if err != nil {
			return "", err
		}
		return strings.Join(k8s.Containers(project), "\n"), nil
	}
	if got, err := load(good); got != "" || err != nil {
		t.Fatalf("a good file is refused: %s %v", got, err)
	}
	if _, err := load(strings.Replace(good, "image:", "picture:", 1)); err == nil {
		t.Error("an unknown field is accepted")
	}
	for text, want := range map[string]string{
		strings.Replace(good, "a:1", "a:latest", 1):                  "pinned to no version",
		strings.Replace(good, "a:1", "a", 1):                         "pinned to no version",
		strings.Replace(good, "127.0.0.1:80", "80", 1):               "open to other machines",
		good + "    build: .\n    environment: {YUANLU_ADRESS: x}\n": "YUANLU_ADRESS is read by no service",
		good + "    build: .\n":                                      "more than it needs",
	} {
		if got, err := load(text); err != nil || !strings.Contains(got, want) {
			t.Errorf("%q is not said of:\n%s\nbut %q, %v", want, text, got, err)
		}
	}
}

func TestAlertsBite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "alerts.yaml")
	if err := os.WriteFile(file, []byte("groups:\n  - name: g\n    rules:\n      - alert: A\n        exp: up == 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k8s.Alerts(file); err == nil {
		t.Error("an unknown field is accepted")
	}
}

func decode(t *testing.T, text string) k8s.Object {
	t.Helper()
	o, err := k8s.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
