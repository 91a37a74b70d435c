package serverapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/wire"
)

// route is one request that the API takes.
type route struct {
	method, path, summary string
	// request is nil where there is no body.
	request, response reflect.Type
	// keyed says that Idempotency-Key is honoured.
	keyed bool
	run   func(ctx context.Context, c call) (any, error)
}

// call is one request.
type call struct {
	// key is the Idempotency-Key; "" when there is none.
	key  string
	http *http.Request
	body []byte
}

// post registers a request with a body that changes something.
func post[Req, Res any](s *Server, path, summary string, run func(ctx context.Context, c call, req *Req) (Res, error)) {
	s.handle(route{
		method: http.MethodPost, path: path, summary: summary, keyed: true,
		request: reflect.TypeFor[Req](), response: reflect.TypeFor[Res](),
		run: func(ctx context.Context, c call) (any, error) {
			req, err := schema.Decode[Req](s.schema, arguments(c.body))
			if err != nil {
				return nil, err
			}
			if c.key == "" {
				return run(ctx, c, req)
			}
			return s.once(ctx, c, req, func(ctx context.Context) (any, error) { return run(ctx, c, req) })
		},
	})
}

// get registers a request without a body.
func get[Res any](s *Server, path, summary string, run func(ctx context.Context, c call) (Res, error)) {
	s.handle(route{
		method: http.MethodGet, path: path, summary: summary, response: reflect.TypeFor[Res](),
		run: func(ctx context.Context, c call) (any, error) { return run(ctx, c) },
	})
}

func arguments(body []byte) []json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	return []json.RawMessage{body}
}

// serve carries out one request, if its back end may, and answers it.
func (s *Server) serve(route route, w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	ctx, span := s.Tracer.Start(
		propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header)),
		route.method+" "+route.path, trace.WithSpanKind(trace.SpanKindServer),
	)
	defer span.End()
	answer, err := s.carryOut(route, w, r.WithContext(ctx))
	code := wire.Code("")
	if err != nil {
		code = s.refuse(w, route, err)
		span.SetStatus(codes.Error, string(code))
	} else {
		respond(w, http.StatusOK, answer)
	}
	s.metrics.request(route.path, code, time.Since(started))
}

func (s *Server) carryOut(route route, w http.ResponseWriter, r *http.Request) (answer any, err error) {
	if err := s.authorize(r); err != nil {
		return nil, err
	}
	if err := s.admit(1); err != nil {
		return nil, err
	}
	if err := s.Admit(route.method + " " + route.path); err != nil {
		return nil, err
	}
	c, err := readCall(route, w, r)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("a handler of the server API panicked", "path", route.path,
				"panic", panicText(p), "stack", string(debug.Stack()))
			err = wire.Refuse(wire.CodeInternal, "something went wrong on the server")
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	return route.run(ctx, c)
}

// panicText is what may be logged of a panic: its value could hold a payload.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}

// maxKey is how long an Idempotency-Key may be, in bytes.
const maxKey = 64

func readCall(route route, w http.ResponseWriter, r *http.Request) (call, error) {
	c := call{http: r, key: r.Header.Get("Idempotency-Key")}
	if len(c.key) > maxKey {
		return call{}, wire.Invalid("Idempotency-Key", fmt.Sprintf("may have at most %d characters", maxKey))
	}
	if route.request == nil {
		return c, nil
	}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return call{}, wire.Refuse(wire.CodePayloadTooLarge, fmt.Sprintf("a request may have %d bytes", maxBody))
	case err != nil:
		return call{}, wire.Invalid("", "the request broke off")
	}
	return c, nil
}

// admit takes units from the budget of this server.
func (s *Server) admit(units int) error {
	now := s.Now()
	r := s.rate.ReserveN(now, min(units, unitsBurst))
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	refusal := wire.Refuse(wire.CodeRateLimited, "too much at once for this server; wait before the next try")
	refusal.RetryAfterMs = max(wait.Milliseconds(), 1)
	return refusal
}
