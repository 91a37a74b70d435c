// Command manager is the operator: `manager run`. `manager declare` applies the objects that a
// ConfigMap declares. `manager render` prints, without a cluster, the objects that the operator
// would apply for a manifest.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version and commit are set by the build.
var (
	version = "devel"
	commit  = "unknown"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newCommand returns the command line.
func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "manager",
		Short:         "Operator for realtime clusters",
		Version:       version + ", commit " + commit,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRenderCommand(), newRunCommand(), newDeclareCommand())
	return root
}
