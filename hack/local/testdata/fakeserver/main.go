// Command fakeserver replaces the server in the tests of make run. It takes the same
// flags, serves both addresses of its configuration, and answers with its pod and the
// content of its files. With the log level "error" it does not start;
// with FAKESERVER_DRAINS_FOREVER only SIGKILL ends it.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

func main() {
	config := flag.String("config", "", "")
	policies := flag.String("policies", "", "")
	flag.Parse()
	content, err := os.ReadFile(*config)
	if err != nil {
		fail(err)
	}
	var c configv1.RuntimeConfig
	if err := yaml.UnmarshalStrict(content, &c); err != nil {
		fail(err)
	}
	if c.Observability.LogLevel == "error" {
		fail("this configuration does not start")
	}
	serve(c, *policies)
}

func serve(c configv1.RuntimeConfig, policies string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var draining atomic.Bool
	client := http.NewServeMux()
	client.HandleFunc("/whoami", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	client.HandleFunc("/level", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.Observability.LogLevel) })
	client.HandleFunc("/policies", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, policies) })
	admin := http.NewServeMux()
	admin.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if draining.Load() {
			http.Error(w, "draining", http.StatusServiceUnavailable)
		}
	})
	go listen(c.Listen.Client, client)
	go listen(c.Listen.Admin, admin)
	fmt.Println("fakeserver serves")
	<-ctx.Done()
	draining.Store(true)
	if os.Getenv("FAKESERVER_DRAINS_FOREVER") != "" {
		select {}
	}
}

func listen(address string, handler http.Handler) {
	fail(http.ListenAndServe(address, handler))
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, "fakeserver:", why)
	os.Exit(1)
}
