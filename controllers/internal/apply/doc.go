// Package apply writes objects to the API server by server-side apply with a single field owner. It
// writes only objects that differ, never an object with another controller, and deletes objects
// that are no longer desired. It compares with the live object and its managed fields, so that a
// second reconcile writes nothing, not even after a restart of the operator.
package apply
