// Package process helps tests that run programs: free addresses and the output so far.
package process

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// ports are below the system's ephemeral ports, so that no connection can take the port
// of a server that starts late or restarts; this process returns each port once.
var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

const firstPort, lastPort = 20_000, 32_000

// FreeAddress returns a currently unused address of 127.0.0.1.
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
	return "", errors.New("no free port")
}

// Output is the output of a program, readable while the program runs. The zero Output is
// empty.
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

// String returns the output so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
