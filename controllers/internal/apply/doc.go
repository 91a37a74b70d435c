// Package apply brings objects into the API server: with server-side apply and one
// field owner, only where something differs, never onto an object that belongs to
// somebody else, and taking away what is no longer wanted.
//
// Whether something differs is read from the live object and its managed fields,
// so that a second reconcile, also of a restarted operator, writes nothing.
package apply
