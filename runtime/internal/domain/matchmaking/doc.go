// Package matchmaking turns tickets into matches. Players and parties enqueue; a matcher
// groups their tickets (package matching), asks the players to accept, and hands the match
// off to the place where it is played.
//
// # State
//
// Each queue has a partition of records: its tickets, its proposals (matches that are proposed or
// being handed off), the tickets of each user, and an outbox of pushes. Related records
// change in one step. A match takes all its tickets or none, and a ticket is deleted
// together with its entry among its players' tickets.
//
// # Roles
//
// Any pod serves requests and changes partitions by compare-and-set. For each queue, the pod
// that holds the partition's lease makes the matches and hands them off. Each of its steps is
// fenced, so a pod that was paused and has lost the lease can change nothing. The lease
// expires 5 s after its holder's death, and another pod continues from its records. Hand-offs
// run concurrently to the passes, so a slow hand-off delays only its own match.
//
// # Backfill
//
// The lobby of a match keeps the profiles of its players. Where the queue allows backfill,
// the lobby's host may ask for players. The partition then has a backfill of the lobby. At each
// pass the matcher reads the lobby's players and offers the open places to tickets, as
// it offers matches. One proposal at a time fills a lobby, and the lobby refuses players
// beyond its places, so each place is given once.
//
// # Pushes
//
// A push to players is part of the step that it reports: it is in the partition's outbox until
// it is committed to the user streams, once each. The pod that made the step delivers it;
// if that pod dies, the matcher does. Notifications of offline users and updates of
// presence follow from the same outbox message.
package matchmaking
