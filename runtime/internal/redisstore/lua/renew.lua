-- renew.lua: Registry.Renew. KEYS: 1 leases, 2 sweeps. ARGV: 1 pod, 2 TTL ms.
-- A lease that has lapsed is one that others may have swept, so its pod counts as
-- unknown; so does one that came back in the midst of a sweep that has ended since.
-- Gives 1 when the pod was unknown, else 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
local swept = redis.call('ZREM', KEYS[2], 'back:' .. ARGV[1])
if swept == 0 and ends and tonumber(ends) > now then
  return 0
end
return 1
