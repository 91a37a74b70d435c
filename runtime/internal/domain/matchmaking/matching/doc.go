// Package matching groups the tickets of a queue into matches. It is pure: it has no clock,
// no randomness and no store. The same tickets in any order give the same proposals.
//
// # Matches
//
// A match is a set of tickets, each in a team. Every team has between its min and its max
// players, and every required rule holds for all tickets. The window of a rule widens with
// a ticket's wait, and a match must be within the windows of all its tickets at that time.
// The longest wait is served first: each ticket, oldest first, gathers other tickets around
// it, nearest first, and among equally near tickets the oldest first. Until the oldest
// ticket of a match has waited PreferFullFor, all teams must be full.
//
// A ticket is a party or a single player. Its number is the mean of its players' numbers,
// its set the intersection of their sets, its latency to a region the highest of theirs.
// For an Equality rule their values must be equal.
//
// # Running matches
//
// Open places of running matches are filled with tickets that suit the present players, who
// count as one ticket that waits since the places opened. The nearest tickets come first,
// or those that the optional rules prefer. Every ticket that fits is taken.
// Teams need not be full, and TeamBalance is not checked, because players of a running
// match do not change teams.
//
// # Cost
//
// Tickets are in buckets by the attributes of required Equality rules. Within a bucket they
// are ordered by the number of the first required Distance rule; a search visits only
// tickets within the window, nearest first. For n tickets and matches of m tickets, that is
// O(n log n) to build, and O(m) for each match where most near tickets also fit. Each
// visited ticket that does not fit costs a visit. All visits of one run are bounded by
// looksPerTicket·n + looksAtLeast, which the oldest tickets may use first; after that each
// ticket has looksEach visits. A run thus ends in near-linear time even where many tickets
// can never be matched.
package matching
