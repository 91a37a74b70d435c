// Command manager is the operator: `manager run`. `manager render` shows, without a cluster,
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

// version is stamped by the build.
var version = "devel"

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
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRenderCommand(), newRunCommand())
	return root
}
