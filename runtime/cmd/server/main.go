// Command server is Anteroom's socket server: it speaks Socket.IO to clients and
// keeps its state in Redis.
//
//	server --config runtime.yaml --policies policies.yaml
//
// It ends with 0 after an orderly stop (SIGTERM or SIGINT; a second one cuts the
// stop short), with 2 when its arguments or its configuration are wrong, all
// problems being listed on stderr, and with 1 when something broke.
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

// signals gives a context that ends with the first SIGTERM or SIGINT, and a
// channel that is closed with the second.
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

// run is the program with its surroundings as arguments; it returns the exit code.
func run(ctx context.Context, hurry <-chan struct{}, args []string, stdout, stderr io.Writer) int {
	code := exitWrong // what cobra finds wrong are arguments
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
	cmd.Flags().StringVar(&files.Policies, "policies", "", "`file` with the PolicySet; it is followed while the server runs")
	_ = cmd.MarkFlagRequired("config")   // the flag exists
	_ = cmd.MarkFlagRequired("policies") // so does this one
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(stderr, err) // there is nobody else to tell
		return code
	}
	return 0
}

// serve runs the server and says with which code to end if there is an error.
func serve(ctx context.Context, hurry <-chan struct{}, files app.Files, log io.Writer) (int, error) {
	settings, err := app.Read(files, versionText(), log) //nolint:contextcheck // a password is asked for without a context
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

// versionText is the release, or for other builds what Go knows of them.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
