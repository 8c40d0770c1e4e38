// Package conformance asks a server that speaks the EventStoreDB protocol whether
// it keeps the promises that code above it relies on. It asks through the official
// client and needs nothing but a connection string, so that the same questions go
// to the embedded node and to a real cluster.
//
// Each question is a [Check] with an id that stays. A check works on streams and
// groups of its own, whose names begin with a random prefix, and removes them when
// it is done: streams are soft-deleted (a few are tombstoned, since that is what is
// asked about), groups are deleted. Nothing else on the server is written, and of
// $all only the part is read that the checks have written themselves, or a bounded
// piece of its end.
package conformance
