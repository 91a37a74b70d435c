package stream

import "sync"

// Delivery is a record for the local followers of a stream. All followers share a
// Delivery, so that it is encoded once.
type Delivery struct {
	Stream ID
	Record

	once  sync.Once
	frame any
}

// Encoded returns the delivery as encoded by encode, which runs at most once. All callers
// must pass an equivalent encode.
func (d *Delivery) Encoded(encode func(*Delivery) any) any {
	d.once.Do(func() { d.frame = encode(d) })
	return d.frame
}

// Sink receives the records of a follower. Its methods are called in order, and not
// concurrently, for each attachment; attachments that share a Sink may call it
// concurrently. The methods must not block and must not call the Hub.
type Sink interface {
	// Deliver receives each record once, in the order of seq. Cast events (seq 0) arrive in
	// between.
	Deliver(d *Delivery)
	// Reset receives a snapshot when the missed records are not available, because the
	// epoch changed or the log no longer contains them.
	Reset(id ID, now Snapshot)
}

// Follower subscribes the requesting connection to streams, for a domain's handler.
type Follower interface {
	// Follow subscribes the connection to a stream. The connection receives the records
	// after from once the current request is acknowledged. Errors: *wire.Error with
	// resource_exhausted beyond the connection's bound; ErrUnavailable.
	Follow(id ID, from Position) error
	// Unfollow unsubscribes the connection; it ignores streams that are not subscribed.
	Unfollow(id ID)
	// Follows reports whether the connection is subscribed to the stream.
	Follows(id ID) bool
}
