package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
)

// Lobbies is search.Index on Redis; index.lua describes its keys. All keys of a lobby type
// are on one node.
type Lobbies struct{ c *Client }

// Lobbies returns the client's index of lobbies.
func (c *Client) Lobbies() *Lobbies { return &Lobbies{c: c} }

const (
	fieldMark = "\x1f"
	keyMark   = "\x1e"
	entryMark = "\x1d"
)

// header encodes an entry without its id and card.
func header(e search.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s", e.Epoch, e.Version, flag(e.Listed))
	for _, field := range slices.Sorted(maps.Keys(e.Keys)) {
		b.WriteString(fieldMark + field + keyMark + e.Keys[field])
	}
	b.WriteString(fieldMark) // terminates the last key
	return b.String()
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// parseHeader decodes a header. An invalid header gives version 0, which no lobby has.
func parseHeader(id, text string) search.Entry {
	e := search.Entry{ID: id}
	head, fields, _ := strings.Cut(text, fieldMark)
	if f := strings.Split(head, " "); len(f) == 3 {
		version, err := strconv.ParseUint(f[1], 10, 64)
		if err == nil {
			e.Epoch, e.Version, e.Listed = f[0], version, f[2] == "1"
		}
	}
	e.Keys = make(map[string]string, 12)
	for fields != "" {
		var field string
		field, fields, _ = strings.Cut(fields, fieldMark)
		if name, key, has := strings.Cut(field, keyMark); has {
			e.Keys[name] = key
		}
	}
	return e
}

// Put implements search.Index.
func (l *Lobbies) Put(ctx context.Context, lobbyType string, e search.Entry) (bool, error) {
	base := l.c.keys.lobbies(lobbyType)
	reply, err := l.c.runTogether(ctx, indexScript, []string{base + "k"},
		base, e.ID, e.Epoch, e.Version, flag(e.Gone), flag(e.Listed), header(e), e.Card)
	return reply == int64(1), unavailable("index a lobby", err)
}

// bounds returns the lowest and the highest member of a span.
func bounds(s search.Span) (least, most string) { return "[" + s.From, "[" + s.To + "\x00\xff" }

// Count implements search.Index.
func (l *Lobbies) Count(ctx context.Context, lobbyType string, spans []search.Span) ([]int, error) {
	base := l.c.keys.lobbies(lobbyType)
	replies := make([]*redis.IntCmd, len(spans))
	_, err := l.c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, s := range spans {
			least, most := bounds(s)
			replies[i] = p.ZLexCount(ctx, base+"f:"+s.Field, least, most)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable("count lobbies", err)
	}
	counts := make([]int, len(spans))
	for i, r := range replies {
		counts[i] = int(r.Val())
	}
	return counts, nil
}

// Walk implements search.Index.
func (l *Lobbies) Walk(ctx context.Context, lobbyType string, w search.Walk) (search.Walked, error) {
	base := l.c.keys.lobbies(lobbyType)
	least, most := bounds(w.Span)
	if at := "(" + w.Mark.Key + "\x00" + w.Mark.ID; w.Mark.ID != "" {
		if w.Descending && at[1:] < most[1:] {
			most = at
		}
		if !w.Descending && at[1:] > least[1:] {
			least = at
		}
	}
	args := []any{base, w.Field, least, most, flag(w.Descending), w.Read, w.Limit, w.By}
	for _, spans := range w.Where {
		if len(spans) == 0 {
			return search.Walked{Over: true}, nil
		}
		args = append(args, spans[0].Field, len(spans))
		for _, s := range spans {
			args = append(args, s.From, s.To)
		}
	}
	reply, err := l.c.run(ctx, walkScript, []string{base + "k"}, args...)
	if err != nil {
		return search.Walked{}, unavailable("walk lobbies", err)
	}
	return walked(reply)
}

// walked decodes the reply of walk.lua.
func walked(reply any) (search.Walked, error) {
	p, err := parts(reply, 4)
	if err != nil {
		return search.Walked{}, err
	}
	var found []string
	if all := text(p[3]); all != "" {
		found = strings.Split(all, entryMark)
	}
	read, _ := p[0].(int64)
	out := search.Walked{Read: int(read), Over: p[2] == int64(1), Found: make([]search.Mark, 0, len(found)/2)}
	last := text(p[1])
	if at := strings.LastIndexByte(last, 0); at >= 0 {
		out.End = search.Mark{Key: last[:at], ID: last[at+1:]}
	}
	for i := 0; i+1 < len(found); i += 2 {
		out.Found = append(out.Found, search.Mark{Key: found[i], ID: found[i+1]})
	}
	return out, nil
}

// Cards implements search.Index.
func (l *Lobbies) Cards(ctx context.Context, lobbyType string, ids []string) ([]search.Carded, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	base := l.c.keys.lobbies(lobbyType)
	var headers, cards *redis.SliceCmd
	heads := make([]*redis.StringCmd, len(ids))
	_, err := l.c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		headers, cards = p.HMGet(ctx, base+"k", ids...), p.HMGet(ctx, base+"c", ids...)
		for i, id := range ids {
			heads[i] = p.HGet(ctx, l.c.keys.hash(lobby.StreamID(id)), "s")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, unavailable("read lobbies", err)
	}
	out := make([]search.Carded, 0, len(ids))
	for i, id := range ids {
		if headers.Val()[i] == nil {
			continue
		}
		c := search.Carded{Entry: parseHeader(id, text(headers.Val()[i]))}
		c.Card = []byte(text(cards.Val()[i]))
		c.Head, _ = heads[i].Uint64()
		out = append(out, c)
	}
	return out, nil
}

// All implements search.Index.
func (l *Lobbies) All(ctx context.Context, lobbyType, after string, limit int) ([]string, error) {
	ids, err := l.c.rdb.ZRangeByLex(ctx, l.c.keys.lobbies(lobbyType)+"a", &redis.ZRangeBy{
		Min: "(" + after, Max: "+", Count: int64(limit),
	}).Result()
	return ids, unavailable("list lobbies", err)
}

// Living counts the living lobbies of each type, listed or not, in the order of types.
func (l *Lobbies) Living(ctx context.Context, types []string) ([]int, error) {
	replies := make([]*redis.IntCmd, len(types))
	_, err := l.c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, t := range types {
			replies[i] = p.ZCard(ctx, l.c.keys.lobbies(t)+"a")
		}
		return nil
	})
	if err != nil {
		return nil, unavailable("count lobbies", err)
	}
	counts := make([]int, len(types))
	for i, r := range replies {
		counts[i] = int(r.Val())
	}
	return counts, nil
}

