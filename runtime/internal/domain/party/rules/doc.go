// Package rules decides how a party changes.
//
// A command takes a [Party] and a time, and returns the next party with one patch for each
// event, or a *wire.Error. The package imports no store and no context, so that a command
// cannot read or write anything else.
//
// For a user who is not a member, a party does not exist: the answer is not_found. A user joins
// by an invite or by the party's code.
package rules
