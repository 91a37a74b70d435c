-- begin.lua: Replies.Begin. KEYS: 1 the idempotency key.
-- ARGV: 1 hash of 16 bytes, 2 TTL ms, 3 token of 16 bytes, 4 lease ms, 5 skew ms.
-- The value is 'd', the hash and the answer of a finished request; or 'p', the hash, the
-- token and the end of the lease in ms of a running attempt. Servers that had no leases
-- wrote 'p' without token and lease.
-- Returns {'begun', end of the lease}, {'held', ms}, {'mismatch'} or {'known', answer}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local was = redis.call('GET', KEYS[1])
if was then
  if string.sub(was, 2, 17) ~= ARGV[1] then
    return { 'mismatch' }
  end
  if string.sub(was, 1, 1) == 'd' then
    return { 'known', string.sub(was, 18) }
  end
  local left = (tonumber(string.sub(was, 34)) or 0) - now
  if left > -tonumber(ARGV[5]) and string.sub(was, 18, 33) ~= ARGV[3] then
    return { 'held', string.format('%.0f', left + ARGV[5]) }
  end
end
local ends = string.format('%.0f', now + ARGV[4])
redis.call('SET', KEYS[1], 'p' .. ARGV[1] .. ARGV[3] .. ends, 'PX', ARGV[2])
return { 'begun', ends }
