package redisstore

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// refusals are the replies by which Redis says that it cannot do it now, or not
// for us: the command was not carried out.
var refusals = []string{
	"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "OOM", "NOREPLICAS", "MISCONF", "TRYAGAIN",
	"BUSY", "MOVED", "ASK", "NOAUTH", "WRONGPASS", "NOPERM", "ERR max number of clients",
}

// passing are those among them that may be over in a moment.
var passing = []string{"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN"}

// unavailable wraps an error of Redis with what was tried. Where Redis did not
// answer, or cannot do it now, the result wraps stream.ErrUnavailable.
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

// temporary tells whether trying again soon may help.
func temporary(err error) bool {
	var reply redis.Error
	return !errors.As(err, &reply) || says(reply, refusals)
}

// unsent tells whether a command surely had no effect, so that it can be repeated
// even if it must not happen twice: Redis refused it, or was never reached.
func unsent(err error) bool {
	var reply redis.Error
	if errors.As(err, &reply) {
		return says(reply, passing)
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// says tells whether a reply has one of the codes. Redis 6 puts the code of what
// failed inside a script into the middle of its message.
func says(reply redis.Error, codes []string) bool {
	text := reply.Error()
	for _, code := range codes {
		if strings.HasPrefix(text, code) || strings.Contains(text, " -"+code+" ") {
			return true
		}
	}
	return false
}
