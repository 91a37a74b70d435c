-- index.lua: Lobbies.Put. KEYS: 1 k. ARGV: 1 prefix of the keys, 2 id, 3 epoch, 4 version,
-- 5 gone, 6 listed, 7 header, 8 card. Returns 1 if this is the only pending change,
-- otherwise 0.
--
-- The keys of a type's index, after the prefix:
--   k        hash, headers by id
--   c        hash, cards by id
--   a        sorted set, all ids
--   f:FIELD  sorted set, members key \0 id of the listed lobbies
--   p        hash, pending changes by id: listed as last published ':' epoch ':' version
--   w        string, the id that the sweep has reached
-- A header is "epoch version listed", and for each field \31 field \30 key. All scores are
-- 0, so that the members' bytes give the order.
local base, id = ARGV[1], ARGV[2]
local old = redis.call('HGET', base .. 'k', id)
local was, same = '0', false
if old then
  local epoch, version, listed = string.match(old, '^(%S*) (%d+) ([01])')
  if ARGV[5] == '0' and epoch == ARGV[3] and tonumber(version) > tonumber(ARGV[4]) then
    return 0
  end
  was = listed or '0'
  same = old == ARGV[7] and (redis.call('HGET', base .. 'c', id) or '') == ARGV[8]
  if not same then
    for field, key in string.gmatch(old, '\31([^\30]+)\30([^\31]*)') do
      redis.call('ZREM', base .. 'f:' .. field, key .. '\0' .. id)
    end
  end
end
if ARGV[5] == '1' then
  redis.call('ZREM', base .. 'a', id)
  redis.call('HDEL', base .. 'k', id)
  redis.call('HDEL', base .. 'c', id)
else
  redis.call('ZADD', base .. 'a', 0, id)
  redis.call('HSET', base .. 'k', id, ARGV[7])
  redis.call('HSET', base .. 'c', id, ARGV[8])
  for field, key in string.gmatch(ARGV[7], '\31([^\30]+)\30([^\31]*)') do
    redis.call('ZADD', base .. 'f:' .. field, 0, key .. '\0' .. id)
  end
end
local is = (ARGV[5] == '0' and ARGV[6]) or '0'
if same or (was == '0' and is == '0') then
  return 0
end
local waits = redis.call('HGET', base .. 'p', id)
local first = (waits and string.sub(waits, 1, 1)) or was
redis.call('HSET', base .. 'p', id, first .. ':' .. ARGV[3] .. ':' .. ARGV[4])
if not waits and redis.call('HLEN', base .. 'p') == 1 then
  return 1
end
return 0
