-- unlist.lua: Registry.Remove and Registry.Swept. KEYS: 1 sessions of the pod, 2 sweeps, 3
-- leases, 4 number of sessions by user. ARGV: 1 pod, 2 1 if this ends a sweep, 3… sessions.
-- A pod that returned during its sweep has listed its sessions again, so they stay. A mark
-- makes renew.lua report to the pod that its sessions were closed.
if ARGV[2] == '1' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  local clock = redis.call('TIME')
  local ends = redis.call('ZSCORE', KEYS[3], ARGV[1])
  if ends and tonumber(ends) > clock[1] * 1000 + math.floor(clock[2] / 1000) then
    redis.call('ZADD', KEYS[2], ends, 'back:' .. ARGV[1])
    return 0
  end
end
for i = 3, #ARGV do
  local user = redis.call('HGET', KEYS[1], ARGV[i])
  if user then
    redis.call('HDEL', KEYS[1], ARGV[i])
    if redis.call('HINCRBY', KEYS[4], user, -1) < 1 then
      redis.call('HDEL', KEYS[4], user)
    end
  end
end
return 1
