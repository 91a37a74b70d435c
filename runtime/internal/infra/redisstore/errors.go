package redisstore

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// refusals are the replies with which Redis refuses a command that it did not run, for now
// or for this user.
var refusals = []string{
	"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "OOM", "NOREPLICAS", "MISCONF", "TRYAGAIN",
	"BUSY", "MOVED", "ASK", "NOAUTH", "WRONGPASS", "NOPERM", "ERR max number of clients",
}

// passing are the refusals that may end within a moment.
var passing = []string{"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN"}

// unavailable wraps an error of Redis with the operation. The result wraps
// stream.ErrUnavailable where Redis did not answer or cannot serve the command now.
func unavailable(op string, err error) error {
	if err == nil {
		return nil
	}
	var reply redis.Error
	if errors.As(err, &reply) && !says(reply, refusals) {
		return fmt.Errorf("redis: %s: %w", op, err)
	}
	return fmt.Errorf("redis: %s: %w: %w", op, stream.ErrUnavailable, err)
}

// temporary reports whether a retry may succeed soon.
func temporary(err error) bool {
	var reply redis.Error
	return !errors.As(err, &reply) || says(reply, refusals)
}

// unsent reports whether a command certainly had no effect, because Redis refused it or was
// not reached. Such a command can be sent again even if it must not run twice.
func unsent(err error) bool {
	var reply redis.Error
	if errors.As(err, &reply) {
		return says(reply, passing)
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// says reports whether a reply has one of the codes. Redis 6 puts the code of a failed
// command inside a script into the middle of its message.
func says(reply redis.Error, codes []string) bool {
	text := reply.Error()
	for _, code := range codes {
		if strings.HasPrefix(text, code) || strings.Contains(text, " -"+code+" ") {
			return true
		}
	}
	return false
}
