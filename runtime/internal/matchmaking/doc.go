// Package matchmaking turns tickets into matches: players and parties queue, a
// matcher finds who belongs together (package matching), asks them whether they are
// there, and has the place made where they play.
//
// # Where the truth is
//
// Each queue is a book of a ledger: its tickets, its rounds (matches that are
// proposed or being handed over), who is in which ticket, and what is still to be
// told. Everything that belongs together changes in one step: a match takes all its
// tickets or none, and a ticket leaves with its entry among its players'.
//
// # Who does what
//
// Any pod takes requests and changes books by compare-and-set. Matches are made and
// handed over by one pod a queue, which holds the book's lease; each of its steps is
// fenced, so that one that was paused and has lost the lease can change nothing. The
// lease lapses 5 s after its holder died, and another pod goes on from what the book
// says. Places are made beside the intervals: one that is slow to be made holds up nothing
// but its own match.
//
// # Open places
//
// The lobby of a match keeps what its players were matched by. Where the queue fills open
// places, its host may ask for players: the book then has a backfill of the lobby, and at
// each interval the matcher reads who plays there, and offers what is free to tickets as
// it offers matches. One round at a time fills a lobby, and the lobby lets nobody in
// beyond its places, so that each is given once.
//
// # What is told
//
// What players are to be told is part of the step that makes it true: it lies in the
// book's outbox until it is committed to their own streams, once each, by whoever
// made the step or, if that died, by the matcher. So are the notifications of those who
// are away, and what follows for presence.
package matchmaking
