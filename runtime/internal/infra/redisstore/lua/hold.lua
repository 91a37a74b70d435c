-- hold.lua: Replies.Extend, Save, Abandon and Forget. KEYS: 1 the idempotency key.
-- ARGV: 1 hash, 2 token, 3 'extend', 'save', 'abandon' or 'forget', 4 lease or TTL ms, 5 answer.
-- Returns the end of the lease, or '' for none; 'lost' when the attempt does not hold the
-- key. It also saves an answer when the key does not exist.
local was = redis.call('GET', KEYS[1])
local mine = was and string.sub(was, 1, 33) == 'p' .. ARGV[1] .. ARGV[2]
if ARGV[3] == 'save' and (mine or not was) then
  redis.call('SET', KEYS[1], 'd' .. ARGV[1] .. ARGV[5], 'PX', ARGV[4])
  return ''
end
if not mine then
  if ARGV[3] == 'save' and was == 'd' .. ARGV[1] .. ARGV[5] then
    return '' -- a repetition of this call, whose reply was lost
  end
  return 'lost'
end
if ARGV[3] == 'forget' then
  redis.call('DEL', KEYS[1])
  return ''
end
local ends = '0'
if ARGV[3] == 'extend' then
  local clock = redis.call('TIME')
  ends = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[4])
end
redis.call('SET', KEYS[1], 'p' .. ARGV[1] .. ARGV[2] .. ends, 'KEEPTTL')
return ends
