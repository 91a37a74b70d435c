// Package session manages connected users: identity and expiry, rights and rates, subscriptions,
// and the answers to requests.
//
// It connects a socket layer, seen as [Conn] and [Encoder], with the domains, whose handlers are
// in a [Router]. A [Manager] has all sessions of the process. A request passes [Session.Receive]
// (caps, rate), the session's queue (requests of one connection run in order), idempotency, the
// handler, the acknowledgement, and then the pushes of new subscriptions.
package session
