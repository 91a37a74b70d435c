package podstatus

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// order is a pod's order until its report shows that the pod follows it.
type order struct {
	drain bool
	token string
}

// done reports whether a report shows that the order is complete, for a drain its end.
func (o *order) done(r *configv1.ServerStatus) bool {
	switch {
	case o == nil:
		return true
	case o.drain:
		return r.Drained
	}
	return !r.Draining
}

// Drain orders a pod to drain, with the token of its admin listener. It returns at once; the
// poller sends the order in the next round, and repeats it until the pod reports a drain.
func (p *Poller) Drain(pod *corev1.Pod, token string) {
	p.setOrder(pod, order{drain: true, token: token})
}

// Serve cancels a drain in the same way.
func (p *Poller) Serve(pod *corev1.Pod, token string) { p.setOrder(pod, order{token: token}) }

func (p *Poller) setOrder(pod *corev1.Pod, o order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.known[pod.UID]
	known.order = &o
	p.known[pod.UID] = known
}

// visit gets a pod's report, and sends the pod its order if the report does not match it.
func (p *Poller) visit(ctx context.Context, pod *corev1.Pod) (*configv1.ServerStatus, error) {
	base := p.o.URL(pod)
	report, err := p.fetch(ctx, base+configv1.StatusPath)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	o := p.known[pod.UID].order
	p.mu.Unlock()
	if o == nil || o.drain == report.Draining {
		return report, nil
	}
	if err := p.send(ctx, base+configv1.DrainPath, *o); err != nil {
		return report, nil //nolint:nilerr // the report is valid; the next round repeats the order
	}
	return p.fetch(ctx, base+configv1.StatusPath)
}

func (p *Poller) send(ctx context.Context, url string, o order) error {
	method := http.MethodDelete
	if o.drain {
		method = http.MethodPut
	}
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+o.token)
	answer, err := p.http.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // the status code is the whole answer
	if answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s answers %s", method, url, answer.Status)
	}
	return nil
}
