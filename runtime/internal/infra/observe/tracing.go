package observe

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.26.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// instrumentation is the spans' instrumentation scope.
const instrumentation = "github.com/anteroom/anteroom/runtime"

// Tracing sends spans to a collector. At most 2,048 spans wait; more are dropped, also
// while the collector does not answer. Spans carry event names, stream kinds, codes and
// session ids, but neither users nor payloads. A nil Tracing traces nothing.
type Tracing struct {
	ratio     float64
	processor sdktrace.SpanProcessor
	// sessions samples every request, requests samples by the ratio.
	sessions, requests *sdktrace.TracerProvider
}

// NewTracing makes a Tracing without connecting yet; nil options return a nil Tracing.
func NewTracing(ctx context.Context, o *v1alpha1.Tracing, cluster v1alpha1.ClusterRef, version, pod string, log *slog.Logger) (*Tracing, error) {
	if o == nil {
		return nil, nil //nolint:nilnil // no tracing is no error
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(o.Endpoint))
	if err != nil {
		return nil, fmt.Errorf("tracing to %s: %w", o.Endpoint, err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("spans not exported; they are dropped", "error", err) }))
	of := resource.NewSchemaless(
		semconv.ServiceName("anteroom"), semconv.ServiceVersion(version), semconv.ServiceInstanceID(pod),
		semconv.K8SNamespaceName(cluster.Namespace), attribute.String("anteroom.cluster", cluster.Name),
	)
	t := &Tracing{ratio: o.Ratio, processor: sdktrace.NewBatchSpanProcessor(exporter)}
	t.sessions = t.provider(of, sdktrace.AlwaysSample())
	t.requests = t.provider(of, sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio)))
	return t, nil
}

func (t *Tracing) provider(of *resource.Resource, sampler sdktrace.Sampler) *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(t.processor), sdktrace.WithResource(of), sdktrace.WithSampler(sampler),
	)
}

// Session returns the tracer of a new session's requests; nil for a session that is not
// sampled.
func (t *Tracing) Session() trace.Tracer {
	if t == nil || rand.Float64() >= t.ratio { //nolint:gosec // a sample is no secret
		return nil
	}
	return t.sessions.Tracer(instrumentation)
}

// Requests returns the tracer of other back ends' requests. It samples by the ratio, or as
// the parent span does. A nil Tracing returns nil.
func (t *Tracing) Requests() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.requests.Tracer(instrumentation)
}

// Close exports the waiting spans, until ctx ends.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.processor.Shutdown(ctx)
}
