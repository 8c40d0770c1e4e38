// Package eventnode is an event store in one process. It speaks the
// EventStoreDB gRPC protocol to the official Go client over an embedded storage
// engine, so that laptops, tests and small counties run the same code as a city
// with a cluster; only the connection string differs.
//
// An append is acknowledged only after its fsync, and concurrent appends share
// one (group commit). One goroutine assigns revisions, contiguous from 0 in each
// stream, and positions, rising by 1 over the whole log. Nobody sees an event
// before it is on disk. The log and its indexes are written in one batch, so
// that they always agree; [Check] proves it for a store that is not running.
//
// The way of an append: door (append.go, proposal.go) → writer (writer.go,
// carry.go, expect.go, batch.go) → commit (commit.go) → answer. The way of a read:
// door (read.go, subscribe.go) → reader (reader.go), always from storage by
// position. Events are stored as they are sent (record.go, wire.go, codec.go), so
// that a read copies and encodes nothing. A subscription holds no queue: it is told
// that there is more and reads it.
//
// It is a single node and says so: no replication. Without a certificate and
// users (tls.go, users.go, access.go) it listens on loopback addresses only.
// docs/eventnode.md lists what is not there, docs/eventnode-operations.md how it
// is run.
package eventnode
