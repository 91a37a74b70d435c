-- page.lua: Store.Page. KEYS: 1 h, 2 l. ARGV: 1 before or 0, 2 after or 0, 3 limit.
-- Returns {1 if there are more, otherwise 0; records}.
local size = redis.call('LLEN', KEYS[2])
local seq = tonumber(redis.call('HGET', KEYS[1], 's') or 0)
local before, after, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if seq == 0 or size == 0 then
  return { 0, {} }
end
-- Indexes of the list: the record of seq n is at n - seq + size - 1.
local low, high, more
if after > 0 then
  low = math.max(after + 1 - seq + size - 1, 0)
  high = math.min(low + limit, size) - 1
  more = high < size - 1
else
  high = size - 1
  if before > 0 then
    high = math.min(before - 1 - seq + size - 1, size - 1)
  end
  low = math.max(high - limit + 1, 0)
  more = low > 0
end
if high < low then
  return { 0, {} }
end
return { more and 1 or 0, redis.call('LRANGE', KEYS[2], low, high) }
