package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	crd "github.com/anteroom/anteroom/config/crd"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

// renderOptions are the flags of `manager render`.
type renderOptions struct {
	files     []string
	namespace string
	cluster   string
	inputs    bool
	images    stack.Images
}

const renderExample = `  manager render -f cluster.yaml
  manager render -f config/samples --cluster demo
  kubectl get rtc,lp,mmq -o yaml | manager render -f -`

func newRenderCommand() *cobra.Command {
	var o renderOptions
	cmd := &cobra.Command{
		Use:   "render -f FILE [-f FILE …]",
		Short: "Print what would be applied for a manifest, without a cluster",
		Long: "Render reads RealtimeClusters, LobbyPolicies and MatchmakingQueues, fills in their defaults and\n" +
			"checks them by the rules of the API server, and prints the objects that the operator would apply.\n" +
			"When anything is wrong it prints nothing but the list of all problems, to stderr, and exits with 1.",
		Example: renderExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.files, "filename", "f", nil, "manifest, directory of manifests, or - for stdin; can be repeated")
	flags.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of objects that name none")
	flags.StringVar(&o.cluster, "cluster", "", "render only the RealtimeCluster of this name")
	flags.BoolVar(&o.inputs, "inputs", false, "also print the objects that were read, with their defaults")
	imageFlags(flags, &o.images)
	return cmd
}

// run renders everything to out, or nothing after an error; notes go to notes.
func (o renderOptions) run(ctx context.Context, in io.Reader, out, notes io.Writer) error {
	if len(o.files) == 0 {
		return errors.New("name a manifest with -f FILE, or -f - for stdin")
	}
	sources, err := manifest.Read(o.files, in)
	if err != nil {
		return err
	}
	schemas, err := manifest.LoadSchemas(crd.Bases)
	if err != nil {
		return err
	}
	objects, remarks, err := manifest.Load(ctx, schemas, sources, o.namespace)
	for _, remark := range append(remarks, strays(objects)...) {
		_, _ = fmt.Fprintln(notes, "note:", remark)
	}
	if err != nil {
		return err
	}
	rendered, err := renderAll(objects, o)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := write(&text, rendered); err != nil {
		return err
	}
	_, err = text.WriteTo(out)
	return err
}
