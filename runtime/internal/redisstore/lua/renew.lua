-- renew.lua: Registry.Renew. KEYS: 1 leases, 2 sweeps. ARGV: 1 pod, 2 TTL ms, 3 whether
-- the last renewal was answered.
-- A lease that has lapsed is one that others may have swept, so its pod counts as
-- unknown; so does one that is being swept, or was, by a pod that died over it, and one
-- that came back in the midst of a sweep. That is marked when the sweep ends, and the mark
-- goes once the pod has heard of it: its time is -1 from when it is told.
-- Gives 1 when the pod was unknown, else 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
local unknown = not ends or tonumber(ends) <= now
local swept = redis.call('ZSCORE', KEYS[2], ARGV[1])
if swept then
  unknown = true
  if tonumber(swept) <= now then
    redis.call('ZREM', KEYS[2], ARGV[1])
  end
end
local mark = 'back:' .. ARGV[1]
local back = redis.call('ZSCORE', KEYS[2], mark)
if back and tonumber(back) < 0 and ARGV[3] == '1' then
  redis.call('ZREM', KEYS[2], mark)
elseif back then
  redis.call('ZADD', KEYS[2], -1, mark)
  unknown = true
end
return unknown and 1 or 0
