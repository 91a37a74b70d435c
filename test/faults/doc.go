// Package faults proves at the socket that nothing is lost while parts of a cluster
// fail: a [crowd.Crowd] on three server processes goes on, and in the end each
// acknowledged message was heard by every member exactly once, in order.
//
// `make faults` runs it; it takes minutes, so that it is behind the build tag
// "faults". The check itself is tested with everything else.
package faults
