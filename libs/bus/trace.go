package bus

import (
	"context"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// tracing carries a trace through the log: the W3C traceparent of the
// publisher is a member of the event's metadata, under the same name that the
// events of the services use.
type tracing struct {
	tracer trace.Tracer
	format propagation.TraceContext
}

func newTracing() tracing {
	return tracing{tracer: otel.Tracer(scope)}
}

// publishing starts the span of a Publish. A context without a trace goes on
// with the one that the first message was received with.
func (t tracing) publishing(ctx context.Context, topic string, messages []*message.Message) (context.Context, func(error)) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = t.format.Extract(ctx, propagation.MapCarrier(messages[0].Metadata))
	}
	ctx, span := t.tracer.Start(ctx, "publish "+topic,
		trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(
			attribute.String("messaging.system", "eventstoredb"),
			attribute.String("messaging.operation.type", "send"),
			attribute.String("messaging.destination.name", topic),
			attribute.Int("messaging.batch.message_count", len(messages)),
		))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "not stored")
		}
		span.End()
	}
}

// inject writes the trace of the context into metadata to be stored.
func (t tracing) inject(ctx context.Context, metadata map[string]string) {
	t.format.Inject(ctx, propagation.MapCarrier(metadata))
}

// processing starts the span of one delivery within the trace of the event's
// writer. A redelivery links to the delivery before it.
func (t tracing) processing(ctx context.Context, topic string, r eventlog.Recorded, metadata message.Metadata, before trace.SpanContext) (context.Context, trace.Span) {
	ctx = t.format.Extract(ctx, propagation.MapCarrier(metadata))
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", "eventstoredb"),
			attribute.String("messaging.operation.type", "process"),
			attribute.String("messaging.destination.name", topic),
			attribute.String("messaging.message.id", r.ID.String()),
			attribute.String("yuanlu.event.type", r.Type),
		),
	}
	if before.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: before}))
	}
	return t.tracer.Start(ctx, "process "+topic, options...)
}

// processed ends the span of a delivery.
func processed(span trace.Span, v verdict) {
	switch v {
	case acked: // nothing went wrong
	case nacked:
		span.SetStatus(codes.Error, "not acknowledged")
	case ended:
		span.SetStatus(codes.Error, "the subscription ended first")
	}
	span.End()
}
