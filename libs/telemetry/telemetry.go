// Package telemetry sets up traces and metrics of a process, the standard way:
// metrics at /metrics for Prometheus, traces to an OTLP collector if the
// environment names one (OTEL_EXPORTER_OTLP_ENDPOINT). Trace ids are made in
// any case: they stand in every event and every problem.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// SetUp installs the process's telemetry under the name of its service. What it
// returns sends what is left and ends it.
func SetUp(ctx context.Context, name string) (func(context.Context) error, error) {
	about, err := resource.Merge(resource.Default(), resource.NewSchemaless(semconv.ServiceName(name)))
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	reader, err := prometheus.New()
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	options := []trace.TracerProviderOption{trace.WithResource(about)}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
		options = append(options, trace.WithBatcher(exporter))
	}
	metrics, traces := metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(about)), trace.NewTracerProvider(options...)
	otel.SetMeterProvider(metrics)
	otel.SetTracerProvider(traces)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return func(ctx context.Context) error { return errors.Join(traces.Shutdown(ctx), metrics.Shutdown(ctx)) }, nil
}
