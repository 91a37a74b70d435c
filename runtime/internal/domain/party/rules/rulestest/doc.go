// Package rulestest has the fixtures of tests of parties.
package rulestest
