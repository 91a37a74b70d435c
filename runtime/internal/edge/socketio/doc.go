// Package socketio speaks Socket.IO v5 to clients and hands connections to
// package session. It is the only package that knows the Socket.IO library.
//
// Three layers meet here. Below is package engineio: transports, heartbeats, the
// bounded outbox of each client. In the middle the library is bound to it (Bind,
// engine, link): it carries out the CONNECT of a client, from the middleware to
// the answer. And once that answer is sent, the library lets go of the client,
// and with it of all that it would keep for each of them: from then on what a
// client sends goes from the engine through the parser here to its session, and
// what it is sent goes straight to its outbox, as frames that are encoded once
// for all who get them. Nothing binary is ever accepted.
package socketio
