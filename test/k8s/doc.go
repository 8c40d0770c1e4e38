// Package k8s checks what a city is deployed from: it builds each overlay as
// kubectl does, decodes every object strictly, as an API server would, and asks
// of the result what the house promises. The compose file and the rules for
// alerts are held to the same.
//
// No cluster and no container engine takes part: what is checked here is the
// text, not that it runs.
package k8s
