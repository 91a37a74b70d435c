// Package drive is the load: many clients in raw frames over one epoll set, in
// one goroutine, so that it costs far less than what it drives. It proves what it
// counts: every message has to reach every member of its room exactly once.
//
// It runs on Linux only, and nothing in it is safe for concurrent use.
package drive
