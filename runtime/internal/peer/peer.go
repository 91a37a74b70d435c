// Package peer lets the pods of a cluster know of each other through leases in
// the store. A pod that dies without a word leaves sessions behind that nobody
// will ever close; once its lease has lapsed, any other pod closes them in its
// place.
package peer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

// Session is a session as the registry remembers it: enough to close it for a
// pod that cannot.
type Session struct {
	ID     string
	UserID string
}

// Registry is what the store keeps of the pods and of the sessions on each.
// Times are by the store's clock. Errors wrap stream.ErrUnavailable.
type Registry interface {
	// Renew extends the pod's lease by ttl. It tells whether the pod was unknown: it is
	// new, or its lease had lapsed and its sessions were, or are being, closed. A pod that
	// was swept is told so again when the sweep has ended.
	Renew(ctx context.Context, pod string, ttl time.Duration) (unknown bool, err error)
	// Add puts sessions on a pod.
	Add(ctx context.Context, pod string, sessions ...Session) error
	// Remove takes sessions off a pod.
	Remove(ctx context.Context, pod string, sessions ...string) error
	// Swept ends a sweep: the sessions were closed, and the pod may be swept further
	// at once. If the pod came back meanwhile, its sessions stay.
	Swept(ctx context.Context, pod string, sessions ...string) error
	// Lapsed takes up to limit sessions of one pod whose lease has lapsed; that pod
	// is then left to the caller for the time of hold. Pod is "" when there is none.
	// A pod without sessions is forgotten.
	Lapsed(ctx context.Context, limit int, hold time.Duration) (pod string, sessions []Session, err error)
	// Leave ends the pod's lease now, so that what is left of it is swept at once.
	Leave(ctx context.Context, pod string) error
}

// Options of a [Lease].
type Options struct {
	// Pod is unique among all pods that live or have lived: a new process is a new pod.
	Pod string
	// Interval is between renewals, TTL how long a lease lasts; TTL is at least
	// twice the interval.
	Interval, TTL time.Duration
	// Live gives the sessions that are on this pod now.
	Live func() []Session
	// Gone is told of each session of a lapsed pod. An error leaves the session to
	// a later sweep; Gone must bear being told twice.
	Gone func(ctx context.Context, s Session) error
	// Returned is told of the sessions of this pod that others have closed because
	// its lease had lapsed, though it lives: they are to be opened again.
	Returned func(ctx context.Context, sessions []Session)
	Log      *slog.Logger
}

// sweepBatch bounds how many sessions one step of a sweep takes.
const sweepBatch = 200

// Lease keeps this pod's lease and sweeps the lapsed ones of others.
type Lease struct {
	registry Registry
	Options
	// listed is true once the registry has all of this pod's sessions; known once
	// it ever had.
	listed, known bool
	// sure is from when on the registry has known the pod: the last time that it said so,
	// or was told.
	sure time.Time
}

// New makes a Lease; Run starts it.
func New(registry Registry, o Options) *Lease {
	return &Lease{registry: registry, Options: o}
}

// Run renews and sweeps until ctx ends, then gives the lease back. Sessions that
// are still on the pod by then are closed by another pod.
func (l *Lease) Run(ctx context.Context) {
	for ctx.Err() == nil {
		l.renew(ctx)
		l.sweep(ctx)
		pause(ctx, l.jittered())
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := l.registry.Leave(end, l.Pod); err != nil {
		l.Log.Warn("the pod's lease was not given back; it lapses by itself", "error", err)
	}
}

// renew extends the lease. A pod that the registry does not know lists all its
// sessions there; if it was known before, it had been given up for dead. The answer that
// said so may have been lost: the next one finds the pod known.
func (l *Lease) renew(ctx context.Context) {
	began := time.Now()
	unknown, err := l.registry.Renew(ctx, l.Pod, l.TTL)
	if err != nil {
		l.Log.Warn("the pod's lease was not renewed", "error", err)
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
			l.Log.Warn("the pod's sessions were not registered", "error", err)
			return
		}
	}
	if l.known {
		l.Log.Warn("the pod's lease had lapsed; its sessions are opened again", "sessions", len(live))
		l.Returned(ctx, live)
	}
	l.listed, l.known = true, true
}

// sweep closes what lapsed pods left behind, until nothing is left or something fails.
func (l *Lease) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		pod, sessions, err := l.registry.Lapsed(ctx, sweepBatch, l.TTL)
		if err != nil {
			l.Log.Warn("lapsed pods were not looked for", "error", err)
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
			l.Log.Warn("a session of a lapsed pod was not closed", "pod", pod, "session", s.ID, "error", err)
			continue
		}
		closed = append(closed, s.ID)
	}
	l.Log.Info("closed the sessions of a lapsed pod", "pod", pod, "sessions", len(closed))
	if err := l.registry.Swept(ctx, pod, closed...); err != nil {
		l.Log.Warn("closed sessions were not forgotten", "pod", pod, "error", err)
		return false
	}
	return len(closed) == len(sessions)
}

// jittered is the interval less up to a fifth, so that pods do not beat together.
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
