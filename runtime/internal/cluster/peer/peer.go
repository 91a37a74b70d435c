// Package peer lets the pods of a cluster know each other through leases in the store. It
// forwards requests to the pod that has their session. When a pod dies, its sessions stay
// open in the domains; after its lease has expired, any other pod closes them.
package peer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

// Session is a registered session: what another pod needs to close it.
type Session struct {
	ID     string
	UserID string
}

// Registry keeps the leases of pods and the sessions of each pod. Times are by the store's
// clock. Errors wrap stream.ErrUnavailable.
type Registry interface {
	// Renew extends the pod's lease by ttl. unknown says that the pod is new, or that its
	// lease had expired and other pods have closed, or are closing, its sessions. A swept
	// pod is reported unknown again after the sweep has ended.
	Renew(ctx context.Context, pod string, ttl time.Duration) (unknown bool, err error)
	// Add registers sessions of a pod.
	Add(ctx context.Context, pod string, sessions ...Session) error
	// Remove unregisters sessions of a pod.
	Remove(ctx context.Context, pod string, sessions ...string) error
	// Swept ends a sweep step: it unregisters the closed sessions, and allows the next step
	// at once. If the pod has renewed its lease since, its sessions stay registered.
	Swept(ctx context.Context, pod string, sessions ...string) error
	// Lapsed takes over one pod with an expired lease and returns up to limit of its
	// sessions. For the time of hold, no other caller gets that pod. pod is "" when there
	// is none. A pod without sessions is removed.
	Lapsed(ctx context.Context, limit int, hold time.Duration) (pod string, sessions []Session, err error)
	// Leave ends the pod's lease, so that its remaining sessions are swept at once.
	Leave(ctx context.Context, pod string) error
}

// Options are the options of a [Lease].
type Options struct {
	// Pod is unique among all live and earlier pods: a new process is a new pod.
	Pod string
	// Interval is the time between renewals, TTL the duration of a lease, at least twice
	// the interval.
	Interval, TTL time.Duration
	// Live returns the current sessions of this pod.
	Live func() []Session
	// Gone closes a session of an expired pod. After an error, a later sweep calls it
	// again. It may be called twice for a session, so it must be idempotent.
	Gone func(ctx context.Context, s Session) error
	// Returned opens this pod's sessions again that other pods have closed, because this
	// pod's lease had expired although it lives.
	Returned func(ctx context.Context, sessions []Session)
	Log      *slog.Logger
}

// sweepBatch bounds the sessions of one sweep step.
const sweepBatch = 200

// Lease renews this pod's lease and sweeps the pods with expired leases.
type Lease struct {
	registry Registry
	Options
	// listed says that the registry has all sessions of this pod; known that it had them
	// once.
	listed, known bool
	// sure is the start of the last successful renewal.
	sure time.Time
}

// New makes a Lease; Run starts it.
func New(registry Registry, o Options) *Lease {
	return &Lease{registry: registry, Options: o}
}

// Run renews and sweeps until ctx ends, and then ends the lease. Another pod closes the
// sessions that are still on this pod.
func (l *Lease) Run(ctx context.Context) {
	for ctx.Err() == nil {
		l.renew(ctx)
		l.sweep(ctx)
		pause(ctx, l.jittered())
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := l.registry.Leave(end, l.Pod); err != nil {
		l.Log.Warn("pod lease not ended; it will expire", "error", err)
	}
}

// renew extends the lease. When the registry does not know the pod, the pod registers all
// its sessions; if it was known before, other pods may have closed them. A reply that
// reported it unknown may have been lost, so renew also does this after more than TTL
// without a reply.
func (l *Lease) renew(ctx context.Context) {
	began := time.Now()
	unknown, err := l.registry.Renew(ctx, l.Pod, l.TTL)
	if err != nil {
		l.Log.Warn("pod lease not renewed; will retry", "error", err)
		return
	}
	if unknown || time.Since(l.sure) > l.TTL {
		l.listed = false
	}
	l.sure = began
	if l.listed {
		return
	}
	live := l.Live()
	for batch := range slices.Chunk(live, sweepBatch) {
		if err := l.registry.Add(ctx, l.Pod, batch...); err != nil {
			l.Log.Warn("sessions not registered; will retry", "error", err)
			return
		}
	}
	if l.known {
		l.Log.Warn("pod lease had expired; sessions are opened again", "sessions", len(live))
		l.Returned(ctx, live)
	}
	l.listed, l.known = true, true
}

// sweep closes the sessions of expired pods until none is left or a step fails.
func (l *Lease) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		pod, sessions, err := l.registry.Lapsed(ctx, sweepBatch, l.TTL)
		if err != nil {
			l.Log.Warn("expired pods not read; will retry", "error", err)
			return
		}
		if pod == "" {
			return
		}
		if !l.close(ctx, pod, sessions) {
			return
		}
	}
}

func (l *Lease) close(ctx context.Context, pod string, sessions []Session) bool {
	closed := make([]string, 0, len(sessions))
	for _, s := range sessions {
		if err := l.Gone(ctx, s); err != nil {
			l.Log.Warn("session of an expired pod not closed; will retry", "pod", pod, "session", s.ID, "error", err)
			continue
		}
		closed = append(closed, s.ID)
	}
	l.Log.Info("closed the sessions of an expired pod", "pod", pod, "sessions", len(closed))
	if err := l.registry.Swept(ctx, pod, closed...); err != nil {
		l.Log.Warn("closed sessions not unregistered; will retry", "pod", pod, "error", err)
		return false
	}
	return len(closed) == len(sessions)
}

// jittered returns the interval less up to a fifth, so that pods do not renew in step.
func (l *Lease) jittered() time.Duration {
	return l.Interval - rand.N(l.Interval/5+1)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
