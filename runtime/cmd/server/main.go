// Command server is Anteroom's socket server: it speaks Socket.IO to clients and keeps its
// state in Redis.
//
//	server --config runtime.yaml --policies policies.yaml
//
// The exit code is 0 after an orderly stop by SIGTERM or SIGINT; a second signal shortens
// the stop. It is 2 when the arguments or the configuration are invalid; stderr lists all
// problems. It is 1 after any other error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/anteroom/anteroom/runtime/internal/app"
)

// version and commit are set by the linker for releases.
var version, commit = "", "unknown"

// Exit codes.
const (
	exitBroken = 1
	exitWrong  = 2
)

func main() {
	ctx, hurry := signals()
	os.Exit(run(ctx, hurry, os.Args[1:], os.Stdout, os.Stderr))
}

// signals returns a context that ends at the first SIGTERM or SIGINT, and a channel that is
// closed at the second.
func signals() (context.Context, <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	hurry, caught := make(chan struct{}), make(chan os.Signal, 2)
	signal.Notify(caught, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-caught
		cancel()
		<-caught
		close(hurry)
	}()
	return ctx, hurry
}

// run is main with its environment as arguments; it returns the exit code.
func run(ctx context.Context, hurry <-chan struct{}, args []string, stdout, stderr io.Writer) int {
	code := exitWrong // errors of cobra are about arguments
	var files app.Files
	cmd := &cobra.Command{
		Use:           "server",
		Short:         "Anteroom's socket server",
		Version:       versionText() + ", commit " + commit,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(*cobra.Command, []string) error {
			var err error
			code, err = serve(ctx, hurry, files, stdout)
			return err
		},
	}
	cmd.Flags().StringVar(&files.Config, "config", "", "`file` with the RuntimeConfig")
	cmd.Flags().StringVar(&files.Policies, "policies", "", "`file` with the PolicySet; changes apply while the server runs")
	_ = cmd.MarkFlagRequired("config")   // the flag exists
	_ = cmd.MarkFlagRequired("policies") // the flag exists
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(stderr, err) // the error cannot be reported elsewhere
		return code
	}
	return 0
}

// serve runs the server and returns the exit code for its error.
func serve(ctx context.Context, hurry <-chan struct{}, files app.Files, log io.Writer) (int, error) {
	settings, err := app.Read(files, versionText(), log) //nolint:contextcheck // the password file is read without a context
	if err != nil {
		var wrong *app.ConfigError
		if errors.As(err, &wrong) {
			return exitWrong, err
		}
		return exitBroken, err
	}
	server, err := app.New(ctx, settings)
	if err != nil {
		return exitBroken, err
	}
	return exitBroken, server.Run(ctx, hurry)
}

// versionText returns the release, or the module version of other builds.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
