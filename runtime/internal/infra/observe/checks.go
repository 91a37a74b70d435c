package observe

import "sync"

// Check returns the reason why the server is not ready; nil when there is none. Every
// /readyz calls it, so it must return at once.
type Check func() error

// Checks are the readiness checks of a server. The zero value has none. It is safe for
// concurrent use.
type Checks struct {
	mu    sync.Mutex
	names []string
	all   []Check
}

// Add adds a check under the name that /readyz shows.
func (c *Checks) Add(name string, check Check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = append(c.names, name)
	c.all = append(c.all, check)
}

// Failing lists the failing checks as "name: error", in the order they were added; it is
// empty when the server is ready.
func (c *Checks) Failing() []string {
	c.mu.Lock()
	names, all := c.names, c.all
	c.mu.Unlock()
	var failing []string
	for i, check := range all {
		if err := check(); err != nil {
			failing = append(failing, names[i]+": "+err.Error())
		}
	}
	return failing
}
