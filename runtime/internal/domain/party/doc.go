// Package party serves parties, which keep users together from one lobby or match to the next.
//
// [Service] applies the commands of package rules to the stream "party:{id}" by
// compare-and-set, and then applies their side effects: notices and memberships. [Handlers]
// implement the wire contract. A user is in one party at a time.
package party
