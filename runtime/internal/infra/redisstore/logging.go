package redisstore

import "github.com/redis/go-redis/v9/logging"

// go-redis has a single logger per process, which writes its own format to stderr. All its
// failures are also returned as errors, and logged by the caller.
func init() { logging.Disable() }
