// Package notify keeps an inbox of notifications for each user.
//
// An inbox is a document in the stream "notify:{user}". What changes in it is told on
// the user's own stream, so that all of the user's devices hear the same: what came,
// what was read or went, and how many are unread. A change is committed first and told
// after; a look that was scheduled before the commit tells it once more, under the same
// idempotency key, so that a process that dies in between leaves nobody untold.
//
// Bounds: an inbox keeps [Settings].MaxPerUser notifications of back ends, each for Retention
// at most, and 256 KiB of them in all; of what other users cause it keeps a quarter as many
// and as much beside them. The oldest of the same kind go first. A user has 64 topics, a topic 16,384
// subscribers.
package notify
