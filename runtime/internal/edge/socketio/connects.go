package socketio

import (
	"errors"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// connects is the parser that the library is given where it carries out CONNECTs
// and nothing else.
type connects struct{}

// NewEncoder implements parser.Parser.
func (connects) NewEncoder() parser.Encoder { return parser.NewEncoder() }

// NewDecoder implements parser.Parser.
func (connects) NewDecoder() parser.Decoder { return &connector{types.NewEventEmitter()} }

// connectNow is the one thing that a connector reads: a CONNECT, whose auth payload
// waits in the conn, where no library keeps it.
type connectNow struct{}

var errNotConnect = errors.New("only CONNECT is for the library")

// connector has the library connect its client.
type connector struct{ types.EventEmitter }

// Add implements parser.Decoder.
func (c *connector) Add(message any) error {
	if _, ok := message.(connectNow); !ok {
		return errNotConnect
	}
	c.Emit("decoded", &parser.Packet{Type: parser.CONNECT, Nsp: "/"})
	return nil
}

// Destroy implements parser.Decoder.
func (c *connector) Destroy() { c.Clear() }
