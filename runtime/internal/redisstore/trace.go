package redisstore

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// span begins a span within that of a request which is traced; others cost nothing
// more. end takes the error with which the operation returned.
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
			s.SetStatus(codes.Error, "") // its text may name streams, and so users
		}
		s.End()
	}
}
