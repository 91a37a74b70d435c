// Package manager assembles the controllers and their manager.
package manager

import (
	"crypto/tls"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/podstatus"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
	"github.com/anteroom/anteroom/controllers/internal/policystatus"
	"github.com/anteroom/anteroom/controllers/internal/realtimecluster"
)

// Options are the settings of the operator.
type Options struct {
	// Namespaces to manage; all when empty.
	Namespaces []string
	// MetricsAddress and HealthAddress are host:port; "0" disables them.
	MetricsAddress string
	HealthAddress  string
	// MetricsCertDir has tls.crt and tls.key for the metrics; when empty, a certificate is
	// generated.
	MetricsCertDir string
	// Account is the operator's service account as namespace:name, for messages to users.
	Account string
	// PlainMetrics serves metrics over HTTP to anyone, for tests.
	PlainMetrics            bool
	LeaderElection          bool
	LeaderElectionNamespace string
	// Workers is the number of objects of a kind that are reconciled at once.
	Workers int
	// Resync and RetryKinds: see the flags of `manager run`.
	Resync     time.Duration
	RetryKinds time.Duration
	// FiguresEvery is the minimum time between status updates that change only figures.
	FiguresEvery time.Duration
	Images       stack.Images
	// PolicySecrets selects the Secrets that policies and queues may name.
	PolicySecrets policyrefs.Mode
	// AllowSnippets allows annotations that write lines of an ingress controller's configuration.
	AllowSnippets bool
	Reports       podstatus.Options
	// TLS changes the TLS settings of the metrics.
	TLS []func(*tls.Config)
	// Shared allows several managers in one process, for tests.
	Shared bool
}

// GCPercent is the garbage collector's setting for a manager (see runtime/debug). Most of its heap
// are caches that live on, so the heap need not double before a collection.
const GCPercent = 50

// DefaultOptions returns the options for a real cluster.
func DefaultOptions() Options {
	return Options{
		Account: "anteroom-system:anteroom-operator", MetricsAddress: ":8443", HealthAddress: ":8081", LeaderElection: true,
		Workers: 4, Resync: time.Minute, RetryKinds: 30 * time.Second, FiguresEvery: 15 * time.Second, PolicySecrets: policyrefs.InForce, Reports: podstatus.DefaultOptions(),
	}
}

// Scheme returns a scheme with the kinds of Kubernetes and of this project.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return scheme, v1alpha1.AddToScheme(scheme)
}

// leaseName is the lease that operators compete for.
const leaseName = "anteroom-operator"

// New returns the manager with its controllers; Start runs it.
func New(restConfig *rest.Config, o Options) (ctrl.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, fmt.Errorf("build the scheme: %w", err)
	}
	m, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme: scheme,
		Cache:  cacheOptions(o.Namespaces),
		Client: client.Options{Cache: &client.CacheOptions{
			// Reads by name need no right to list Secrets.
			DisableFor:   []client.Object{&corev1.Secret{}, &corev1.PersistentVolumeClaim{}},
			Unstructured: true,
		}},
		Metrics: metricsOptions(o), HealthProbeBindAddress: o.HealthAddress,
		LeaderElection: o.LeaderElection, LeaderElectionID: leaseName,
		LeaderElectionNamespace: o.LeaderElectionNamespace, LeaderElectionReleaseOnCancel: true,
		Controller: config.Controller{SkipNameValidation: &o.Shared},
	})
	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	return m, setUp(m, o)
}

// cacheOptions restricts the caches to the operator's own objects and the kinds of this project,
// and removes unused fields.
func cacheOptions(namespaces []string) cache.Options {
	all := cache.ByObject{Label: labels.Everything()}
	out := cache.Options{
		DefaultLabelSelector: labels.SelectorFromSet(desired.ManagedLabels()),
		DefaultTransform:     apply.Trim,
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.RealtimeCluster{}: all, &v1alpha1.LobbyPolicy{}: all, &v1alpha1.MatchmakingQueue{}: all,
		},
	}
	for _, namespace := range namespaces {
		if out.DefaultNamespaces == nil {
			out.DefaultNamespaces = map[string]cache.Config{}
		}
		out.DefaultNamespaces[namespace] = cache.Config{}
	}
	return out
}

func metricsOptions(o Options) server.Options {
	if o.PlainMetrics {
		return server.Options{BindAddress: o.MetricsAddress}
	}
	return server.Options{
		BindAddress: o.MetricsAddress, SecureServing: true, TLSOpts: o.TLS, CertDir: o.MetricsCertDir,
		FilterProvider: filters.WithAuthenticationAndAuthorization,
	}
}

// keepReferences bounds the time for which the ConfigMaps and Secrets of policies are cached.
const keepReferences = 5 * time.Second

func setUp(m ctrl.Manager, o Options) error {
	poller := podstatus.New(m.GetClient(), o.Reports)
	if err := m.Add(poller); err != nil {
		return err
	}
	refs := policyrefs.New(m.GetAPIReader(), min(o.Resync, keepReferences), o.PolicySecrets)
	clusters := &realtimecluster.Reconciler{
		Client: m.GetClient(), Live: m.GetAPIReader(), Kinds: apply.NewKinds(m.GetRESTMapper(), o.RetryKinds),
		References: refs, Reports: poller, Events: m.GetEventRecorder("anteroom-operator"), Images: o.Images, Resync: o.Resync, Account: o.Account,
		AllowSnippets: o.AllowSnippets,
	}
	if err := clusters.SetUp(m, poller.Subscribe(podstatus.Condition), poller.Subscribe(podstatus.Load), o.Workers); err != nil {
		return err
	}
	policies := &policystatus.Reconciler{Client: m.GetClient(), References: refs, Reports: poller, Resync: o.Resync, FiguresEvery: o.FiguresEvery}
	if err := policies.SetUp(m, poller.Subscribe(podstatus.Figures), o.Workers); err != nil {
		return err
	}
	if err := m.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	return m.AddReadyzCheck("ping", healthz.Ping)
}
