package observe

import "sync"

// Check tells what keeps the server from being ready; nil when nothing does.
// It is asked with every /readyz and must answer at once.
type Check func() error

// Checks are the reasons a server may have not to be ready. The zero value has
// none. It is safe for concurrent use.
type Checks struct {
	mu    sync.Mutex
	names []string
	all   []Check
}

// Add puts a check in under the name that /readyz calls it by.
func (c *Checks) Add(name string, check Check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = append(c.names, name)
	c.all = append(c.all, check)
}

// Failing lists the checks that fail as "name: why", in the order they were
// added; it is empty when the server is ready.
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
