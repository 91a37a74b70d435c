// Package process helps tests that run programs: where a program may listen, and what it
// has printed so far.
package process

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// ports are below those that the system gives to connections, so that none of them has a
// port when its server starts late or comes back; this process gives each of them once.
var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

const firstPort, lastPort = 20_000, 32_000

// FreeAddress is one of 127.0.0.1 that nobody listened on a moment ago.
func FreeAddress() (string, error) {
	ports.Lock()
	defer ports.Unlock()
	for range lastPort - firstPort {
		port := firstPort + rand.IntN(lastPort-firstPort)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		_ = l.Close()
		if !ports.given[port] {
			ports.given[port] = true
			return address, nil
		}
	}
	return "", errors.New("there is no free port")
}

// Output is what a program writes, to be read while it goes on. The zero Output is empty.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is all of it so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
