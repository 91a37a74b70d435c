// Package rulestest has the fixtures of tests of lobbies: a policy, users, lobbies, random
// commands, and checks of every state.
package rulestest
