package eventnode

import (
	"context"
	"errors"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Kinds of readers, for labels.
const (
	kindStream = "stream"
	kindAll    = "all"
	kindGroup  = "group"
)

// meters are the figures of one node, in a registry of its own. What labels can
// hold is known beforehand, but for the names of persistent subscriptions.
type meters struct {
	registry      *prometheus.Registry
	calls         *prometheus.CounterVec
	refused       *prometheus.CounterVec
	appends       *prometheus.CounterVec
	appendSeconds prometheus.Histogram
	roundAppends  prometheus.Histogram
	syncSeconds   prometheus.Histogram
	reads         *prometheus.CounterVec
	sent          *prometheus.CounterVec
	subscriptions *prometheus.GaugeVec
	backups       *prometheus.CounterVec
	backedUp      prometheus.Gauge
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func newMeters(n *Node) *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		calls:    counters("eventnode_calls_total", "gRPC calls that have ended, by method and code.", "method", "code"),
		refused:  counters("eventnode_refused_total", "Calls that were refused, by reason.", "reason"),
		appends:  counters("eventnode_appends_total", "Appends that were answered, by result; a repetition counts as written.", "result"),
		appendSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "eventnode_append_duration_seconds",
			Help:    "Time of an append from its first message to its answer, fsync included.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 15),
		}),
		roundAppends: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "eventnode_round_appends", Help: "Appends that shared one fsync.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
		syncSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "eventnode_fsync_duration_seconds", Help: "Time from handing a round to the engine to its being on disk.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16),
		}),
		reads: counters("eventnode_reads_total", "Reads that have begun, by what is read: a stream or all.", "of"),
		sent:  counters("eventnode_sent_events_total", "Events sent, by whether to a read or to which kind of subscription.", "to"),
		subscriptions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "eventnode_subscriptions", Help: "Subscriptions that are live, by kind.",
		}, []string{"kind"}),
		backups: counters("eventnode_backups_total", "Backups that have ended, by result.", "result"),
		backedUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "eventnode_last_backup_timestamp_seconds", Help: "End of the last whole backup since the start; 0: none.",
		}),
	}
	for _, kind := range []string{kindStream, kindAll, kindGroup} {
		m.subscriptions.WithLabelValues(kind)
	}
	for _, result := range []string{"written", "wrong_expected_version"} {
		m.appends.WithLabelValues(result)
	}
	m.registry.MustRegister(m.calls, m.refused, m.appends, m.appendSeconds, m.roundAppends, m.syncSeconds, m.reads, m.sent,
		m.subscriptions, m.backups, m.backedUp, newFigures(n),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// round counts the appends of one round and how long its fsync took.
func (m *meters) round(appends int, took time.Duration) {
	m.roundAppends.Observe(float64(appends))
	m.syncSeconds.Observe(took.Seconds())
}

// refuse counts a refusal by what the client is told.
func (m *meters) refuse(err error) {
	m.refused.WithLabelValues(reasonOf(err)).Inc()
}

// reasonOf is the name of the exception that a client is told, or of the code.
func reasonOf(err error) string {
	if f, ok := errors.AsType[*fault](err); ok {
		if names := f.trailer.Get("exception"); len(names) == 1 {
			return names[0]
		}
		return f.code.String()
	}
	return status.Code(err).String()
}

// ended counts a call. A client that goes away has not been refused.
func (m *meters) ended(method string, err error) {
	code := status.Code(err)
	m.calls.WithLabelValues(method, code.String()).Inc()
	if code != codes.OK && code != codes.Canceled && code != codes.DeadlineExceeded {
		m.refuse(err)
	}
}

// metersOfCall and metersOfStream count. They see what handlers have said, before
// it is turned into what the client is told.
func (n *Node) metersOfCall(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	resp, err := next(ctx, req)
	n.meters.ended(info.FullMethod, n.told(err))
	return resp, err
}

func (n *Node) metersOfStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	m := &metered{ServerStream: stream, meters: n.meters, began: time.Now()}
	err := next(srv, m)
	if m.live != nil {
		m.live.Dec()
	}
	n.meters.ended(info.FullMethod, n.told(err))
	return err
}

// told gives an error the code that the client will see, and keeps the error.
func (n *Node) told(err error) error {
	if _, ok := errors.AsType[*fault](err); ok {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	case errors.Is(err, ErrStorage):
		return status.Error(codes.Unavailable, "")
	}
	return err
}

// metered is a stream whose messages are counted.
type metered struct {
	grpc.ServerStream
	meters *meters
	began  time.Time
	sent   prometheus.Counter
	live   prometheus.Gauge
}

// RecvMsg receives the next message.
func (m *metered) RecvMsg(message any) error {
	err := m.ServerStream.RecvMsg(message)
	if err != nil || m.sent != nil {
		return err
	}
	switch req := message.(type) {
	case *streams.ReadReq:
		kind := kindStream
		if req.GetOptions().GetAll() != nil {
			kind = kindAll
		}
		if req.GetOptions().GetSubscription() == nil {
			m.meters.reads.WithLabelValues(kind).Inc()
			m.sent = m.meters.sent.WithLabelValues("read")
			return nil
		}
		m.follow(kind)
	case *persistent.ReadReq:
		m.follow(kindGroup)
	}
	return nil
}

// follow counts a subscription. One that is then refused is counted for so long.
func (m *metered) follow(kind string) {
	m.sent = m.meters.sent.WithLabelValues(kind)
	m.live = m.meters.subscriptions.WithLabelValues(kind)
	m.live.Inc()
}

// SendMsg sends the next message.
func (m *metered) SendMsg(message any) error {
	err := m.ServerStream.SendMsg(message)
	if err != nil {
		return err
	}
	switch resp := message.(type) {
	case *frame:
		switch {
		case resp.appended:
			m.meters.appends.WithLabelValues("written").Inc()
			m.meters.appendSeconds.Observe(time.Since(m.began).Seconds())
		case resp.event:
			m.sent.Inc()
		}
	case *persistent.ReadResp:
		if resp.GetEvent() != nil {
			m.sent.Inc()
		}
	case *streams.AppendResp:
		if resp.GetSuccess() == nil {
			m.meters.appends.WithLabelValues("wrong_expected_version").Inc()
			return nil
		}
		m.meters.appends.WithLabelValues("written").Inc()
		m.meters.appendSeconds.Observe(time.Since(m.began).Seconds())
	}
	return nil
}
