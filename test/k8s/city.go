package k8s

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

var hashed = regexp.MustCompile(`\bcity-[a-z0-9]{10}\b`)

// Shape writes an overlay's objects without what a city may set for itself: its
// namespace, its host, the data of its file and its numbers of replicas. Two
// cities that run the same system have the same shape.
func Shape(objects []Object) (string, error) {
	var out strings.Builder
	for _, o := range objects {
		typed := o.Typed.DeepCopyObject()
		switch typed := typed.(type) {
		case *corev1.Namespace:
			typed.Name = "city"
		case *corev1.ConfigMap:
			for key := range typed.Data {
				typed.Data[key] = "data"
			}
		case *appsv1.Deployment:
			typed.Spec.Replicas = nil
		case *networkingv1.Ingress:
			for i := range typed.Spec.Rules {
				typed.Spec.Rules[i].Host = "host"
			}
			for i := range typed.Spec.TLS {
				typed.Spec.TLS[i].Hosts = []string{"host"}
			}
		}
		text, err := yaml.Marshal(typed)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", o.Kind, o.Name, err)
		}
		text = hashed.ReplaceAll(text, []byte("city-hash"))
		for line := range bytes.Lines(text) {
			if !bytes.HasPrefix(line, []byte("  namespace: ")) {
				out.Write(line)
			}
		}
		out.WriteString("---\n")
	}
	return out.String(), nil
}
