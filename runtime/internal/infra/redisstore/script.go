package redisstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it.
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/settle.lua
var settleLua string

//go:embed lua/commit.lua
var commitLua string

//go:embed lua/load.lua
var loadLua string

//go:embed lua/catchup.lua
var catchupLua string

//go:embed lua/page.lua
var pageLua string

//go:embed lua/claim.lua
var claimLua string

//go:embed lua/release.lua
var releaseLua string

//go:embed lua/add.lua
var addLua string

//go:embed lua/begin.lua
var beginLua string

//go:embed lua/hold.lua
var holdLua string

//go:embed lua/fence.lua
var fenceLua string

//go:embed lua/remove.lua
var removeLua string

//go:embed lua/schedule.lua
var scheduleLua string

//go:embed lua/take.lua
var takeLua string

//go:embed lua/done.lua
var doneLua string

//go:embed lua/renew.lua
var renewLua string

//go:embed lua/lapsed.lua
var lapsedLua string

//go:embed lua/enlist.lua
var enlistLua string

//go:embed lua/unlist.lua
var unlistLua string

//go:embed lua/index.lua
var indexLua string

//go:embed lua/walk.lua
var walkLua string

//go:embed lua/changes.lua
var changesLua string

//go:embed lua/settled.lua
var settledLua string

//go:embed lua/announce.lua
var announceLua string

//go:embed lua/spend.lua
var spendLua string

//go:embed lua/try.lua
var tryLua string

// script is a Lua script and the SHA-1 by which Redis identifies it.
type script struct{ source, sha string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return script{source: source, sha: hex.EncodeToString(sum[:])}
}

var (
	commitScript   = newScript(fenceLua + settleLua + commitLua)
	loadScript     = newScript(settleLua + loadLua)
	catchupScript  = newScript(settleLua + catchupLua)
	pageScript     = newScript(pageLua)
	claimScript    = newScript(fenceLua + claimLua)
	releaseScript  = newScript(releaseLua)
	addScript      = newScript(fenceLua + addLua)
	removeScript   = newScript(fenceLua + removeLua)
	beginScript    = newScript(beginLua)
	holdScript     = newScript(holdLua)
	scheduleScript = newScript(scheduleLua)
	takeScript     = newScript(takeLua)
	doneScript     = newScript(doneLua)
	renewScript    = newScript(renewLua)
	lapsedScript   = newScript(lapsedLua)
	enlistScript   = newScript(enlistLua)
	unlistScript   = newScript(unlistLua)
	indexScript    = newScript(indexLua)
	walkScript     = newScript(walkLua)
	changesScript  = newScript(changesLua)
	settledScript  = newScript(settledLua)
	announceScript = newScript(announceLua)
	spendScript    = newScript(spendLua)
	tryScript      = newScript(tryLua)
)

// command makes the call of a script, by EVALSHA or EVAL.
func (s script) command(ctx context.Context, verb, what string, keys []string, args []any) *redis.Cmd {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, verb, what, len(keys))
	for _, k := range keys {
		all = append(all, k)
	}
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3)
	return cmd
}

// run runs a script that is safe to repeat.
func (c *Client) run(ctx context.Context, s script, keys []string, args ...any) (any, error) {
	cmd := s.command(ctx, "evalsha", s.sha, keys, args)
	if err := c.rdb.Process(ctx, cmd); !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return cmd.Val(), err
	}
	cmd = s.command(ctx, "eval", s.source, keys, args)
	err := c.rdb.Process(ctx, cmd)
	return cmd.Val(), err
}

// single is a command that go-redis must not repeat by itself.
type single struct{ *redis.Cmd }

// NoRetry implements redis.Cmder.
func (single) NoRetry() bool { return true }

// runSingle runs a script that must not run twice. It retries only when the script
// certainly had no effect.
func (c *Client) runSingle(ctx context.Context, s script, keys []string, args ...any) (any, error) {
	verb, what := "evalsha", s.sha
	wait := backoff{min: 20 * time.Millisecond, max: 200 * time.Millisecond}
	for try := 0; ; {
		cmd := s.command(ctx, verb, what, keys, args)
		err := c.rdb.Process(ctx, single{cmd})
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			verb, what = "eval", s.source
			continue
		}
		if try++; err == nil || try > retries || !unsent(err) || !wait.sleep(ctx) {
			return cmd.Val(), err
		}
	}
}

var errReply = errors.New("redis: malformed reply of a script")

// parts returns a reply that is an array of at least n elements.
func parts(reply any, n int) ([]any, error) {
	p, ok := reply.([]any)
	if !ok || len(p) < n {
		return nil, fmt.Errorf("%w: %T", errReply, reply)
	}
	return p, nil
}

// text returns a string element; "" for nil.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// number parses a decimal element.
func number(v any) (uint64, error) {
	n, err := strconv.ParseUint(text(v), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errReply, err)
	}
	return n, nil
}
