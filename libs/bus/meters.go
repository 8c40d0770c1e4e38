package bus

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/yuanlu/yuanlu/libs/bus"

// observeWithin bounds what one collection of metrics asks of the log.
const observeWithin = 2 * time.Second

// meters are the figures of one subscriber. Their only attribute is the name of
// the subscription, so that their number is that of the names.
type meters struct {
	by metric.MeasurementOption

	deliveries, redeliveries, acks, nacks, parks metric.Int64Counter
	handling                                     metric.Float64Histogram
	lag, parked                                  metric.Int64ObservableGauge
	age                                          metric.Float64ObservableGauge
	observing                                    metric.Registration
}

// gauges are what is observed when the metrics are collected; what is negative
// is not known.
type gauges struct {
	lag, parked int64
	age         float64 // seconds
}

// newMeters makes the instruments of a subscription. What goes wrong with them
// goes to OpenTelemetry's own handler and disturbs nothing: the instruments do
// nothing then.
func newMeters(name string, observe func(context.Context) gauges) *meters {
	meter := otel.Meter(scope)
	m := &meters{by: metric.WithAttributeSet(attribute.NewSet(attribute.String("subscription", name)))}
	counter := func(name, description string) metric.Int64Counter {
		c, err := meter.Int64Counter("yuanlu.bus."+name, metric.WithUnit("{message}"), metric.WithDescription(description))
		report(err)
		return c
	}
	m.deliveries = counter("deliveries", "messages handed to a handler")
	m.redeliveries = counter("redeliveries", "messages handed to a handler that had been delivered before")
	m.acks = counter("acks", "messages acknowledged")
	m.nacks = counter("nacks", "messages refused")
	m.parks = counter("parks", "messages set aside in the group's stream of parked messages")
	var err error
	m.handling, err = meter.Float64Histogram("yuanlu.bus.handling.duration", metric.WithUnit("s"),
		metric.WithDescription("from handing a message over to its answer"),
		metric.WithExplicitBucketBoundaries(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30))
	report(err)
	m.lag, err = meter.Int64ObservableGauge("yuanlu.bus.lag", metric.WithUnit("{position}"),
		metric.WithDescription("how far what has been processed is behind the end of the log; for a group on one stream, in events"))
	report(err)
	m.parked, err = meter.Int64ObservableGauge("yuanlu.bus.parked", metric.WithUnit("{message}"),
		metric.WithDescription("messages set aside and not yet given out again"))
	report(err)
	m.age, err = meter.Float64ObservableGauge("yuanlu.bus.checkpoint.age", metric.WithUnit("s"),
		metric.WithDescription("for how long there has been something to do or to save since the checkpoint was saved last"))
	report(err)
	m.observing, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, observeWithin)
		defer cancel()
		g := observe(ctx)
		if g.lag >= 0 {
			o.ObserveInt64(m.lag, g.lag, m.by)
		}
		if g.parked >= 0 {
			o.ObserveInt64(m.parked, g.parked, m.by)
		}
		if g.age >= 0 {
			o.ObserveFloat64(m.age, g.age, m.by)
		}
		return nil
	}, m.lag, m.parked, m.age)
	report(err)
	return m
}

func report(err error) {
	if err != nil {
		otel.Handle(err)
	}
}

// close ends the observing.
func (m *meters) close() {
	if m.observing != nil {
		report(m.observing.Unregister())
	}
}

// delivered counts a message that a consumer has taken.
func (m *meters) delivered(ctx context.Context, attempt int) {
	m.deliveries.Add(ctx, 1, m.by)
	if attempt > 1 {
		m.redeliveries.Add(ctx, 1, m.by)
	}
}

// answered counts what became of it.
func (m *meters) answered(ctx context.Context, v verdict, took time.Duration) {
	switch v {
	case acked:
		m.acks.Add(ctx, 1, m.by)
	case nacked:
		m.nacks.Add(ctx, 1, m.by)
	case ended:
		return
	}
	m.handling.Record(ctx, took.Seconds(), m.by)
}
