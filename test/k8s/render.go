package k8s

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Object is one rendered object: as its type has it, and as it was written.
type Object struct {
	Kind, Name string
	Typed      runtime.Object
	YAML       []byte
}

// Render builds an overlay, as kubectl kustomize does, and decodes each of its
// objects strictly: an unknown or doubled field is an error.
func Render(overlay string) ([]Object, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), overlay)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", overlay, err)
	}
	var objects []Object
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		o, err := Decode(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		o.Kind, o.Name = r.GetKind(), r.GetName()
		objects = append(objects, o)
	}
	return objects, nil
}

// Decode reads one object strictly. Kinds that the deployment has no need of
// are unknown.
func Decode(text []byte) (Object, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return Object{}, fmt.Errorf("scheme: %w", err)
		}
	}
	serializer := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	typed, _, err := serializer.Decode(text, nil, nil)
	if err != nil {
		return Object{}, fmt.Errorf("decode strictly: %w", err)
	}
	return Object{Typed: typed, YAML: text}, nil
}

// Of returns the objects of one type.
func Of[T runtime.Object](objects []Object) []T {
	var found []T
	for _, o := range objects {
		if typed, ok := o.Typed.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// Workload is a pod template with the name of what keeps its pods.
type Workload struct {
	Name     string
	Replicas int32
	Template corev1.PodTemplateSpec
	Claims   []string // names of the volumes that each pod claims for itself
}

// Workloads are all that runs: Deployments and StatefulSets.
func Workloads(objects []Object) []Workload {
	var found []Workload
	for _, d := range Of[*appsv1.Deployment](objects) {
		found = append(found, Workload{Name: d.Name, Replicas: replicas(d.Spec.Replicas), Template: d.Spec.Template})
	}
	for _, s := range Of[*appsv1.StatefulSet](objects) {
		w := Workload{Name: s.Name, Replicas: replicas(s.Spec.Replicas), Template: s.Spec.Template}
		for _, c := range s.Spec.VolumeClaimTemplates {
			w.Claims = append(w.Claims, c.Name)
		}
		found = append(found, w)
	}
	return found
}

// replicas reads a number that is 1 where it is absent.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
