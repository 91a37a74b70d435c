// Package crowd is members of lobbies who chat and change their attributes while parts of
// a cluster fail, come back when they are cut, and check every push; in the
// end each acknowledged message was heard by every member exactly once, in order.
package crowd
