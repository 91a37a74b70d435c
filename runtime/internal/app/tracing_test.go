package app

import (
	"context"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// spans is a collector that keeps what it gets.
type spans struct {
	collector.UnimplementedTraceServiceServer
	mu  sync.Mutex
	all []*tracev1.Span
}

// Export implements collector.TraceServiceServer.
func (s *spans) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range r.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			s.all = append(s.all, scope.Spans...)
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// named finds a span by its name and the id of its parent; nil when it has not come.
func (s *spans) named(name string, parent []byte) *tracev1.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range s.all {
		if span.Name == name && string(span.ParentSpanId) == string(parent) {
			return span
		}
	}
	return nil
}

// collect runs a collector and traces a share of the connections to it.
func collect(t *testing.T, ratio float64) (*spans, func(*v1alpha1.RuntimeConfig)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, server := &spans{}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s, func(c *v1alpha1.RuntimeConfig) {
		c.Observability.Tracing = &v1alpha1.Tracing{Endpoint: "http://" + listener.Addr().String(), Ratio: ratio}
	}
}

func TestRequestsAreTraced(t *testing.T) {
	got, tracing := collect(t, 1)
	r := startReady(t, tracing, "duel")
	ada, id := r.user("ada")
	if a := ada.ask("lobby:create", map[string]any{"type": "duel"}); !a.OK {
		t.Fatal(a.Error)
	}
	ada.ask("lobby:get", map[string]any{"lobbyId": "none"})
	r.stop() // what waits is sent at the latest now
	r.until("traced", func() bool { return got.named("lobby:get", nil) != nil })

	create := got.named("lobby:create", nil)
	if create == nil || create.Status.GetCode() == tracev1.Status_STATUS_CODE_ERROR {
		t.Fatalf("the request's span is %v", create)
	}
	if commit := got.named("commit", create.SpanId); commit == nil {
		t.Error("the commit is not a part of the request")
	}
	if status := got.named("lobby:get", nil).Status; status.GetCode() != tracev1.Status_STATUS_CODE_ERROR {
		t.Errorf("the refusal's status is %v", status)
	}
	for _, span := range got.all {
		if strings.Contains(span.String(), id) {
			t.Errorf("a span names the user: %v", span)
		}
	}
}

// TestATraceOfABackEndGoesOn: its requests are traced because it says so, though none
// would be by the ratio; sessions are not.
func TestATraceOfABackEndGoesOn(t *testing.T) {
	got, tracing := collect(t, 0)
	api := withAPI(t)
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) { api(c); tracing(c) }, "duel")
	ada, id := r.user("ada")
	ada.ask("lobby:create", map[string]any{"type": "duel"})

	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	body := `{"target":{"user":"` + id + `"},"event":"game:one","data":{}}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.api+"/v1/events", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer secret")
	request.Header.Set("traceparent", "00-"+trace+"-"+parent+"-01")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	r.stop()
	above, _ := hex.DecodeString(parent)
	r.until("traced", func() bool { return got.named("POST /v1/events", above) != nil })
	if span := got.named("POST /v1/events", above); hex.EncodeToString(span.TraceId) != trace {
		t.Errorf("the span belongs to trace %x", span.TraceId)
	}
	if span := got.named("lobby:create", nil); span != nil {
		t.Errorf("a session was traced with ratio 0: %v", span)
	}
}
