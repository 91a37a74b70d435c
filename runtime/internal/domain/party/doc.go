// Package party keeps users together from one lobby or match to the next: who is
// in, who leads, who is asked in.
//
// The rules are pure: a command takes a [Party] and a moment, and gives the party
// after it with one patch for each thing that happened, or a *wire.Error. [Service]
// carries them to the stream "party:{id}" by compare-and-set, and [Handlers] speak
// the wire contract.
//
// A party does not exist for those who are not in it: they get not_found. They come
// in by an invite or by the party's code. A user is in one party at once.
package party
