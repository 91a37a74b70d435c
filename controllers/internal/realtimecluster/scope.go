package realtimecluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// scope is one reconcile of one cluster: what the phases read and leave to each other.
type scope struct {
	*Reconciler
	cluster  *v1alpha1.RealtimeCluster
	applier  *apply.Applier
	policies *configv1.PolicySet
	input    stack.Input
	built    stack.Stack
	observed status.Observed
	// replicas is what the Deployment gets: more than observed.Replicas, which is what
	// is wanted, while the pods beyond are drained.
	replicas int32
	// adminToken is that of the servers' admin listeners; empty when it is not known.
	adminToken string
	// redisPassword is the newest of the managed Redis; empty when it is not known.
	redisPassword string
	// redisSettled reports that all inputs of the managed Redis' StatefulSet are known. Without
	// them the StatefulSet stays unchanged, because a change would restart Redis.
	redisSettled bool
	// again is the latest time until the next reconcile.
	again time.Duration
}

func newScope(r *Reconciler, cluster *v1alpha1.RealtimeCluster) *scope {
	return &scope{
		Reconciler: r, cluster: cluster, again: r.Resync,
		applier:  &apply.Applier{Client: r.Client, Live: r.Live, Kinds: r.Kinds},
		input:    stack.Input{Cluster: cluster, Images: r.Images, AllowSnippets: r.AllowSnippets},
		observed: status.Observed{Cluster: cluster},
	}
}

// phase is one concern of a reconcile.
type phase struct {
	name string
	run  func(*scope, context.Context) error
	// writes reports that the phase may change objects, so that a paused cluster skips it.
	writes bool
}

// phases in their order: later ones use what earlier ones leave in the scope.
var phases = []phase{
	{"policies", (*scope).renderPolicies, false},
	{"observation", (*scope).observe, false},
	{"secrets", (*scope).secrets, true},
	{"redis", (*scope).redis, true},
	{"gateway", (*scope).gatewayCapabilities, false},
	{"scaling", (*scope).scale, true},
	{"drain", (*scope).drain, true},
	{"build", (*scope).build, false},
	{"objects", (*scope).applyObjects, true},
	{"volumes", (*scope).syncVolumes, true},
	{"volume of Redis", (*scope).syncRedisVolume, true},
	{"exposure", (*scope).observeExposure, false},
	{"pruning", (*scope).prune, true},
}

// run executes the phases. A failed phase does not stop the others, apart from phases that need
// its result: these find it missing and do nothing.
func (s *scope) run(ctx context.Context) error {
	paused := s.cluster.Spec.Paused == v1alpha1.PauseAll
	var failures []error
	for _, p := range phases {
		if paused && p.writes {
			continue
		}
		if err := p.run(s, ctx); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.name, err))
			if errors.Is(err, errStop) {
				break
			}
		}
	}
	return errors.Join(failures...)
}

// errStop says that what follows makes no sense in this reconcile.
var errStop = errors.New("the rest waits for the next reconcile")

// stop marks an error so that the phases after it are left out.
func stop(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; %w", err, errStop)
}

// requeueAfter has the reconcile repeated after d at the latest.
func (s *scope) requeueAfter(d time.Duration) {
	if d > 0 && (s.again == 0 || d < s.again) {
		s.again = d
	}
}

// failed notes an object that could not be applied, for the conditions.
func (s *scope) failed(reason string, err error) {
	s.observed.Failures = append(s.observed.Failures, status.Failure{Reason: reason, Message: err.Error()})
}

// wrote notes what applying did.
func (s *scope) wrote(outcome apply.Outcome) {
	if outcome != apply.Unchanged {
		s.observed.Changed = true
	}
}
