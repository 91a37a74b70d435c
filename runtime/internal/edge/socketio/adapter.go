package socketio

import (
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// adapters makes the adapter of each namespace.
type adapters struct{}

// New implements socket.AdapterConstructor.
func (adapters) New(nsp socket.Namespace) socket.Adapter {
	a := &adapter{socket.MakeAdapter()}
	a.Prototype(a)
	a.Construct(nsp)
	return a
}

// adapter keeps no rooms: who gets what is decided by the streams that sessions
// follow, and each delivery goes to the outboxes directly. So the library's own
// broadcasts reach nobody, and a connect costs no sets.
type adapter struct{ socket.Adapter }

// AddAll implements socket.Adapter.
func (*adapter) AddAll(socket.SocketId, *types.Set[socket.Room]) {}

// Del implements socket.Adapter.
func (*adapter) Del(socket.SocketId, socket.Room) {}

// DelAll implements socket.Adapter.
func (*adapter) DelAll(socket.SocketId) {}
