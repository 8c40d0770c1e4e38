package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
)

// connect makes an official client. It logs nothing.
func connect(p *host.Process) (*esdb.Client, error) {
	conf, err := esdb.ParseConnectionString(p.Endpoint)
	if err != nil {
		return nil, err
	}
	conf.Logger = esdb.NoopLogging()
	return esdb.NewClient(conf)
}

// proposal is an event in the client's words, with an id of its own.
func proposal(e payload.Event) esdb.EventData {
	return esdb.EventData{
		EventID: uuid.New(), EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: e.Meta,
	}
}

// write makes a durable write of a writer and returns when it is answered.
type write func(ctx context.Context, writer int) error

// clientWrites appends through the official client: each writer to a stream of
// its own, and always at the revision that it expects, as the kernel does.
func clientWrites(client *esdb.Client, events []payload.Event, writers, batch int) write {
	type writer struct {
		stream   string
		expected esdb.ExpectedRevision
		next     int
	}
	all := make([]writer, writers)
	for w := range all {
		all[w] = writer{"stop-" + uuid.NewString(), esdb.NoStream{}, w * 17}
	}
	return func(ctx context.Context, w int) error {
		me := &all[w]
		proposed := make([]esdb.EventData, batch)
		for n := range proposed {
			proposed[n] = proposal(events[me.next%len(events)])
			me.next++
		}
		written, err := client.AppendToStream(ctx, me.stream, esdb.AppendToStreamOptions{ExpectedRevision: me.expected}, proposed...)
		if err != nil {
			return err
		}
		me.expected = esdb.Revision(written.NextExpectedVersion)
		return nil
	}
}

// postgresConnections is how many connections 256 writers share; a server takes
// 100 unless it is told otherwise.
const postgresConnections = 64

// table is the least that a log in a table needs.
const table = `create table if not exists events (
	stream text not null, revision bigint not null, payload bytea not null, primary key (stream, revision))`

// postgresWrites inserts one row per transaction.
func postgresWrites(ctx context.Context, p *host.Process, events []payload.Event, writers int) (write, func(), error) {
	// A channel of connections, so that a writer without one waits.
	pool := make(chan *pgx.Conn, min(writers, postgresConnections))
	stop := func() {
		for range len(pool) {
			_ = (<-pool).Close(context.WithoutCancel(ctx)) // the server is about to be removed
		}
	}
	for range cap(pool) {
		conn, err := pgx.Connect(ctx, p.Endpoint)
		if err == nil && len(pool) == 0 {
			_, err = conn.Exec(ctx, table)
		}
		if err != nil {
			stop()
			return nil, nil, err
		}
		pool <- conn
	}
	type writer struct {
		stream   string
		revision int64
		rows     [][]byte
	}
	all := make([]writer, writers)
	rows := make([][]byte, len(events))
	for n, e := range events {
		rows[n] = append(append([]byte(nil), e.Data...), e.Meta...)
	}
	for w := range all {
		all[w] = writer{stream: "stop-" + uuid.NewString(), rows: rows}
	}
	return func(ctx context.Context, w int) error {
		me := &all[w]
		conn := <-pool
		defer func() { pool <- conn }()
		_, err := conn.Exec(ctx, "insert into events (stream, revision, payload) values ($1, $2, $3)",
			me.stream, me.revision, me.rows[int(me.revision)%len(me.rows)])
		me.revision++
		return err
	}, stop, nil
}

// jetStreamWrites publishes with an acknowledgement for each message.
func jetStreamWrites(ctx context.Context, p *host.Process, events []payload.Event, writers int) (write, func(), error) {
	conn, err := nats.Connect(p.Endpoint)
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: "BENCH", Subjects: []string{"bench.>"}, Storage: jetstream.FileStorage, MaxBytes: -1, MaxMsgs: -1,
		})
	}
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("JetStream: %w", err)
	}
	subjects := make([]string, writers)
	for w := range subjects {
		subjects[w] = "bench." + uuid.NewString()
	}
	var sent atomic.Uint64
	return func(ctx context.Context, w int) error {
		e := events[sent.Add(1)%uint64(len(events))]
		ack, err := js.Publish(ctx, subjects[w], append(append([]byte(nil), e.Data...), e.Meta...))
		if err == nil && ack.Sequence == 0 {
			err = errors.New("a message without a place in its stream")
		}
		return err
	}, conn.Close, nil
}
