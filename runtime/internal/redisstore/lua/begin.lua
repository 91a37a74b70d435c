-- begin.lua: Replies.Begin. KEYS: 1 the user's key. ARGV: 1 hash of 16 bytes, 2 TTL ms.
-- The value is p for begun or d for done, the hash, and the answer.
-- Gives {'begun'}, {'mismatch'} or {'known', answer}.
local was = redis.call('GET', KEYS[1])
if not was then
  redis.call('SET', KEYS[1], 'p' .. ARGV[1], 'PX', ARGV[2])
  return { 'begun' }
end
if string.sub(was, 2, 17) ~= ARGV[1] then
  return { 'mismatch' }
end
if string.sub(was, 1, 1) == 'd' then
  return { 'known', string.sub(was, 18) }
end
return { 'begun' }
