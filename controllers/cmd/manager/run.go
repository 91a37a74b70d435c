package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/manager"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
)

// runOptions are the flags of `manager run`.
type runOptions struct {
	manager.Options
	logLevel string
}

func newRunCommand() *cobra.Command {
	o := runOptions{Options: manager.DefaultOptions()}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the operator",
		Long: "Run keeps RealtimeClusters, LobbyPolicies and MatchmakingQueues as declared. It finds the API server\n" +
			"as kubectl does, or by its service account inside a cluster.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("find the API server: %w", err)
			}
			return o.run(cmd, config)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.Namespaces, "namespaces", nil, "namespaces to manage; all when left out")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", o.MetricsAddress, "address of the metrics, served over HTTPS to authorized clients; 0 disables them")
	flags.StringVar(&o.HealthAddress, "health-probe-bind-address", o.HealthAddress, "address of /healthz and /readyz; 0 disables them")
	flags.BoolVar(&o.LeaderElection, "leader-elect", o.LeaderElection, "elect a leader, so that only a single operator of several is active")
	flags.StringVar(&o.LeaderElectionNamespace, "leader-elect-namespace", "", "namespace of the lease; the operator's own when left out")
	flags.IntVar(&o.Workers, "workers", o.Workers, "RealtimeClusters reconciled at once")
	flags.DurationVar(&o.Resync, "resync", o.Resync, "reconcile interval of a cluster without events, in which changes of Secrets are found")
	flags.DurationVar(&o.RetryKinds, "retry-kinds", o.RetryKinds, "interval of checks for kinds that are not installed")
	flags.StringVar(&o.MetricsCertDir, "metrics-cert-dir", "", "directory with tls.crt and tls.key for the metrics, read again when they change; left out: a generated certificate")
	flags.StringVar(&o.Account, "service-account", o.Account, "namespace:name of the operator's service account, for the command that opens a namespace")
	flags.StringVar((*string)(&o.PolicySecrets), "policy-secrets", string(o.PolicySecrets), "which Secrets policies and queues may name: Labelled (those with the label "+v1alpha1.LabelAllowPolicies+"=true), InForce (also keys that are in force without it), Any")
	flags.BoolVar(&o.AllowSnippets, "allow-snippets", false, "let the annotations of clusters write lines of the ingress controller's configuration, such as server-snippet")
	flags.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	imageFlags(flags, &o.Images)
	return cmd
}

// run runs the operator until the command's context ends.
func (o runOptions) run(cmd *cobra.Command, config *rest.Config) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	log := slog.NewJSONHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level})
	ctrl.SetLogger(logr.FromSlogHandler(log))
	klog.SetSlogLogger(slog.New(log)) // logs of the client libraries
	if o.Resync < time.Second || o.RetryKinds < time.Second || o.Workers < 1 {
		return fmt.Errorf("--resync and --retry-kinds must be at least 1s, --workers at least 1")
	}
	if !slices.Contains(policyrefs.Modes(), o.PolicySecrets) {
		return fmt.Errorf("--policy-secrets must be one of %v", policyrefs.Modes())
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(manager.GCPercent)
	}
	o.TLS = []func(*tls.Config){withoutHTTP2}
	manager, err := manager.New(config, o.Options)
	if err != nil {
		return err
	}
	return manager.Start(cmd.Context())
}

// withoutHTTP2 restricts servers to HTTP/1.1, which has a smaller surface for floods of requests.
func withoutHTTP2(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }
