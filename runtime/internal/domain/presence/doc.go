// Package presence manages who is online, and their statuses.
//
// The presence of a user is a document in the stream "presence:{user}": the user's sessions,
// the status that the user has set, and the places where the platform has put the user. The
// pod of a session adds and removes it; another pod removes it after that pod's lease has
// expired. Both are idempotent.
//
// A pod subscribes to the stream of a watched user once, whatever the number of its
// connections that watch the user: see [Watcher].
package presence
