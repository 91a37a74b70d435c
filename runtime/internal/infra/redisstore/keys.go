package redisstore

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// keys builds the names of keys and channels.
type keys struct {
	prefix string
	db     int
}

// tagged returns the prefix of a group of keys on one node.
func (k keys) tagged(tag string) string { return k.prefix + "{" + tag + "}" }

func (k keys) hash(id stream.ID) string { return k.tagged(string(id)) + ":h" }
func (k keys) log(id stream.ID) string  { return k.tagged(string(id)) + ":l" }

// once uses a digest, because scope and key may be long.
func (k keys) once(o *stream.Once, id stream.ID) string {
	return k.tagged(string(id)) + ":o:" + digest(o.Scope, o.Key)
}

func (k keys) rate(r *stream.Rate, id stream.ID) string {
	return k.tagged(string(id)) + ":r:" + digest(r.Key)
}

func (k keys) bar(key string, id stream.ID) string {
	return k.tagged(string(id)) + ":b:" + digest(key)
}

func (k keys) order(key string, id stream.ID) string {
	return k.tagged(string(id)) + ":n:" + digest(key)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// channelEnd is the suffix of a stream's channel. Redis channels are not separated by
// database, so the suffix has the database's number.
func (k keys) channelEnd() string {
	if k.db == 0 {
		return "}:c"
	}
	return "}:c" + strconv.Itoa(k.db)
}

func (k keys) channel(id stream.ID) string { return k.prefix + "{" + string(id) + k.channelEnd() }

// stream returns the stream of a channel; false for a channel of another kind.
func (k keys) stream(channel string) (stream.ID, bool) {
	id, ok := strings.CutPrefix(channel, k.prefix+"{")
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(id, k.channelEnd())
	return stream.ID(id), ok
}

// beat is the channel of a bus's heartbeats, and probe the channel of a Probe; tag selects
// the node.
func (k keys) beat(tag string) string  { return k.tagged(tag) + ":beat" }
func (k keys) probe(tag string) string { return k.tagged(tag) + ":probe" }

func (k keys) busMode() string                { return k.prefix + "bus" }
func (k keys) name(space, name string) string { return k.prefix + "n:" + space + ":" + name }
func (k keys) value(space, name string) string {
	return k.prefix + "v:" + space + ":" + name
}
func (k keys) set(name string) string        { return k.prefix + "s:" + name }
func (k keys) reply(user, key string) string { return k.tagged("u:"+user) + ":k:" + digest(key) }

// due has the deadlines of a shard, held the deadlines that a pod is processing.
func (k keys) due(shard int) string  { return k.tagged("deadlines:"+strconv.Itoa(shard)) + ":due" }
func (k keys) held(shard int) string { return k.tagged("deadlines:"+strconv.Itoa(shard)) + ":held" }

// The registry of pods: leases by their end; sweeps by their end, with marks of pods that
// came back; the number of sessions of each user; the sessions of a pod; and the pods'
// endpoints by the end of their leases.
func (k keys) leases() string             { return k.tagged("pods") + ":leases" }
func (k keys) sweeps() string             { return k.tagged("pods") + ":sweeps" }
func (k keys) online() string             { return k.tagged("pods") + ":online" }
func (k keys) sessions(pod string) string { return k.tagged("pods") + ":s:" + pod }
func (k keys) endpoints() string          { return k.tagged("pods") + ":endpoints" }

// bucket and tries are the keys of an owner's budgets.
func (k keys) bucket(owner, key string) string {
	return k.tagged("budget:"+owner) + ":g:" + digest(key)
}
func (k keys) tries(owner, key string) string {
	return k.tagged("budget:"+owner) + ":t:" + digest(key)
}

// lobbies returns the prefix of the index's keys for a type of lobby.
func (k keys) lobbies(lobbyType string) string { return k.tagged("lobbies:"+lobbyType) + ":" }
