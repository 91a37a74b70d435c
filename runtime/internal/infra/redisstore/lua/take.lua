-- take.lua: takes streams that are due, and streams whose lease has expired.
-- KEYS: 1 due, 2 held. ARGV: 1 lease ms, 2 most.
-- Returns {end of the lease, streams}; the streams are in held until then.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = string.format('%.0f', now + ARGV[1])
local taken, most = {}, tonumber(ARGV[2])
for _, key in ipairs({ KEYS[2], KEYS[1] }) do
  if #taken < most then
    local ids = redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%.0f', now), 'LIMIT', 0, most - #taken)
    for _, id in ipairs(ids) do
      redis.call('ZREM', key, id)
      taken[#taken + 1] = id
    end
  end
end
for _, id in ipairs(taken) do
  redis.call('ZADD', KEYS[2], lease, id)
end
return { lease, taken }
