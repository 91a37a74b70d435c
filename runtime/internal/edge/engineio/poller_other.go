//go:build !linux

package engineio

import (
	"errors"
	"net"
)

// poller exists on Linux only; elsewhere each connection has its own goroutine.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) adopt(net.Conn, streamUser) (stream, bool) { return nil, false }

func (*poller) close() {}
