package bus_test

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traced records the spans of a test. Afterwards nobody records any: the provider
// that was there at first would go on handing everything to the first recorder.
func traced(t *testing.T) (*tracetest.SpanRecorder, trace.TracerProvider) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
	return spans, provider
}

func TestTraceGoesThroughTheLog(t *testing.T) {
	spans, provider := traced(t)
	log := newLog(t)
	pub := newPublisher(t, log, bus.PublisherConfig{})
	sub := newSubscriber(t, log, bus.SubscriberConfig{MinBackoff: time.Millisecond})
	ctx, root := provider.Tracer("test").Start(t.Context(), "request")
	if err := pub.Publish("orders", message.NewMessageWithContext(ctx, "1", []byte("x"))); err != nil {
		t.Fatal(err)
	}
	root.End()
	messages := subscribe(t.Context(), t, sub, "orders")
	var inside [2]trace.SpanContext
	for i, answer := range []func(*message.Message) bool{(*message.Message).Nack, (*message.Message).Ack} {
		m := receive(t, messages)
		inside[i] = trace.SpanContextFromContext(m.Context())
		answer(m)
		<-m.Context().Done()
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	byName := map[string][]sdktrace.ReadOnlySpan{}
	for _, span := range spans.Ended() {
		if span.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("span %q is of another trace", span.Name())
		}
		byName[span.Name()] = append(byName[span.Name()], span)
	}
	sent, handled := byName["publish orders"], byName["process orders"]
	if len(sent) != 1 || len(handled) != 2 {
		t.Fatalf("%d spans of publishing and %d of processing, want 1 and 2", len(sent), len(handled))
	}
	if sent[0].Parent().SpanID() != root.SpanContext().SpanID() {
		t.Error("publishing is not part of the request")
	}
	for i, span := range handled {
		if span.Parent().SpanID() != sent[0].SpanContext().SpanID() {
			t.Errorf("delivery %d is not caused by the publishing", i+1)
		}
		if span.SpanContext().SpanID() != inside[i].SpanID() {
			t.Errorf("delivery %d has another span in its context", i+1)
		}
	}
	if handled[0].Status().Code != codes.Error || handled[1].Status().Code == codes.Error {
		t.Errorf("the deliveries ended with %v and %v", handled[0].Status(), handled[1].Status())
	}
	if links := handled[1].Links(); len(links) != 1 || links[0].SpanContext.SpanID() != handled[0].SpanContext().SpanID() {
		t.Errorf("the second delivery links to %v", links)
	}
	if len(handled[0].Links()) != 0 {
		t.Error("the first delivery links to something")
	}
}

func TestTraceOfAServicesEventIsTakenUp(t *testing.T) {
	log := newLog(t)
	e := eventlog.Event{
		Type: "opened.v1", Data: []byte("{}"),
		Meta: []byte(`{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`),
	}
	if _, err := log.Append(t.Context(), "case-1", eventlog.Any, e); err != nil {
		t.Fatal(err)
	}
	m := receive(t, subscribe(t.Context(), t, newSubscriber(t, log, bus.SubscriberConfig{}), "case"))
	if got := trace.SpanContextFromContext(m.Context()).TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the trace is %s", got)
	}
}

func TestRedeliveryInAGroupLinksToTheDeliveryBefore(t *testing.T) {
	spans, _ := traced(t)
	log := newLog(t)
	publish(t, log, "orders", 1)
	sub := newPersistent(t, log, bus.PersistentConfig{NackDelay: soon})
	messages := subscribe(t.Context(), t, sub, "orders")
	for _, answer := range []func(*message.Message) bool{(*message.Message).Nack, (*message.Message).Ack} {
		m := receive(t, messages)
		answer(m)
		<-m.Context().Done()
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	var sent, handled []sdktrace.ReadOnlySpan
	for _, span := range spans.Ended() {
		switch span.Name() {
		case "publish orders":
			sent = append(sent, span)
		case "process orders":
			handled = append(handled, span)
		}
	}
	if len(sent) != 1 || len(handled) != 2 {
		t.Fatalf("%d spans of publishing and %d of processing, want 1 and 2", len(sent), len(handled))
	}
	for i, span := range handled {
		if span.Parent().SpanID() != sent[0].SpanContext().SpanID() {
			t.Errorf("delivery %d is not caused by the publishing", i+1)
		}
	}
	if handled[0].Status().Code != codes.Error || handled[1].Status().Code == codes.Error {
		t.Errorf("the deliveries ended with %v and %v", handled[0].Status(), handled[1].Status())
	}
	if links := handled[1].Links(); len(links) != 1 || links[0].SpanContext.SpanID() != handled[0].SpanContext().SpanID() {
		t.Errorf("the second delivery links to %v", links)
	}
}
