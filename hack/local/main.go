// Command anteroom-local is the program behind `make run`: a RealtimeCluster on this
// machine, without Kubernetes. It renders the manifest like the operator, starts Redis,
// the cluster's servers and a cookie-sticky proxy in proxy of them, and applies each edit
// of the manifest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o, err := parseOptions(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "anteroom-local:", err)
		os.Exit(2)
	}
	ctx, hurry := signals()
	if err := run(ctx, o, newConsole(os.Stdout), hurry); err != nil {
		fmt.Fprintln(os.Stderr, "anteroom-local:", err)
		os.Exit(1)
	}
}

// signals returns a context that ends with the first SIGINT, SIGTERM or SIGHUP, and a
// channel that the second signal closes.
func signals() (context.Context, <-chan struct{}) {
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	hurry := make(chan struct{})
	go func() {
		<-received
		cancel()
		<-received
		close(hurry)
	}()
	return ctx, hurry
}
