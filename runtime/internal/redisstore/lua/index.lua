-- index.lua: Lobbies.Put. KEYS: 1 k. ARGV: 1 beginning of the keys, 2 id, 3 epoch,
-- 4 version, 5 gone, 6 listed, 7 header, 8 card. Gives 1 for the first change that waits
-- to be told, or 0.
--
-- The index of a type: k headers by id, c cards by id, a all ids, f:FIELD the ids of
-- the listed by their key, p what has changed, w how far the sweep has come. A header
-- is "epoch version listed", and for each field \31 field \30 key. Members of f:FIELD
-- are key \0 id. All sorted sets have the score 0: their order is that of the members.
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
