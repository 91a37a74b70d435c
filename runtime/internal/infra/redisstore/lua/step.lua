-- step.lua: Records.Apply, one atomic change of a partition.
-- KEYS: 1 lease, 2 counters, 3 once, then for each table its hash and its sorted set (key by
-- version), which is the hash again for a table whose changes are not tracked.
-- ARGV: 1 fence, 'holder/token' or '', 2 TTL of the partition in ms, 3 TTL of once in ms, or '',
-- 4 number of changes, then for each change: table (1 is the first), key, expected value ('any',
-- 'none' or 'is'), that value, 'set' or 'del', value; then for each bound: table, most.
-- Returns 'ok', or {'fenced'}, {'made'}, {'conflict', table, key}, {'full', table}.
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'fenced' }
end
if ARGV[3] ~= '' and redis.call('EXISTS', KEYS[3]) == 1 then
  return { 'made' }
end
local hash = function(t) return KEYS[2 + 2 * t] end
local set = function(t) return KEYS[3 + 2 * t] end
local n = tonumber(ARGV[4])
local more = {}
for i = 0, n - 1 do
  local at = 5 + 6 * i
  local t, key, must = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2]
  local is = redis.call('HGET', hash(t), key)
  if must == 'none' and is or must == 'is' and is ~= ARGV[at + 3] then
    return { 'conflict', ARGV[at], key }
  end
  if ARGV[at + 4] == 'set' and not is then
    more[t] = (more[t] or 0) + 1
  elseif ARGV[at + 4] == 'del' and is then
    more[t] = (more[t] or 0) - 1
  end
end
for at = 5 + 6 * n, #ARGV, 2 do
  local t = tonumber(ARGV[at])
  if (more[t] or 0) > 0 and redis.call('HLEN', hash(t)) + more[t] > tonumber(ARGV[at + 1]) then
    return { 'full', ARGV[at] }
  end
end
local touched = {}
for i = 0, n - 1 do
  local at = 5 + 6 * i
  local t, key = tonumber(ARGV[at]), ARGV[at + 1]
  if ARGV[at + 4] == 'set' then
    redis.call('HSET', hash(t), key, ARGV[at + 5])
  else
    redis.call('HDEL', hash(t), key)
  end
  if set(t) ~= hash(t) then
    redis.call('ZADD', set(t), redis.call('HINCRBY', KEYS[2], hash(t), 1), key)
  end
  touched[t] = true
end
for t in pairs(touched) do
  redis.call('PEXPIRE', hash(t), ARGV[2])
  if set(t) ~= hash(t) then
    -- The set also has the keys of deleted records. When it grows too large, its oldest
    -- versions are removed; readers with an older mark read the whole table.
    local size = redis.call('ZCARD', set(t))
    if size > 2 * redis.call('HLEN', hash(t)) + 4096 then
      local last = size - redis.call('HLEN', hash(t)) - 2048
      local floor = redis.call('ZRANGE', set(t), last - 1, last - 1, 'WITHSCORES')[2]
      redis.call('ZREMRANGEBYRANK', set(t), 0, last - 1)
      redis.call('HSET', KEYS[2], hash(t) .. ':floor', floor)
    end
    redis.call('PEXPIRE', set(t), ARGV[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[2])
  end
end
if ARGV[3] ~= '' then
  redis.call('SET', KEYS[3], '', 'PX', ARGV[3])
end
return 'ok'
