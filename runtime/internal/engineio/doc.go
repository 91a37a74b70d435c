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
// A [Frame] is encoded once and shared by all sockets it is sent to. Each
// WebSocket has an outbox bounded in bytes and belongs to one of a few flushers,
// one per CPU. An idle flusher writes at once; a busy one finds more than one
// frame in an outbox when it gets there and writes them together. Writes never
// block: what the kernel does not take waits until the connection can be written
// again, at most the write timeout.
//
// # Inbound
//
// The WebSocket frames are our own. Libraries were measured or read before: what
// they cost is a goroutine and buffered readers per connection, which is most of
// the memory of an idle client, and they hide the connection that a coalescing,
// never-blocking writer needs. On Linux a plain TCP connection is taken over from
// net/http as a file descriptor and watched by epoll, which itself is watched by
// the runtime's poller; an idle connection then has no goroutine, no stack and no
// buffer. Elsewhere, and over TLS or wrapped connections, each connection has a
// reading goroutine; everything above is the same.
package engineio
