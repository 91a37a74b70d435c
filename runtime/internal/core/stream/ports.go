package stream

import (
	"context"
	"time"
)

// Store keeps streams. Its methods are safe for concurrent use and honour the context's
// deadline. Their errors wrap ErrUnavailable when the database does not answer.
type Store interface {
	// Commit applies c. Errors: *ConflictError, *BarredError, *RateError, ErrOutdated.
	Commit(ctx context.Context, c Commit) (Result, error)
	// Load reads a stream's position and document. Error: ErrNotFound.
	Load(ctx context.Context, id ID) (Snapshot, error)
	// CatchUp reads the records after a position, bounded by Within. For a stream that does
	// not exist it returns the zero position, Recovered only if from is zero too.
	CatchUp(ctx context.Context, id ID, from Position) (Catchup, error)
	// Page reads a part of the log.
	Page(ctx context.Context, id ID, q PageQuery) (Page, error)
}

// Caster publishes events that are not kept: they have no seq and are in no log. A cast
// event reaches the followers that are live at that moment, at most once.
type Caster interface {
	// Cast publishes an event without Control. Its data is delivered unchanged, without a
	// meta. Errors: ErrUnavailable.
	Cast(ctx context.Context, id ID, e Event) error
}

// Bars reads the bars that commits have set.
type Bars interface {
	// Barred returns the bar of a key in a stream. Errors: ErrUnavailable.
	Barred(ctx context.Context, id ID, key string) (Barred, error)
}

// PageQuery asks for up to Limit records before or after a seq, exclusive. When both are
// zero, it asks for the newest records.
type PageQuery struct {
	Before, After uint64
	Limit         int
}

// Page is a part of a stream's log in ascending seq.
type Page struct {
	Records []Record
	// More says that the log has further records in the requested direction.
	More bool
}

// Bus carries committed records to the pods that subscribed to their stream. A record may
// arrive late or twice, or get lost when the connection broke; the Hub corrects that. A few
// goroutines call Receive and Attached, which must not block.
type Bus interface {
	// Subscribe requests a stream's records. The Bus calls Receiver.Attached when the
	// subscription is confirmed, and again after each resubscription.
	Subscribe(id ID)
	// Unsubscribe ends the subscription.
	Unsubscribe(id ID)
	// Run delivers records to r until ctx ends.
	Run(ctx context.Context, r Receiver) error
}

// Receiver receives the records of a Bus and the confirmations of its subscriptions.
type Receiver interface {
	Receive(id ID, r Record)
	Attached(id ID)
}

// Names reserves unique names for a time, such as join codes.
type Names interface {
	// Claim reserves a name for owner; false when another owner has it. A repeated claim by
	// the same owner extends the time.
	Claim(ctx context.Context, space, name, owner string, ttl time.Duration) (bool, error)
	// Owner returns the owner of a name. Error: ErrNotFound.
	Owner(ctx context.Context, space, name string) (string, error)
	// Release frees a name if owner has it.
	Release(ctx context.Context, space, name, owner string) error
}

// Values are small values with an expiry, one for each name.
type Values interface {
	Put(ctx context.Context, space, name string, value []byte, ttl time.Duration) error
	// Get reads a value. Error: ErrNotFound.
	Get(ctx context.Context, space, name string) ([]byte, error)
	// Delete does nothing when there is no value.
	Delete(ctx context.Context, space, name string) error
}

// Sets are small bounded sets, such as the lobbies of a user.
type Sets interface {
	// Add adds a member; false when the set already has bound other members.
	Add(ctx context.Context, set, member string, bound int, ttl time.Duration) (bool, error)
	Remove(ctx context.Context, set, member string) error
	List(ctx context.Context, set string) ([]string, error)
}

// Deadlines are times at which any pod processes a stream. A deadline may fire early or
// more than once, so its handler must be idempotent. It survives the pod that scheduled it.
type Deadlines interface {
	// Schedule sets the deadline of id to at, unless an earlier deadline is set.
	Schedule(ctx context.Context, id ID, at time.Time) error
	// Run calls look for due streams, a bounded number at once, until ctx ends. look
	// returns the next deadline; the zero time means none. When look fails or the pod dies,
	// the deadline fires again within half a minute.
	Run(ctx context.Context, look func(ctx context.Context, id ID) (time.Time, error)) error
}

// Attempt is one execution of a request that has an idempotency key.
type Attempt struct {
	// Scope is the owner of the key: a user's id, or the scope of a server API.
	Scope, Key string
	// Hash is the request's hash: a key serves one request only.
	Hash [16]byte
	// Token identifies the attempt: 16 bytes of printable text.
	Token string
}

// Replies remember the answers to requests with an idempotency key, and keep two attempts
// of a request from running concurrently. An attempt holds its key for a lease; a store
// refuses its writes (see [Fence]) when the lease has ended.
type Replies interface {
	// Begin leases the key to an attempt, unless the answer is known, the key was used for
	// another request, or another attempt holds the lease. The key is remembered for ttl.
	Begin(ctx context.Context, a Attempt, lease, ttl time.Duration) (Reply, error)
	// Extend renews the lease and returns its new end, in milliseconds of the store's
	// clock. Error: ErrFenced when the attempt no longer holds the key.
	Extend(ctx context.Context, a Attempt, lease time.Duration) (until int64, err error)
	// Save remembers the answer and ends the lease. Error: ErrFenced when another attempt
	// holds the key or has answered.
	Save(ctx context.Context, a Attempt, answer []byte, ttl time.Duration) error
	// Abandon ends the lease without an answer, so that another attempt may begin at once.
	// It does nothing when the attempt no longer holds the key.
	Abandon(ctx context.Context, a Attempt) error
	// Forget is Abandon for a request that had no effect: it also frees the key for any
	// other request.
	Forget(ctx context.Context, a Attempt) error
}

// LeaseSkew is the time between the end of a lease and the next attempt. It bounds the
// clock difference of the nodes that keep the lease and the attempt's streams.
const LeaseSkew = 500 * time.Millisecond

// Reply is the result of Replies.Begin. When only Until is set, the attempt holds the key.
type Reply struct {
	// Known says that Answer is the remembered answer.
	Known  bool
	Answer []byte
	// Mismatch says that the key was used for another request.
	Mismatch bool
	// Held is the longest time for which another attempt holds the key, unless that attempt
	// ends or renews its lease.
	Held time.Duration
	// Until is the end of the lease, in milliseconds of the store's clock.
	Until int64
}