// Changes implements search.Index.
func (l *Lobbies) Changes(ctx context.Context, lobbyType string, limit int) ([]search.IndexChange, error) {
	base := l.c.keys.lobbies(lobbyType)
	reply, err := l.c.run(ctx, changesScript, []string{base + "p"}, base, limit)
	if err != nil {
		return nil, unavailable("read changes of lobbies", err)
	}
	p, err := parts(reply, 0)
	if err != nil {
		return nil, err
	}
	changes := make([]search.IndexChange, 0, len(p)/4)
	for i := 0; i+3 < len(p); i += 4 {
		changes = append(changes, search.IndexChange{
			ID: text(p[i]), Token: text(p[i+1]), Was: strings.HasPrefix(text(p[i+1]), "1"),
			Is: parseHeader("", text(p[i+2])).Listed, Card: []byte(text(p[i+3])),
		})
	}
	return changes, nil
}

// Settle implements search.Index.
func (l *Lobbies) Settle(ctx context.Context, lobbyType string, changes []search.IndexChange) (bool, error) {
	args := make([]any, 0, 3*len(changes))
	for _, c := range changes {
		args = append(args, c.ID, c.Token, flag(c.Is))
	}
	reply, err := l.c.run(ctx, settledScript, []string{l.c.keys.lobbies(lobbyType) + "p"}, args...)
	left, _ := reply.(int64)
	return left > 0, unavailable("settle changes of lobbies", err)
}

// Mark implements search.Index.
func (l *Lobbies) Mark(ctx context.Context, lobbyType, id string) error {
	key := l.c.keys.lobbies(lobbyType) + "w"
	if id == "" {
		return unavailable("mark lobbies", l.c.rdb.Del(ctx, key).Err())
	}
	return unavailable("mark lobbies", l.c.rdb.Set(ctx, key, id, 0).Err())
}

// Marked implements search.Index.
func (l *Lobbies) Marked(ctx context.Context, lobbyType string) (string, error) {
	id, err := l.c.rdb.Get(ctx, l.c.keys.lobbies(lobbyType)+"w").Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return id, unavailable("read the mark of lobbies", err)
}

var _ search.Index = (*Lobbies)(nil)
