// Command manager is the operator: `manager run`. `manager declare` keeps objects as a
// ConfigMap declares them. `manager render` shows, without a cluster,
// what it would apply for a manifest.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version and commit are stamped by the build.
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

// newCommand is the command line.
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
