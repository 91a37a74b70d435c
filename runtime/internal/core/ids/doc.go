// Package ids generates join codes that users can read out, and ids that stay the same
// when a request is repeated.
package ids
