// Package redisstore keeps streams in Redis: one server, a Sentinel group, a
// Cluster, or the embedded miniredis.
//
// All keys of a stream, and its channel, carry the stream's id as hash tag, so a
// commit is one script on one node. The scripts in lua/ are the whole of what runs
// inside Redis; lua/settle.lua explains how a stream's epoch stays honest when
// Redis loses writes.
package redisstore
