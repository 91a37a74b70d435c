-- renew.lua: Registry.Renew. KEYS: 1 leases, 2 sweeps. ARGV: 1 pod, 2 TTL ms, 3 1 if the
-- pod received the reply to its last renewal.
--
-- A pod counts as unknown, and lists its sessions again, in three cases: its lease had
-- expired; another pod is sweeping it, or died during the sweep; or a sweep has ended since
-- it returned, which unlist.lua marks with 'back:' .. pod in sweeps. The mark's score
-- becomes -1 when the pod is reported unknown, and the next renewal deletes the mark if the
-- pod received that reply.
--
-- Returns 1 when the pod was unknown, otherwise 0.
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
