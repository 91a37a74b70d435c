package audit

import "testing"

// stock is a Node process with stock Socket.IO clients.
type stock struct{}

func startStock(testing.TB) *stock { return nil }

func (*stock) dial(transport string) dialer { return dialRaw(transport) }
