-- spend.lua: Budgets.Spend and Budgets.Return. GCRA: a key has the time at which its bucket
-- is full again, in microseconds.
-- KEYS: one for each bucket. ARGV: 1 tokens (1 or -1), then for each bucket the microseconds per
-- token and the microseconds per bucket.
-- Returns {index of the refusing bucket from 1, or 0; wait in microseconds; for each bucket the
-- microseconds until it is full}.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local refused, wait, whole, reply = 0, 0, {}, {}
for i, key in ipairs(KEYS) do
  local each, all = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local full = math.max(tonumber(redis.call('GET', key) or now), now) + each * ARGV[1]
  local late = full - all - now
  if ARGV[1] == '1' and late > 0 and refused == 0 then
    refused, wait = i, late
  end
  whole[i] = full
  reply[i + 2] = string.format('%.0f', math.max(full - now, 0))
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    if whole[i] > now then
      redis.call('SET', key, string.format('%.0f', whole[i]), 'PX', math.ceil((whole[i] - now) / 1000))
    else
      redis.call('DEL', key)
    end
  end
end
reply[1], reply[2] = string.format('%.0f', refused), string.format('%.0f', wait)
return reply
