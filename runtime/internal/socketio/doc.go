// Package socketio speaks Socket.IO v5 on Engine.IO v4 to clients, over WebSocket
// and HTTP polling, and hands connections to package session. It is the only
// package that knows the Socket.IO library, and keeps little of it: the library
// has the transports and the step from CONNECT to a connected socket; packets are
// read and written here, so that a payload stays the bytes it came as, a push is
// encoded once for all who get it, and nothing binary is ever buffered.
//
// In front of the library stands a gate. It checks origins, sizes and query
// parameters, and mends what the library's engine gets wrong and can be mended
// from outside:
//
//   - reading from a WebSocket begins only when the engine listens, so that no
//     CONNECT is lost;
//   - a poll that waits is answered when its session ends;
//   - a poll whose client has gone cannot be written to any more;
//   - a request body is read whole or refused with 413, and refused with 400 when
//     it is not a payload;
//   - error codes are those of the reference implementation.
package socketio
