package redisstore

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// span begins a span under a traced request's span, and does nothing for other requests.
// end takes the error of the operation.
func span(ctx context.Context, operation string, id stream.ID) (spanned context.Context, end func(*error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, func(*error) {}
	}
	ctx, s := parent.TracerProvider().Tracer("github.com/anteroom/anteroom/runtime").Start(ctx, operation,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("db.system.name", "redis"), attribute.String("anteroom.stream.kind", id.Kind()),
		))
	return ctx, func(err *error) {
		if *err != nil {
			s.SetStatus(codes.Error, "") // an error's text may contain stream names, and so user ids
		}
		s.End()
	}
}
