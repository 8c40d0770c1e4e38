package k8s

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Pods complains of a workload that a careful operator would not admit.
func Pods(objects []Object) []string {
	var found []string
	for _, w := range Workloads(objects) {
		complain := func(format string, args ...any) {
			found = append(found, w.Name+": "+fmt.Sprintf(format, args...))
		}
		spec := w.Template.Spec
		if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
			complain("its pods carry a token of the API server")
		}
		if spec.ServiceAccountName == "" || spec.ServiceAccountName == "default" {
			complain("it has no service account of its own")
		}
		if w.Replicas > 1 && !protected(objects, w) {
			complain("no disruption budget selects its pods")
		}
		for _, c := range append(slices.Clone(spec.InitContainers), spec.Containers...) {
			for _, fault := range container(c) {
				complain("container %s %s", c.Name, fault)
			}
		}
		for _, name := range unfounded(w) {
			complain("volume %s is mounted and not there", name)
		}
	}
	return append(found, restricted(objects)...)
}

// restricted applies the pod security standard itself, as the admission
// controller of an API server does.
func restricted(objects []Object) []string {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, w := range Workloads(objects) {
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &w.Template.ObjectMeta, &w.Template.Spec))
		if !result.Allowed {
			found = append(found, fmt.Sprintf("%s: the restricted standard refuses its pods: %s", w.Name, result.ForbiddenDetail()))
		}
	}
	return found
}

func container(c corev1.Container) []string {
	var found []string
	if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
		found = append(found, "can write to its root file system")
	}
	if c.ReadinessProbe == nil || c.LivenessProbe == nil || c.StartupProbe == nil {
		found = append(found, "lacks a probe of start, life or readiness")
	}
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if _, ok := c.Resources.Requests[resource]; !ok {
			found = append(found, "asks for no "+string(resource))
		}
		if _, ok := c.Resources.Limits[resource]; !ok {
			found = append(found, "has no limit of "+string(resource))
		}
	}
	return found
}

// unfounded are the volumes that a pod mounts and does not have.
func unfounded(w Workload) []string {
	has := slices.Clone(w.Claims)
	for _, v := range w.Template.Spec.Volumes {
		has = append(has, v.Name)
	}
	var found []string
	for _, c := range w.Template.Spec.Containers {
		for _, m := range c.VolumeMounts {
			if !slices.Contains(has, m.Name) {
				found = append(found, m.Name)
			}
		}
	}
	return found
}

// protected tells whether a disruption budget that allows one pod to go selects
// the pods of a workload.
func protected(objects []Object, w Workload) bool {
	return slices.ContainsFunc(Of[*policyv1.PodDisruptionBudget](objects), func(b *policyv1.PodDisruptionBudget) bool {
		return b.Spec.MaxUnavailable != nil && b.Spec.MaxUnavailable.IntValue() == 1 && selects(b.Spec.Selector, w.Template.Labels)
	})
}

// selects tells whether a selector takes pods of these labels. An empty one
// takes all; one that cannot be read takes none.
func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}
