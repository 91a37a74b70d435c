// Package engineio is an Engine.IO server, protocol revision 4: handshakes,
// HTTP long-polling, WebSocket, the upgrade from one to the other, heartbeats
// and bounded outboxes. It knows nothing of Socket.IO.
//
// A [Server] is an http.Handler. Its owner gives it a [Handler] and gets a
// [Socket] per session; the callbacks of one socket come in order and never at
// the same time. Nothing is read from a client before Open has returned, so no
// first packet can be lost.
//
// # Outbound
//
// A [Frame] is encoded once and shared by all sockets that send it. Each WebSocket has an outbox
// bounded in bytes and belongs to a flusher; there is one flusher per CPU. An idle flusher writes
// at once, after goroutines that are ready to add frames have run; a busy flusher finds several
// frames in an outbox when it gets there. Frames that wait together are written together. Writes
// never block: bytes that the kernel does not accept wait until the connection is writable again,
// at most the write timeout.
//
// # Inbound
//
// On Linux a plain TCP connection is taken over from net/http as a file descriptor
// and watched by an epoll set, which itself is watched by the runtime's poller: an
// idle connection then has no goroutine, no stack and no buffer. A goroutine of a
// pool reads while there is something to read. Elsewhere, and over TLS or wrapped
// connections, each connection has a reading goroutine; all else is the same.
//
// # Why no WebSocket library
//
// The frames are our own, after measurement (the benchmarks of this package). A
// library keeps a goroutine and a buffered reader per connection: with 10,000 idle
// clients that was 9.1 KB of resident memory for each with lxzan/gws 1.8.9, 9.1 KB
// with our own reading goroutines, and 1.8 KB with epoll, session included. And
// libraries write each frame with a system call of its own and block in it, where
// nearly all the time of a broadcast goes: coalescing, a message delivered in rooms
// of 100 took 1.0 s of one core per million with 4 messages under way and 0.3 s
// with 16, against 3.1 s and 2.8 s with gws in the same run.
package engineio
