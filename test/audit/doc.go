// Package audit runs a whole cluster under random acts and faults and checks from outside
// that every promise of the client contract held.
//
// A seed decides users, devices, servers, acts and faults ([plan]). The users act over
// several lanes at once on siotest's raw clients; every request, answer and push becomes
// a record ([trace]). After the faults, each stream is probed, the whole state is read,
// and the checks ([check]) judge the history.
//
// `make faults` runs a few fixed seeds, `make nightly` as many random ones as the time
// allows. Both are behind the build tag "faults"; the checks have tests without the tag.
// allows. Both are behind the build tag "faults"; the checks are tested with everything else.
package audit
