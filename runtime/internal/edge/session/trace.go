package session

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/runtime/wire"
)

// trace begins the span of a request, if its session is traced. The span ends with the
// acknowledgement and has its code, or none when the request was granted.
func (s *Session) trace(ctx context.Context, r Request) (spanned context.Context, told func(wire.Code)) {
	if s.tracer == nil {
		return ctx, func(wire.Code) {}
	}
	ctx, span := s.tracer.Start(ctx, s.eventLabel(r.Event), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("anteroom.session", s.conn.ID()),
		attribute.Int("anteroom.request.size", r.Size),
	))
	return ctx, func(code wire.Code) {
		if code != "" {
			span.SetStatus(codes.Error, string(code))
		}
		span.End()
	}
}
