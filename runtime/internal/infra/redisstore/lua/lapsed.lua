-- lapsed.lua: Registry.Lapsed, for one pod. KEYS: 1 leases, 2 sweeps, 3 sessions of the
-- pod. ARGV: 1 pod, 2 limit, 3 hold ms. Returns a flat list of session, user, …; nil when
-- the pod's lease is live, another pod sweeps it, or it has no sessions.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) > now then
  return nil
end
local swept = redis.call('ZSCORE', KEYS[2], ARGV[1])
if swept and tonumber(swept) > now then
  return nil
end
local all = redis.call('HGETALL', KEYS[3])
if #all == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1], 'back:' .. ARGV[1])
  return nil
end
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])
local some = {}
for i = 1, math.min(#all, 2 * tonumber(ARGV[2])) do
  some[i] = all[i]
end
return some
