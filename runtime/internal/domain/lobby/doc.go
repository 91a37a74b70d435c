// Package lobby serves lobbies, in which players gather before a match.
//
// [Service] applies the commands of package rules to the stream "lobby:{id}" by
// compare-and-set, and then applies their side effects: notices, memberships, the search index.
// [Handlers] implement the wire contract. Package search finds public lobbies.
package lobby
