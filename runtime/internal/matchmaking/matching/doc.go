// Package matching decides which tickets of a queue belong together. It is pure: no
// clock, no randomness, no store; the same tickets in any order give the same
// proposals.
//
// # What a match is
//
// A set of tickets, each in a team, so that every team has between its min and its
// max players and every required rule holds for all of them. The window of a rule
// widens with the wait of each ticket, and a match has to lie within the windows of
// all its tickets at that instant. Who waits longest is served first: each ticket in
// turn, oldest first, gathers others around it, the nearest first, and among equally
// near ones the oldest. Until the oldest ticket of a match has waited preferFullFor,
// all teams have to be full.
//
// A ticket is a party, or a party of one. Its number is the mean of its players', its
// set what they all have, its latency to a region the highest among them; for an
// Equality rule they have to agree.
//
// # Running matches
//
// Open places of running matches are filled with the tickets that suit who plays there
// already, who count as one ticket that waits since the places are open: the nearest
// first, or those that the rules which are not required prefer. Whatever fits is taken;
// teams need not be full, and TeamBalance is not judged, since nobody changes teams in a
// match that runs.
//
// # Cost
//
// Tickets are put into buckets by what required Equality rules compare, and within a
// bucket in order of the number that the first required Distance rule compares; only
// what lies in the window is looked at, from the nearest outwards. For n tickets and
// matches of m, that is O(n log n) to build, and O(m) for each match where most of
// what lies near also fits. What does not fit costs a look; all looks of one run are
// bounded by [looksPerTicket]·n + [looksAtLeast], the oldest tickets may use them
// first, and after that each ticket has [looksEach]. So a run ends in near-linear
// time even where many tickets can never be matched.
package matching
