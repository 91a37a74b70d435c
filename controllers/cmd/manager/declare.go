package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/bootstrap"
	"github.com/anteroom/anteroom/controllers/internal/manager"
)

// declareOptions are the flags of `manager declare`.
type declareOptions struct {
	key     types.NamespacedName
	timeout time.Duration
}

func newDeclareCommand() *cobra.Command {
	var o declareOptions
	cmd := &cobra.Command{
		Use:   "declare --namespace NAMESPACE --config-map NAME",
		Short: "Make clusters, policies and queues be as a ConfigMap declares",
		Long: "Declare applies the objects of the key " + bootstrap.Key + " of a ConfigMap, and deletes those that it\n" +
			"applied earlier and that are not there any more. They go with the ConfigMap. The Helm chart runs it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("find the API server: %w", err)
			}
			return o.run(cmd.Context(), config, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.key.Namespace, "namespace", "n", "", "namespace of the ConfigMap and of the objects")
	flags.StringVar(&o.key.Name, "config-map", "", "name of the ConfigMap")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long to wait for CRDs that were installed just now")
	_ = cmd.MarkFlagRequired("namespace")  // fails only for an unknown flag
	_ = cmd.MarkFlagRequired("config-map") // fails only for an unknown flag
	return cmd
}

func (o declareOptions) run(ctx context.Context, config *rest.Config, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	scheme, err := manager.Scheme()
	if err != nil {
		return err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	applied, deleted, err := bootstrap.Apply(ctx, c, o.key)
	_, _ = fmt.Fprintf(out, "%d applied, %d deleted\n", applied, deleted) // the exit code reports the result as well
	return err
}
