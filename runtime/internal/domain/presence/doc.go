// Package presence knows who is connected and what they do.
//
// What is known of a user is a document in the stream "presence:{user}": its sessions,
// what it said of itself, and where the platform has put it. Sessions are entered and
// struck off by the pod that has them, or by another one when that pod's lease has
// lapsed; both may be repeated.
//
// A pod follows the stream of a watched user once, whatever the number of its
// connections that watch: see [Watcher].
package presence
