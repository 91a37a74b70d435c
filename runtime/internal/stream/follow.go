package stream

import "sync"

// Delivery is a record on its way to the local followers of a stream. All of
// them get the same Delivery, so that it is encoded once.
type Delivery struct {
	Stream ID
	Record

	once  sync.Once
	frame any
}

// Encoded gives the delivery in the form that encode makes, made at most once.
// All callers must mean the same form.
func (d *Delivery) Encoded(encode func(*Delivery) any) any {
	d.once.Do(func() { d.frame = encode(d) })
	return d.frame
}

// Sink receives what a follower is due. Its methods are called in order and one at
// a time for each attachment, but for several attachments at once if they share a
// Sink. They must not block, and must not call back into the Hub.
type Sink interface {
	// Deliver is given each record once, in the order of seq; what was cast (seq 0)
	// comes in between.
	Deliver(d *Delivery)
	// Reset is given the state of now when records in between cannot be had:
	// the epoch changed, or the log no longer reaches back.
	Reset(id ID, now Snapshot)
}

// Follower lets a domain's handler subscribe the connection that asks.
type Follower interface {
	// Follow subscribes the connection to a stream. Records after from are pushed
	// once the current request is acknowledged. Errors: *wire.Error with
	// resource_exhausted beyond the connection's bound; ErrUnavailable.
	Follow(id ID, from Position) error
	// Unfollow takes it back; unknown streams are ignored.
	Unfollow(id ID)
	// Follows tells whether the connection follows the stream.
	Follows(id ID) bool
}
