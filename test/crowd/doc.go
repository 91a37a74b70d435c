// Package crowd simulates members of lobbies who chat and change their attributes while
// parts of a cluster fail. They reconnect after a cut and check every push; at the end,
// every member must have received each acknowledged message exactly once, in order.
package crowd
