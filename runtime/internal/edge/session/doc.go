// Package session is one connected user: who it is and until when, what it may
// do and how often, which streams it follows, and the answer to each of its
// requests.
//
// It stands between a socket layer, which it knows as [Conn] and [Encoder], and
// the domains, whose handlers a [Router] holds. A [Manager] has all sessions of
// the process. A message's way is: [Session.Receive] (caps, rate), the session's
// queue (requests of one connection run in order), idempotency, the handler, the
// acknowledgement, and only then the pushes of what the request followed.
package session
