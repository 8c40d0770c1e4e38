package k8s

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// Edge is a way that a packet may take inside a namespace.
type Edge struct{ From, To string }

// Edges are the ways that the network policies of a namespace leave open
// between its own workloads: both ends must agree. Ports are not looked at.
func Edges(objects []Object) []Edge {
	policies := Of[*networkingv1.NetworkPolicy](objects)
	workloads := Workloads(objects)
	var found []Edge
	for _, from := range workloads {
		for _, to := range workloads {
			if leaves(policies, from, to) && enters(policies, from, to) {
				found = append(found, Edge{from.Name, to.Name})
			}
		}
	}
	return found
}

func leaves(policies []*networkingv1.NetworkPolicy, from, to Workload) bool {
	barred := false
	for _, p := range policies {
		if !selects(&p.Spec.PodSelector, from.Template.Labels) || !slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
			continue
		}
		barred = true
		for _, rule := range p.Spec.Egress {
			if len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool { return meets(peer, to) }) {
				return true
			}
		}
	}
	return !barred
}

func enters(policies []*networkingv1.NetworkPolicy, from, to Workload) bool {
	barred := false
	for _, p := range policies {
		if !selects(&p.Spec.PodSelector, to.Template.Labels) || !slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
			continue
		}
		barred = true
		for _, rule := range p.Spec.Ingress {
			if len(rule.From) == 0 || slices.ContainsFunc(rule.From, func(peer networkingv1.NetworkPolicyPeer) bool { return meets(peer, from) }) {
				return true
			}
		}
	}
	return !barred
}

// meets tells whether a peer is a workload of the same namespace. A peer named
// by its namespace is another one's.
func meets(peer networkingv1.NetworkPolicyPeer, w Workload) bool {
	return peer.NamespaceSelector == nil && peer.PodSelector != nil && selects(peer.PodSelector, w.Template.Labels)
}

// Paths are the paths that an ingress sends to each service.
func Paths(objects []Object) (map[string]string, error) {
	found := map[string]string{}
	for _, ingress := range Of[*networkingv1.Ingress](objects) {
		for _, rule := range ingress.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				if other, twice := found[p.Path]; twice {
					return nil, fmt.Errorf("%s leads to %s and to %s", p.Path, other, p.Backend.Service.Name)
				}
				found[p.Path] = p.Backend.Service.Name
			}
		}
	}
	return found, nil
}
