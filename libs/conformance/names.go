package conformance

import (
	"context"
	"slices"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// allStream is how a group over everything names its source.
const allStream = "$all"

// names gives out the names of streams and groups, and remembers them.
type names struct {
	prefix  string
	mu      sync.Mutex
	streams []string
	groups  []groupName
}

type groupName struct{ stream, group string }

func newNames(prefix string) *names { return &names{prefix: prefix} }

func (n *names) stream(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	name = n.prefix + "-" + name
	if !slices.Contains(n.streams, name) {
		n.streams = append(n.streams, name)
	}
	return name
}

func (n *names) group(stream, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if g := (groupName{stream, name}); !slices.Contains(n.groups, g) {
		n.groups = append(n.groups, g)
	}
}

// refused takes back a group that was not created. One of which nobody knows
// whether it was stays, to be removed.
func (n *names) refused(stream, name string, err error) {
	if c := codeOf(err); c != esdb.ErrorCodeAccessDenied && c != esdb.ErrorCodeUnauthenticated {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups = slices.DeleteFunc(n.groups, func(g groupName) bool { return g == groupName{stream, name} })
}

func (n *names) all() ([]string, []groupName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.streams), slices.Clone(n.groups)
}

// remove removes what the checks have made, also after ctx has ended. What is not
// there any more is as good as removed.
func (r *run) remove(parent context.Context) {
	streams, groups := r.names.all()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), removalTimeout)
	defer cancel()
	done := make(chan []string, 1)
	go func() {
		var left []string
		for _, g := range groups {
			if r.options.Keep || !gone(removeGroup(ctx, r.client, g)) {
				left = append(left, g.stream+"::"+g.group)
			}
		}
		for _, name := range streams {
			if r.options.Keep {
				left = append(left, name)
				continue
			}
			if !r.removeStream(ctx, name) {
				left = append(left, name)
			}
		}
		done <- left
	}()
	select {
	case r.report.Left = <-done:
	case <-ctx.Done():
		r.report.Left = append(streams, "(the server did not answer)")
	}
}

func removeGroup(ctx context.Context, client *esdb.Client, g groupName) error {
	o := esdb.DeletePersistentSubscriptionOptions{}
	if g.stream == allStream {
		return client.DeletePersistentSubscriptionToAll(ctx, g.group, o)
	}
	return client.DeletePersistentSubscription(ctx, g.stream, g.group, o)
}

// removeStream says whether there is nothing left to read. Most streams are
// there; a deletion of those that are not is refused in ways that differ.
func (r *run) removeStream(ctx context.Context, name string) bool {
	_, err := r.client.DeleteStream(ctx, name, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	if gone(err) {
		return true
	}
	found, err := r.client.ReadStream(ctx, name, esdb.ReadStreamOptions{}, 1)
	_, err = drained(found, err)
	return err != nil && gone(err)
}

// gone says whether what was to be removed is not there.
func gone(err error) bool {
	code := codeOf(err)
	return err == nil || code == esdb.ErrorCodeResourceNotFound || code == esdb.ErrorCodeStreamDeleted
}
