-- acquire.lua: Records.Acquire.
-- KEYS: 1 lease, 2 counter of tokens. ARGV: 1 holder, 2 TTL ms.
-- Returns the token, or 0 when another holder has the lease. The counter outlives leases.
local held = redis.call('GET', KEYS[1])
if held then
  local token = string.match(held, '/(%d+)$')
  if held ~= ARGV[1] .. '/' .. token then
    return 0
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(token)
end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. '/' .. string.format('%.0f', token), 'PX', ARGV[2])
return token
