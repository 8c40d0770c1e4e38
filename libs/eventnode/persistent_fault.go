package eventnode

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// groupFault is a refusal that names a group.
func groupFault(code codes.Code, exception, stream, group, text string) error {
	return &fault{
		code: code,
		text: text,
		trailer: metadata.Pairs("exception", exception,
			"stream-name", printable(stream), "group-name", printable(group)),
	}
}

func groupExists(stream, group string) error {
	return groupFault(codes.AlreadyExists, "persistent-subscription-exists", stream, group,
		"the persistent subscription exists already")
}

func groupMissing(stream, group string) error {
	return groupFault(codes.NotFound, "persistent-subscription-does-not-exist", stream, group,
		"the persistent subscription does not exist")
}

func groupFull(stream, group string) error {
	return groupFault(codes.FailedPrecondition, "maximum-subscribers-reached", stream, group,
		"the persistent subscription has as many consumers as it may have")
}

func groupDropped(stream, group string) error {
	return groupFault(codes.Canceled, "persistent-subscription-dropped", stream, group,
		"the persistent subscription was updated, deleted or restarted")
}

func groupFailed(stream, group, reason string) error {
	return &fault{
		code: codes.Internal,
		text: "the persistent subscription cannot be made so: " + reason,
		trailer: metadata.Pairs("exception", "persistent-subscription-failed",
			"stream-name", printable(stream), "group-name", printable(group), "reason", printable(reason)),
	}
}
