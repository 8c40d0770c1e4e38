package eventnode

import (
	"encoding/json"
	"slices"
	"strings"
)

// streamAll is the name under which the access list of the whole log is kept, and
// in access lists the group that every user is in.
const streamAll = "$all"

// right is what a user may do with a stream or with the node.
type right int

const (
	rightAdmin   right = iota // what is not said below
	rightOperate              // manage persistent subscriptions, scavenge
	rightKnow                 // look at persistent subscriptions
	rightMonitor              // read /metrics
	rightRead
	rightWrite
	rightDelete
)

// permit says whether a user has what a call needs.
func (n *Node) permit(u user, wanted need) error {
	switch {
	case u.in(GroupAdmins):
		return nil
	case wanted.right == rightMonitor && (u.in(GroupMonitors) || u.in(GroupOps)):
		return nil
	case len(u.groups) == 1 && u.in(GroupMonitors):
		return denied()
	case wanted.right == rightOperate && u.in(GroupOps), wanted.right == rightKnow:
		return nil
	case wanted.right < rightRead:
		return denied()
	}
	return n.permitStream(u, wanted)
}

// permitStream asks the access list of the stream, or of the stream that a
// metastream belongs to. Without one, $-streams and $all are for administrators
// and all other streams for every user.
func (n *Node) permitStream(u user, wanted need) error {
	owner, meta := strings.CutPrefix(wanted.stream, metastreamPrefix)
	field := map[right]string{rightRead: "$r", rightWrite: "$w", rightDelete: "$d"}[wanted.right]
	if meta {
		field = map[right]string{rightRead: "$mr", rightWrite: "$mw", rightDelete: "$mw"}[wanted.right]
	}
	bound, _ := n.store.tail.load()
	text, err := metadataText(n.store.engine(), owner, bound)
	if err != nil {
		return err
	}
	list, listed := parseAccess(text)
	members, named := list[field]
	switch {
	case named:
		if slices.Contains(members, streamAll) || slices.Contains(members, u.name) || slices.ContainsFunc(members, u.in) {
			return nil
		}
	case strings.HasPrefix(owner, "$"):
	case !listed, field != "$mw": // who is listed for nothing may not change the list
		return nil
	}
	return denied()
}

// accessList has the names of users and groups for each right.
type accessList map[string][]string

// parseAccess reads the $acl of a stream's metadata. One that makes no sense
// lists nobody.
func parseAccess(metadata []byte) (list accessList, listed bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(metadata, &fields) != nil || fields["$acl"] == nil {
		return nil, false
	}
	list = make(accessList)
	var rights map[string]json.RawMessage
	sense := json.Unmarshal(fields["$acl"], &rights) == nil
	for _, field := range []string{"$r", "$w", "$d", "$mr", "$mw"} {
		if raw, named := rights[field]; named || !sense {
			list[field] = parseMembers(raw)
		}
	}
	return list, true
}

// parseMembers reads one name or a list of names.
func parseMembers(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return []string{}
	}
	return many
}
