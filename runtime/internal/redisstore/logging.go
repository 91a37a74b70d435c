package redisstore

import "github.com/redis/go-redis/v9/logging"

// The client library has one logger for the process, which writes lines of its own
// form to stderr. All it could tell comes back as an error, and is told there.
func init() { logging.Disable() }
