// Package budget bounds what one user can cost others: how often a user may act on other
// users, write in chat, and guess passwords and codes.
//
// [Acts] declares, for each request of the contract, which budget it draws on, or why it
// reaches nobody else. A [Guard] counts in the store, so that a user has one budget on all
// pods. A refusal is rate_limited with retryAfterMs.
//
// Bounds: the state of a user is one key for each budget, pair and target in the store, and
// each key expires when its bucket is full again.
package budget
