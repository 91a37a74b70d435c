// Package podstatus polls the status of server pods in the background, so that no reconcile waits
// for a pod.
package podstatus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

const (
	// maxBody bounds a report, in bytes; a longer report is cut and does not parse.
	maxBody = 512 << 10
	// atOnce bounds the number of concurrent requests.
	atOnce = 32
	// subscriberBuffer bounds the changes that wait for a controller.
	subscriberBuffer = 1024
)

// Options are the intervals and time-outs of a Poller.
type Options struct {
	// Tick is the interval of the poller's rounds; a pod that does not apply the newest policies
	// yet is polled in each round.
	Tick time.Duration
	// Interval is the polling interval of a pod that applies the newest policies.
	Interval time.Duration
	// Timeout bounds a request.
	Timeout time.Duration
	// Stale is the age from which the last report is invalid.
	Stale time.Duration
	// URL returns the base URL of a pod's admin listener.
	URL func(*corev1.Pod) string
}

// DefaultOptions returns the options for a real cluster.
func DefaultOptions() Options {
	return Options{Tick: time.Second, Interval: 5 * time.Second, Timeout: 2 * time.Second, Stale: 20 * time.Second, URL: adminURL}
}

func adminURL(pod *corev1.Pod) string {
	return "http://" + net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(desired.PortAdmin))
}

// Poller holds the last report of each server pod.
type Poller struct {
	pods client.Reader
	http *http.Client
	o    Options

	mu          sync.Mutex
	known       map[types.UID]entry
	begun       bool
	subscribers []subscriber
}

// Differ reports whether two reports of a pod, either of which may be nil, differ in a field that
// affects a status.
type Differ func(a, b *configv1.ServerStatus) bool

// subscriber receives the clusters of pods whose reports differ.
type subscriber struct {
	differ Differ
	events chan event.GenericEvent
}

// entry is the state of a pod in the poller.
type entry struct {
	asked    time.Time
	answered time.Time
	report   *configv1.ServerStatus
	// order is the pod's current order; nil for none.
	order *order
}

// New returns a poller that lists pods through the reader, which should be a cache.
func New(pods client.Reader, o Options) *Poller {
	return &Poller{pods: pods, o: o, known: map[types.UID]entry{}, http: newHTTP(o)}
}

// newHTTP returns a client without proxies and redirects, because any user who may create pods
// chooses the polled address.
func newHTTP(o Options) *http.Client {
	return &http.Client{
		Timeout:       o.Timeout,
		Transport:     &http.Transport{MaxIdleConns: atOnce, IdleConnTimeout: 2 * o.Interval},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// NeedLeaderElection restricts polling to the leader.
func (p *Poller) NeedLeaderElection() bool { return true }

// Get returns a pod's last report; nil when there is no valid report.
func (p *Poller) Get(pod *corev1.Pod) *configv1.ServerStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[pod.UID].report
}

// HasSynced reports whether every pod that existed when the poller started has answered, or was
// polled twice.
func (p *Poller) HasSynced() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

// Subscribe returns a channel that gets the RealtimeCluster, by name only, of each pod whose report
// changed according to differ. The caller must read the channel.
func (p *Poller) Subscribe(differ Differ) <-chan event.GenericEvent {
	s := subscriber{differ: differ, events: make(chan event.GenericEvent, subscriberBuffer)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers = append(p.subscribers, s)
	return s.events
}

// Start polls pods until ctx ends.
func (p *Poller) Start(ctx context.Context) error {
	tick := time.NewTicker(p.o.Tick)
	defer tick.Stop()
	for again := false; ; again = true {
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		p.mu.Lock()
		p.begun = again || p.allAnswered()
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// allAnswered reports whether all polled pods have answered. The caller holds the lock.
func (p *Poller) allAnswered() bool {
	for _, known := range p.known {
		if known.report == nil {
			return false
		}
	}
	return true
}

// round polls the pods that are due and drops deleted pods.
func (p *Poller) round(ctx context.Context) error {
	var list corev1.PodList
	if err := p.pods.List(ctx, &list, client.MatchingLabels(desired.ServerPodLabels())); err != nil {
		return fmt.Errorf("list server pods: %w", err)
	}
	due := p.due(list.Items, time.Now())
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i := range due {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			p.ask(ctx, due[i])
		})
	}
	running.Wait()
	return nil
}

// due returns the pods to poll in this round.
func (p *Poller) due(pods []corev1.Pod, now time.Time) []*corev1.Pod {
	p.mu.Lock()
	defer p.mu.Unlock()
	there := map[types.UID]bool{}
	var due []*corev1.Pod
	for i := range pods {
		pod := &pods[i]
		there[pod.UID] = true
		if pod.Status.PodIP == "" || pod.Status.Phase != corev1.PodRunning {
			continue
		}
		known := p.known[pod.UID]
		settled := known.report != nil && known.report.PolicyRevision == pod.Annotations[desired.AnnotationPolicyRevision] &&
			known.order.done(known.report)
		if !settled || now.Sub(known.asked) >= p.o.Interval {
			known.asked = now
			p.known[pod.UID] = known
			due = append(due, pod)
		}
	}
	for uid := range p.known {
		if !there[uid] {
			delete(p.known, uid)
		}
	}
	return due
}

// ask polls a pod and notifies the subscribers of a changed report.
func (p *Poller) ask(ctx context.Context, pod *corev1.Pod) {
	report, err := p.visit(ctx, pod)
	p.mu.Lock()
	known := p.known[pod.UID]
	old := known.report
	switch {
	case err == nil:
		known.report, known.answered = report, time.Now()
	case time.Since(known.answered) > p.o.Stale:
		known.report = nil
	}
	p.known[pod.UID] = known
	subscribers := p.subscribers
	p.mu.Unlock()
	for _, s := range subscribers {
		if !s.differ(old, known.report) {
			continue
		}
		select {
		case s.events <- clusterOf(pod):
		case <-ctx.Done():
			return
		}
	}
}

func (p *Poller) fetch(ctx context.Context, url string) (*configv1.ServerStatus, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := p.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // the body has been read up to its bound
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil {
		return nil, err
	}
	var report configv1.ServerStatus
	return &report, json.Unmarshal(body, &report)
}

// Condition reports a change that may affect a condition of the cluster.
func Condition(a, b *configv1.ServerStatus) bool {
	if a == nil || b == nil {
		return a != b
	}
	return a.PolicyRevision != b.PolicyRevision || a.Redis != b.Redis || a.Ready != b.Ready || a.Draining != b.Draining || a.Drained != b.Drained
}

// Revision reports a change of the policies that the pod applies.
func Revision(a, b *configv1.ServerStatus) bool {
	if a == nil || b == nil {
		return a != b
	}
	return a.PolicyRevision != b.PolicyRevision
}

// Figures reports a change that may affect the status of policies and queues: the policies that the
// pod applies, or its counts.
func Figures(a, b *configv1.ServerStatus) bool {
	return Revision(a, b) || a != nil && b != nil && (!maps.Equal(a.Lobbies, b.Lobbies) || !maps.Equal(a.Queues, b.Queues))
}

// Load reports a change of the number of connections, which changes all the time.
func Load(a, b *configv1.ServerStatus) bool {
	if a == nil || b == nil {
		return a != b
	}
	return a.Connections != b.Connections
}

func clusterOf(pod *corev1.Pod) event.GenericEvent {
	return event.GenericEvent{Object: &v1alpha1.RealtimeCluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: pod.Namespace, Name: desired.ClusterName(pod),
	}}}
}
