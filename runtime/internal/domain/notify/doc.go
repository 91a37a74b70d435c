// Package notify manages an inbox of notifications for each user.
//
// An inbox is a document in the stream "notify:{user}". Changes of the inbox are pushed on
// the user stream, so all devices of the user get the same events: new notifications, read
// and deleted notifications, and the number of unread notifications. A change is committed
// first and pushed afterwards. A deadline that is scheduled before the commit pushes the
// change again under the same idempotency key, in case the process died in between.
//
// Bounds: an inbox has [Settings].MaxPerUser notifications of back ends, each for Retention
// at most, and 256 KiB of them in total. Notifications that other users cause have separate
// bounds of a quarter of that number and size. At a bound the oldest notification of the
// same kind is removed. A user has 64 topics, and a topic 16,384 subscribers.
package notify
