package realtimecluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// scope is a single reconcile of a single cluster.
type scope struct {
	*Reconciler
	cluster *v1alpha1.RealtimeCluster
	applier *apply.Applier
	results results
	outcome outcome
	// again is the latest time until the next reconcile.
	again time.Duration
}

// results holds the result of each phase. Only the table of phases reads and writes results: a
// phase takes the results that it needs as arguments and returns its own.
type results struct {
	policies    policyrefs.Rendered
	observation observation
	secrets     secrets
	redis       redisInputs
	gateway     exposure.Capabilities
	scaling     scaling
	built       stack.Stack
	admitted    bool
}

// outcome records writes and failures for the conditions. Every phase may add to them.
type outcome struct {
	changed      bool
	failures     []status.Failure
	missingKinds []string
}

func newScope(r *Reconciler, cluster *v1alpha1.RealtimeCluster) *scope {
	return &scope{
		Reconciler: r, cluster: cluster, again: r.Resync,
		applier: &apply.Applier{Client: r.Client, Live: r.Live, Kinds: r.Kinds},
	}
}

// phase is a single concern of a reconcile.
type phase struct {
	name string
	run  func(*scope, context.Context, *results) error
	// writes reports that the phase may change objects, so that a paused cluster skips it.
	writes bool
}

// phases lists the phases in their order. A phase that fails may return a partial result, which
// later phases use.
var phases = []phase{
	{"policies", func(s *scope, ctx context.Context, r *results) (err error) {
		r.policies, err = s.renderPolicies(ctx)
		return err
	}, false},
	{"observation", func(s *scope, ctx context.Context, r *results) (err error) {
		r.observation, err = s.observe(ctx)
		r.scaling = scaling{wanted: r.observation.replicas, deployed: r.observation.replicas}
		return err
	}, false},
	{"secrets", func(s *scope, ctx context.Context, r *results) (err error) {
		r.secrets, err = s.ensureSecrets(ctx)
		return err
	}, true},
	{"redis", func(s *scope, ctx context.Context, r *results) (err error) {
		r.redis, err = s.prepareRedis(ctx, r.observation, r.secrets)
		return err
	}, true},
	{"gateway", func(s *scope, ctx context.Context, r *results) (err error) {
		r.gateway, err = s.gatewayCapabilities(ctx)
		return err
	}, false},
	{"scaling", func(s *scope, _ context.Context, r *results) error {
		r.scaling = s.scale(r.observation)
		return nil
	}, true},
	{"drain", func(s *scope, ctx context.Context, r *results) error {
		plan, err := s.planDrain(ctx, r.observation.servers, r.scaling.wanted)
		r.scaling.deployed = plan.replicas
		return errors.Join(err, s.drain(ctx, plan, r.secrets.adminToken))
	}, true},
	{"build", func(s *scope, _ context.Context, r *results) (err error) {
		r.built, err = s.build(r)
		return err
	}, false},
	{"objects", func(s *scope, ctx context.Context, r *results) error {
		return s.applyObjects(ctx, r.built, r.observation, r.redis)
	}, true},
	{"volumes", func(s *scope, ctx context.Context, r *results) error {
		return s.syncVolumes(ctx, r.policies.Set.Revision)
	}, true},
	{"volume of Redis", func(s *scope, ctx context.Context, r *results) error {
		return s.syncRedisVolume(ctx, r.redis.passwords)
	}, true},
	{"exposure", func(s *scope, ctx context.Context, r *results) (err error) {
		r.admitted, err = s.observeExposure(ctx, r.built.Exposure)
		return err
	}, false},
	{"pruning", func(s *scope, ctx context.Context, r *results) error {
		return s.prune(ctx, r.built.Objects, r.admitted)
	}, true},
}

// run executes the phases. A failed phase does not stop the others, unless its error is marked
// with [stop].
func (s *scope) run(ctx context.Context) error {
	paused := s.cluster.Spec.Paused == v1alpha1.PauseAll
	var failures []error
	for _, p := range phases {
		if paused && p.writes {
			continue
		}
		if err := p.run(s, ctx, &s.results); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.name, err))
			if errors.Is(err, errStop) {
				break
			}
		}
	}
	return errors.Join(failures...)
}

// errStop marks an error after which the remaining phases lack the input that they need.
var errStop = errors.New("the remaining phases wait for the next reconcile")

// stop marks an error so that run skips the remaining phases.
func stop(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; %w", err, errStop)
}

// requeueAfter repeats the reconcile after d at the latest.
func (s *scope) requeueAfter(d time.Duration) {
	if d > 0 && (s.again == 0 || d < s.again) {
		s.again = d
	}
}

// failed records an object that could not be applied.
func (s *scope) failed(reason string, err error) {
	s.outcome.failures = append(s.outcome.failures, status.Failure{Reason: reason, Message: err.Error()})
}

// wrote records the outcome of an apply.
func (s *scope) wrote(outcome apply.Outcome) {
	if outcome != apply.Unchanged {
		s.outcome.changed = true
	}
}
