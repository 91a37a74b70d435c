package redisstore

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
)

// lapsedAtMost bounds the expired pods that one call considers.
const lapsedAtMost = 16

// Registry is peer.Registry on Redis, and renews the lease of one pod. It has a sorted set
// of leases by their end, a sorted set of running sweeps and of pods that returned during a
// sweep, a hash of sessions for each pod, and a hash of the number of sessions by user. All
// are on one node, so that taking over a pod is one atomic step.
type Registry struct {
	c *Client
	// unanswered says that the last renewal has no reply yet, or that its reply was lost.
	unanswered atomic.Bool
}

// Registry returns the client's registry of pods.
func (c *Client) Registry() *Registry { return &Registry{c: c} }

var _ peer.Registry = (*Registry)(nil)

// Renew implements peer.Registry.
func (r *Registry) Renew(ctx context.Context, pod string, ttl time.Duration) (bool, error) {
	// Not repeated: a second call would find the pod known.
	answered := 1
	if r.unanswered.Swap(true) {
		answered = 0
	}
	reply, err := r.c.runSingle(ctx, renewScript, []string{r.c.keys.leases(), r.c.keys.sweeps()}, pod, millis(ttl), answered)
	if err == nil {
		r.unanswered.Store(false)
	}
	return reply == int64(1), unavailable("renew the lease of "+pod, err)
}

// Add implements peer.Registry.
func (r *Registry) Add(ctx context.Context, pod string, sessions ...peer.Session) error {
	if len(sessions) == 0 {
		return nil
	}
	fields := make([]any, 0, 2*len(sessions))
	for _, s := range sessions {
		fields = append(fields, s.ID, s.UserID)
	}
	_, err := r.c.run(ctx, enlistScript, []string{r.c.keys.sessions(pod), r.c.keys.online()}, fields...)
	return unavailable("register sessions of "+pod, err)
}

// Remove implements peer.Registry.
func (r *Registry) Remove(ctx context.Context, pod string, sessions ...string) error {
	if len(sessions) == 0 {
		return nil
	}
	return unavailable("remove sessions of "+pod, r.unlist(ctx, pod, false, sessions))
}

// Swept implements peer.Registry.
func (r *Registry) Swept(ctx context.Context, pod string, sessions ...string) error {
	return unavailable("forget the swept sessions of "+pod, r.unlist(ctx, pod, true, sessions))
}

func (r *Registry) unlist(ctx context.Context, pod string, swept bool, sessions []string) error {
	args := make([]any, 0, 2+len(sessions))
	args = append(args, pod, 0)
	if swept {
		args[1] = 1
	}
	for _, s := range sessions {
		args = append(args, s)
	}
	_, err := r.c.run(ctx, unlistScript,
		[]string{r.c.keys.sessions(pod), r.c.keys.sweeps(), r.c.keys.leases(), r.c.keys.online()}, args...)
	return err
}

// Online counts how many of the users, at most a few thousand, have a session. A session of
// a dead pod counts until the pod is swept.
func (r *Registry) Online(ctx context.Context, users ...string) (int, error) {
	if len(users) == 0 {
		return 0, nil
	}
	found, err := r.c.rdb.HMGet(ctx, r.c.keys.online(), users...).Result()
	n := 0
	for _, sessions := range found {
		if sessions != nil {
			n++
		}
	}
	return n, unavailable("count the users online", err)
}

// OnlineAll counts all users with a session.
func (r *Registry) OnlineAll(ctx context.Context) (int, error) {
	n, err := r.c.rdb.HLen(ctx, r.c.keys.online()).Result()
	return int(n), unavailable("count the users online", err)
}

// Lapsed implements peer.Registry.
func (r *Registry) Lapsed(ctx context.Context, limit int, hold time.Duration) (string, []peer.Session, error) {
	now, err := r.c.rdb.Time(ctx).Result()
	if err != nil {
		return "", nil, unavailable("read the time", err)
	}
	pods, err := r.c.rdb.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: r.c.keys.leases(), Start: "-inf", Stop: now.UnixMilli(), ByScore: true, Count: lapsedAtMost,
	}).Result()
	if err != nil {
		return "", nil, unavailable("find expired pods", err)
	}
	for _, pod := range pods {
		sessions, err := r.take(ctx, pod, limit, hold)
		if err != nil || len(sessions) > 0 {
			return pod, sessions, err
		}
	}
	return "", nil, nil
}

// take takes over a pod, unless its lease is live, it has no sessions, or another pod
// sweeps it.
func (r *Registry) take(ctx context.Context, pod string, limit int, hold time.Duration) ([]peer.Session, error) {
	reply, err := r.c.runSingle(ctx, lapsedScript,
		[]string{r.c.keys.leases(), r.c.keys.sweeps(), r.c.keys.sessions(pod)}, pod, limit, millis(hold))
	if err == redis.Nil { //nolint:errorlint // go-redis returns this value itself
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("take over "+pod, err)
	}
	flat, err := parts(reply, 0)
	if err != nil {
		return nil, err
	}
	sessions := make([]peer.Session, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		sessions = append(sessions, peer.Session{ID: text(flat[i]), UserID: text(flat[i+1])})
	}
	return sessions, nil
}

// Leave implements peer.Registry.
func (r *Registry) Leave(ctx context.Context, pod string) error {
	return unavailable("end the lease of "+pod,
		r.c.rdb.ZAddXX(ctx, r.c.keys.leases(), redis.Z{Score: 0, Member: pod}).Err())
}
