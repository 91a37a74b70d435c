-- changed.lua: Records.Changed. KEYS: 1 hash, 2 sorted set (key by version), 3 counters.
-- ARGV: 1 mark.
-- Returns {mark, 'anew' or 'since', key, value, …}; the value of a deleted record is nil.
local now = redis.call('HGET', KEYS[3], KEYS[1]) or '0'
local floor = redis.call('HGET', KEYS[3], KEYS[1] .. ':floor') or '0'
local mark = tonumber(ARGV[1])
if mark == 0 or mark > tonumber(now) or mark < tonumber(floor) then
  local all = redis.call('HGETALL', KEYS[1])
  table.insert(all, 1, 'anew')
  table.insert(all, 1, now)
  return all
end
local out = { now, 'since' }
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf')) do
  out[#out + 1] = key
  out[#out + 1] = redis.call('HGET', KEYS[1], key)
end
return out
