// Package redisstore keeps streams in Redis: a single server, a Sentinel group, a Cluster,
// or the embedded miniredis.
//
// All keys of a stream, and its channel, have the stream's id as hash tag, so that a commit
// is one script on one node. All scripts are in lua/. lua/settle.lua explains how a stream
// gets a new epoch when Redis may have lost writes.
package redisstore
