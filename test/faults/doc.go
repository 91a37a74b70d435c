// Package faults verifies at the socket that no data is lost while parts of a cluster
// fail. A [crowd.Crowd] on three server processes keeps running, and at the end every
// member must have received each acknowledged message exactly once, in order.
//
// `make faults` runs the tests. They take minutes, so they require the build tag
// "faults"; the check itself has tests without the tag.
package faults
