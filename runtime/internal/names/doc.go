// Package names makes the names that users meet or that requests need: join codes
// that can be read out, and ids that a repeated request gets again.
package names
