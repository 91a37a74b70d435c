package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

const (
	// probeEvery is the interval of readiness probes.
	probeEvery = 200 * time.Millisecond
	// probeTimeout bounds a probe.
	probeTimeout = 5 * time.Second
	// maxReason bounds the kept part of an answer, in bytes.
	maxReason = 512
)

// instance is a run of a server process. A restart is a new instance with its own ports
// and id.
type instance struct {
	// id is the value of the proxy's cookie.
	id        string
	child     *child
	clientURL *url.URL
	adminURL  *url.URL
	// apiURL is nil when the server API is disabled.
	apiURL *url.URL
	proxy  *proxy
	log    *console
	// config is the config file of the process; it is removed when the process has
	// exited.
	config string

	mu      sync.Mutex
	ready   bool
	retired bool
	// reason is the last answer of the readiness probe while not ready.
	reason string
}

// startInstance starts a server with the config on new ports, and adds it to the proxy.
// The config file is written to dir.
func (f *fleet) startInstance(ctx context.Context, name, id string, config configv1.RuntimeConfig) (*instance, error) {
	addresses, err := freeAddresses(ctx, 4)
	if err != nil {
		return nil, err
	}
	served := config.Listen.API != ""
	config.Listen = configv1.Listen{Client: addresses[0], Admin: addresses[1], Peer: addresses[2]}
	if served {
		config.Listen.API = addresses[3]
	}
	content, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode the runtime config: %w", err)
	}
	path := filepath.Join(f.dir, id+".yaml")
	if err := writeFile(path, content, 0o600); err != nil {
		return nil, err
	}
	process, err := startChild(f.log, name, f.program, "--config", path, "--policies", f.policies)
	if err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	i := &instance{
		id:        id,
		child:     process,
		clientURL: &url.URL{Scheme: "http", Host: addresses[0]},
		adminURL:  &url.URL{Scheme: "http", Host: addresses[1]},
		proxy:     f.proxy,
		log:       f.log,
		config:    path,
		reason:    "starting",
	}
	if served {
		i.apiURL = &url.URL{Scheme: "http", Host: addresses[3]}
	}
	f.proxy.add(id, i.clientURL)
	return i, nil
}

// probe follows the server's readiness until the process has exited, and calls changed
// after each change.
func (i *instance) probe(ctx context.Context, changed func()) {
	client := &http.Client{Timeout: probeTimeout}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-i.child.done:
			i.proxy.remove(i.id)
			i.set(false, "it exited")
			_ = os.Remove(i.config)
			changed()
			return
		case <-tick.C:
			if i.set(askReady(ctx, client, i.adminURL)) {
				i.notify()
				changed()
			}
		}
	}
}

// notify publishes a change of readiness.
func (i *instance) notify() {
	if ready, reason := i.isReady(); ready {
		i.log.say("%s is ready", i.id)
	} else {
		i.log.say("%s is not ready; new clients use other servers: %s", i.id, reason)
	}
}

// askReady requests /readyz; the reason reports a missing answer.
func askReady(ctx context.Context, client *http.Client, admin *url.URL) (ready bool, reason string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin.JoinPath("readyz").String(), http.NoBody)
	if err != nil {
		return false, err.Error()
	}
	answer, err := client.Do(request)
	if err != nil {
		return false, "/readyz does not answer"
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxReason))
	if answer.StatusCode == http.StatusOK {
		return true, ""
	}
	return false, fmt.Sprintf("/readyz answers %d %s", answer.StatusCode, strings.TrimSpace(string(body)))
}

// set records the readiness, updates the proxy, and reports whether the readiness
// changed. A retired instance never becomes ready again.
func (i *instance) set(ready bool, reason string) (changed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	ready = ready && !i.retired
	changed = ready != i.ready
	i.ready, i.reason = ready, reason
	i.proxy.setReady(i.id, ready)
	return changed
}

// api returns the address for back ends; "" when the server API is disabled.
func (i *instance) api() string {
	if i.apiURL == nil {
		return ""
	}
	return i.apiURL.String()
}

// isReady reports whether the server may get clients, and if not, why.
func (i *instance) isReady() (ready bool, reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ready, i.reason
}

// waitReady waits until the server is ready. It fails when the process exits first, when
// ctx ends, or after timeout.
func (i *instance) waitReady(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(probeEvery / 4)
	defer tick.Stop()
	for {
		ready, reason := i.isReady()
		if ready {
			return nil
		}
		select {
		case <-i.child.done:
			return fmt.Errorf("it exited: %s", i.child.how())
		case <-ctx.Done():
			return fmt.Errorf("it is not ready after %s: %s", timeout, reason)
		case <-tick.C:
		}
	}
}

// retire drains the server: no new clients, then SIGTERM, and SIGKILL after grace. It
// reports whether the server exited by itself.
func (i *instance) retire(grace time.Duration, haste urgency) bool {
	i.mu.Lock()
	i.retired, i.ready, i.reason = true, false, "draining"
	i.proxy.setReady(i.id, false)
	i.mu.Unlock()
	return i.child.stop(grace, haste)
}
