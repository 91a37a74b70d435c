package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// fleet keeps the server processes running, each in a slot, like a Deployment with its
// pods.
type fleet struct {
	log   *console
	proxy *proxy
	// program is the server binary, dir the directory for its config files, and policies
	// the PolicySet file that all servers watch.
	program, dir, policies string
	// changed is called after a process started, exited or changed its readiness.
	changed func()
	// cut and kill shorten drains; see urgency.
	cut, kill chan struct{}

	mu     sync.Mutex
	config configv1.RuntimeConfig
	slots  []*slot
	killed sync.Once
	// leaving counts the instances that drain in the background.
	leaving sync.WaitGroup
}

// newFleet returns a fleet without servers. When hurry is closed, draining servers are
// killed, now and later.
func newFleet(log *console, proxy *proxy, program, dir string, changed func(), hurry <-chan struct{}) *fleet {
	f := &fleet{
		log: log, proxy: proxy, program: program, dir: dir, changed: changed,
		policies: filepath.Join(dir, "policies.yaml"), cut: make(chan struct{}), kill: make(chan struct{}),
	}
	go func() {
		<-hurry
		f.killAll()
	}()
	return f
}

// killAll kills draining servers, now and later.
func (f *fleet) killAll() { f.killed.Do(func() { close(f.kill) }) }

// processState is a process in the state file.
type processState struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// URL is the address for clients that bypass the proxy.
	URL string `json:"url"`
	// AdminURL has /readyz, /statusz and /metrics.
	AdminURL string `json:"adminUrl"`
	// APIURL is the address for back ends; left out when the API is disabled.
	APIURL string `json:"apiUrl,omitempty"`
	// Cookie is the value of the proxy's cookie for this server.
	Cookie string `json:"cookie"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"`
}

// scale starts or retires servers until n run. The servers outlive ctx: stop ends them.
func (f *fleet) scale(ctx context.Context, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.slots) < n {
		s := newSlot(f, fmt.Sprintf("server-%d", len(f.slots)+1))
		f.slots = append(f.slots, s)
		go s.keep(context.WithoutCancel(ctx))
	}
	for len(f.slots) > n {
		last := f.slots[len(f.slots)-1]
		f.slots = f.slots[:len(f.slots)-1]
		go last.end(f.grace())
	}
}

// configure sets the configuration of the next server to start.
func (f *fleet) configure(config configv1.RuntimeConfig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.config = config
}

func (f *fleet) current() configv1.RuntimeConfig {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.config
}

// grace returns how long a draining server may take: its configured drain time with a
// margin. The caller holds mu.
func (f *fleet) grace() time.Duration {
	d := f.config.Drain
	return d.Settle.Duration + d.Window.Duration + d.FlushTimeout.Duration + 5*time.Second
}

// roll replaces the servers one by one: the new server must be ready before the old one
// drains. It stops at the first server that does not become ready; the remaining servers
// keep running unchanged.
func (f *fleet) roll(ctx context.Context, config configv1.RuntimeConfig) error {
	f.mu.Lock()
	old, grace, slots := f.config, f.grace(), slices.Clone(f.slots)
	f.mu.Unlock()
	f.configure(config)
	for n, s := range slots {
		f.log.say("restarting %s with the new configuration (%d of %d)", s.name, n+1, len(slots))
		if err := s.replace(ctx, grace); err != nil {
			if n == 0 {
				f.configure(old)
			}
			return fmt.Errorf("the new %s is not ready; the old one keeps running: %w", s.name, err)
		}
	}
	return nil
}

// processes lists the servers, sorted by name.
func (f *fleet) processes() []processState {
	f.mu.Lock()
	slots := slices.Clone(f.slots)
	f.mu.Unlock()
	var all []processState
	for _, s := range slots {
		if i := s.instance(); i != nil {
			ready, reason := i.isReady()
			all = append(all, processState{
				Name: s.name, PID: i.child.pid(), Cookie: i.id,
				URL: i.clientURL.String(), AdminURL: i.adminURL.String(), APIURL: i.api(),
				Ready: ready, Reason: reason,
			})
		}
	}
	return all
}

// waitReady waits until all servers are ready, and returns those that were not ready
// within timeout.
func (f *fleet) waitReady(ctx context.Context, timeout time.Duration) (late []processState) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(probeEvery / 4)
	defer tick.Stop()
	for {
		f.mu.Lock()
		want := len(f.slots)
		f.mu.Unlock()
		all := f.processes()
		late = slices.DeleteFunc(all, func(p processState) bool { return p.Ready })
		if len(all) == want && len(late) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return late
		case <-tick.C:
		}
	}
}

// stop ends all servers, including draining ones: it shortens their drain after settle,
// and kills them after grace. It is called once.
func (f *fleet) stop(settle, grace time.Duration) {
	cut := time.AfterFunc(settle, func() { close(f.cut) })
	defer cut.Stop()
	timer := time.AfterFunc(grace, f.killAll)
	defer timer.Stop()
	f.mu.Lock()
	slots := f.slots
	f.slots = nil
	f.mu.Unlock()
	var all sync.WaitGroup
	for _, s := range slots {
		all.Go(func() { s.end(grace) })
	}
	all.Wait()
	f.leaving.Wait()
}
