-- begin.lua: Replies.Begin. KEYS: 1 the key. ARGV: 1 hash of 16 bytes, 2 TTL ms, 3 token of 16
-- bytes, 4 lease ms, 5 skew ms.
-- The value is the hash after d for done, and the answer follows; or after p for held, and
-- the token and the end of the lease in ms follow. Servers before leases wrote neither.
-- Gives {'begun', end of the lease}, {'held', ms}, {'mismatch'} or {'known', answer}.
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
