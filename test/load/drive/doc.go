// Package drive is the load generator: many clients in raw frames over one epoll set, in
// one goroutine, so that it costs far less than the servers. It verifies its counts:
// every message must reach every member of its room exactly once.
//
// It runs on Linux only and is not safe for concurrent use.
package drive
