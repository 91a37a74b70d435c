package podstatus

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// newPoller returns a poller with a single pod, which answers at the URL.
func newPoller(t *testing.T, url string) (*Poller, *corev1.Pod) {
	t.Helper()
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace, pod.UID, pod.Labels = "arena-a", "games", "1", desired.ServerPodLabels()
	pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, "127.0.0.1"
	var pods client.Reader = fake.NewClientBuilder().WithObjects(pod).Build()
	return New(pods, Options{
		Tick: time.Hour, Interval: time.Hour, Timeout: time.Minute, Stale: time.Minute,
		URL: func(*corev1.Pod) string { return url },
	}), pod
}

// fakePod is a server's admin listener that drains on request.
type fakePod struct {
	mu       sync.Mutex
	draining bool
	refuse   int // so many requests are refused
	got      []string
}

// ServeHTTP implements http.Handler.
func (f *fakePod) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == configv1.StatusPath {
		_ = json.NewEncoder(w).Encode(configv1.ServerStatus{Draining: f.draining})
		return
	}
	f.got = append(f.got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
	if f.refuse--; f.refuse >= 0 {
		http.Error(w, "not yet", http.StatusServiceUnavailable)
		return
	}
	f.draining = r.Method == http.MethodPut
}

func TestPodsAreToldUntilTheyReportIt(t *testing.T) {
	fake := &fakePod{refuse: 1}
	server := httptest.NewServer(fake)
	defer server.Close()
	p, pod := newPoller(t, server.URL)
	round := func(draining bool, got ...string) {
		t.Helper()
		if err := p.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := p.Get(pod); r == nil || r.Draining != draining {
			t.Errorf("the report is %+v, want draining %v", r, draining)
		}
		if !slices.Equal(fake.got, got) {
			t.Errorf("the pod got the orders %q, want %q", fake.got, got)
		}
		fake.got = nil
	}
	round(false)
	p.Drain(pod, "secret")
	round(false, "PUT /drain Bearer secret") // refused
	round(true, "PUT /drain Bearer secret")
	round(true)
	p.Serve(pod, "secret")
	round(false, "DELETE /drain Bearer secret")
	round(false)
}

func TestFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the redirect was followed")
		_, _ = w.Write([]byte(`{"connections":7}`))
	}))
	defer elsewhere.Close()
	pod := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer pod.Close()
	p, known := newPoller(t, pod.URL)
	if err := p.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.Get(known); got != nil {
		t.Errorf("the report is %+v", got)
	}
}

func TestHasSyncedAfterAllWereAsked(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(`{"connections":7}`))
	}))
	defer pod.Close()
	p, known := newPoller(t, pod.URL)
	changes := p.Subscribe(Load)
	done := make(chan error, 1)
	go func() { done <- p.Start(t.Context()) }()
	<-asked
	if p.HasSynced() {
		t.Error("it has begun, and a pod has not answered yet")
	}
	close(answer)
	<-changes
	for deadline := time.Now().Add(10 * time.Second); !p.HasSynced(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never begins")
		}
	}
	if got := p.Get(known); got == nil || got.Connections != 7 {
		t.Errorf("the report is %+v", got)
	}
}

// A pod whose first answer was too slow has no report yet.
func TestHasSyncedNotAfterOneSilence(t *testing.T) {
	again, answer := make(chan struct{}), make(chan struct{})
	rounds := 0
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if rounds++; rounds == 1 {
			http.Error(w, "too slow", http.StatusServiceUnavailable)
			return
		}
		again <- struct{}{}
		<-answer
		_, _ = w.Write([]byte(`{"connections":7}`))
	}))
	defer pod.Close()
	p, known := newPoller(t, pod.URL)
	p.o.Tick = time.Millisecond
	changes := p.Subscribe(Load)
	go func() { _ = p.Start(t.Context()) }()
	<-again
	if p.HasSynced() {
		t.Error("it has begun, and the pod was silent but once")
	}
	close(answer)
	<-changes
	if got := p.Get(known); got == nil || got.Connections != 7 {
		t.Errorf("the report is %+v", got)
	}
}

func TestDiffer(t *testing.T) {
	was := configv1.ServerStatus{Connections: 1, PolicyRevision: "a", Ready: true}
	change := func(f func(*configv1.ServerStatus)) *configv1.ServerStatus {
		now := was
		f(&now)
		return &now
	}
	for name, tc := range map[string]struct {
		now                                *configv1.ServerStatus
		condition, revision, figures, load bool
	}{
		"nothing":     {&was, false, false, false, false},
		"no report":   {nil, true, true, true, true},
		"connections": {change(func(s *configv1.ServerStatus) { s.Connections++ }), false, false, false, true},
		"policies":    {change(func(s *configv1.ServerStatus) { s.PolicyRevision = "b" }), true, true, true, false},
		"draining":    {change(func(s *configv1.ServerStatus) { s.Draining = true }), true, false, false, false},
		"Redis":       {change(func(s *configv1.ServerStatus) { s.Redis.Error = "gone" }), true, false, false, false},
		"lobbies":     {change(func(s *configv1.ServerStatus) { s.Lobbies = map[string]int32{"duel": 2} }), false, false, true, false},
		"queues": {change(func(s *configv1.ServerStatus) {
			s.Queues = map[string]configv1.QueueStatus{"ranked": {Depth: 1}}
		}), false, false, true, false},
	} {
		if got := Condition(&was, tc.now); got != tc.condition {
			t.Errorf("%s: Condition got %v", name, got)
		}
		if got := Revision(&was, tc.now); got != tc.revision {
			t.Errorf("%s: Revision got %v", name, got)
		}
		if got := Figures(&was, tc.now); got != tc.figures {
			t.Errorf("%s: Figures got %v", name, got)
		}
		if got := Load(&was, tc.now); got != tc.load {
			t.Errorf("%s: Load got %v", name, got)
		}
	}
}
