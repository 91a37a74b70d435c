package stream

import (
	"context"
	"time"
)

// Store keeps streams. Its methods are safe for concurrent use, return errors
// that wrap ErrUnavailable when the database does not answer, and honour the
// context's deadline.
type Store interface {
	// Commit applies c. Errors: *ConflictError, *BarredError, *RateError,
	// ErrOutdated.
	Commit(ctx context.Context, c Commit) (Result, error)
	// Load reads where a stream is, with its document. Error: ErrNotFound.
	Load(ctx context.Context, id ID) (Snapshot, error)
	// CatchUp reads what came after a position. A stream that does not exist
	// answers the zero position, recovered only if from is zero too. It reads no more than
	// Within says.
	CatchUp(ctx context.Context, id ID, from Position) (Catchup, error)
	// Page reads a part of the log.
	Page(ctx context.Context, id ID, q PageQuery) (Page, error)
}

// Caster tells the followers of a stream something that is not worth keeping: it has no
// seq, is in no log, and reaches those who are live at that moment, at most once.
type Caster interface {
	// Cast publishes an event without Control. Its data is delivered as it is, without
	// a meta. Errors: ErrUnavailable.
	Cast(ctx context.Context, id ID, e Event) error
}

// Bars reads what Bar of a commit has set.
type Bars interface {
	// Barred gives the bar of a key in a stream. Errors: ErrUnavailable.
	Barred(ctx context.Context, id ID, key string) (Barred, error)
}

// PageQuery asks for up to Limit records before or after a seq, without that
// seq's own; with both zero, for the newest.
type PageQuery struct {
	Before, After uint64
	Limit         int
}

// Page is a part of a stream's log in ascending seq.
type Page struct {
	Records []Record
	// More tells that the log has further records in the direction asked.
	More bool
}

// Bus carries committed records to the pods that asked for their stream.
// A record may arrive late, twice, or, when the connection broke, never:
// the Hub puts that right. Receive and Attached are called from few goroutines
// and must not block.
type Bus interface {
	// Subscribe asks for a stream's records; Receiver.Attached follows when the
	// subscription stands, and again whenever it had to be made anew.
	Subscribe(id ID)
	// Unsubscribe takes it back.
	Unsubscribe(id ID)
	// Run carries records to r until ctx ends.
	Run(ctx context.Context, r Receiver) error
}

// Receiver is told what a Bus carries.
type Receiver interface {
	Receive(id ID, r Record)
	Attached(id ID)
}

// Names hands out unique names with an expiry, such as join codes.
type Names interface {
	// Claim takes a name for owner; false when another owner has it. Claiming
	// again as the same owner extends the time.
	Claim(ctx context.Context, space, name, owner string, ttl time.Duration) (bool, error)
	// Owner looks a name up. Error: ErrNotFound.
	Owner(ctx context.Context, space, name string) (string, error)
	// Release gives a name back if owner has it.
	Release(ctx context.Context, space, name, owner string) error
}

// Values are small values with an expiry, one a name.
type Values interface {
	Put(ctx context.Context, space, name string, value []byte, ttl time.Duration) error
	// Get reads a value. Error: ErrNotFound.
	Get(ctx context.Context, space, name string) ([]byte, error)
	// Delete is harmless where there is no value.
	Delete(ctx context.Context, space, name string) error
}

// Sets are small bounded sets, such as the lobbies a user is in.
type Sets interface {
	// Add puts a member in, unless it would be one of more than bound; false then.
	Add(ctx context.Context, set, member string, bound int, ttl time.Duration) (bool, error)
	Remove(ctx context.Context, set, member string) error
	List(ctx context.Context, set string) ([]string, error)
}

// Deadlines are moments at which a stream wants to be looked at, by any pod.
// They may fire early or more than once, so looking must be harmless; they
// survive the pod that set them.
type Deadlines interface {
	// Schedule asks for a look at id no later than at; an earlier one stands.
	Schedule(ctx context.Context, id ID, at time.Time) error
	// Run calls look for streams that are due, a bounded number at once, until
	// ctx ends. look returns when to look again; the zero time means never. When it
	// fails or the pod dies, another look follows within half a minute.
	Run(ctx context.Context, look func(ctx context.Context, id ID) (time.Time, error)) error
}

// Attempt is one try to carry out a request that has an idempotency key.
type Attempt struct {
	// Scope is the owner of the key: a user's id, or the scope of a server API. Key is
	// the key itself.
	Scope, Key string
	// Hash is that of the request: a key serves one request only.
	Hash [16]byte
	// Token identifies the attempt: 16 bytes of printable text.
	Token string
}

// Replies remember the answers to requests that carried an idempotency key, and keep the
// attempts of one request from running at the same time: an attempt holds its key for
// a lease, and a store refuses its writes (see [Fence]) when the lease has ended.
type Replies interface {
	// Begin holds the key for an attempt until a lease ends, unless the answer is known,
	// the key was used for another request, or another attempt holds it. The key is
	// known for ttl.
	Begin(ctx context.Context, a Attempt, lease, ttl time.Duration) (Reply, error)
	// Extend renews the lease and gives its new end, in milliseconds of the store's
	// clock. Error: ErrFenced when the attempt no longer holds the key.
	Extend(ctx context.Context, a Attempt, lease time.Duration) (until int64, err error)
	// Save remembers the answer and ends the lease. Error: ErrFenced when another attempt
	// holds the key or has answered.
	Save(ctx context.Context, a Attempt, answer []byte, ttl time.Duration) error
	// Abandon ends the lease without an answer: another attempt may begin at once. It
	// does nothing when the attempt no longer holds the key.
	Abandon(ctx context.Context, a Attempt) error
	// Forget is Abandon for a request that had no effect: the key is free for any
	// request.
	Forget(ctx context.Context, a Attempt) error
}

// LeaseSkew is how long after the end of a lease the next attempt may begin: by so much
// may the clocks differ of the nodes that keep the lease and the attempt's streams.
const LeaseSkew = 500 * time.Millisecond

// Reply is the outcome of Replies.Begin. When nothing but Until is set, the attempt
// holds the key.
type Reply struct {
	// Known says that Answer is the remembered answer.
	Known  bool
	Answer []byte
	// Mismatch says that the key was used for another request.
	Mismatch bool
	// Held is how long another attempt may hold the key, unless it ends or renews its
	// lease before.
	Held time.Duration
	// Until is the end of the lease, in milliseconds of the store's clock.
	Until int64
}
