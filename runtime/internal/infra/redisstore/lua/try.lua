-- try.lua: Budgets.Try and Budgets.Untry. The hash has n, the number of counted attempts,
-- and u, the time in ms until which further attempts are refused.
-- KEYS: 1 hash. ARGV: 1 'try' or 'untry', 2 free attempts, 3 first pause ms, 4 longest pause ms,
-- 5 TTL of the hash in ms.
-- Returns {attempts, wait in ms}.
local was = redis.call('HMGET', KEYS[1], 'n', 'u')
local n, till = tonumber(was[1] or 0), tonumber(was[2] or 0)
if ARGV[1] == 'untry' then
  if n <= 1 then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HSET', KEYS[1], 'n', n - 1, 'u', 0)
  end
  return { '0', '0' }
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if till > now then
  return { string.format('%.0f', n), string.format('%.0f', till - now) }
end
n, till = n + 1, 0
if n >= tonumber(ARGV[2]) then
  till = now + math.min(tonumber(ARGV[4]), ARGV[3] * 2 ^ math.min(n - ARGV[2], 20))
end
redis.call('HSET', KEYS[1], 'n', n, 'u', string.format('%.0f', till))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return { string.format('%.0f', n), '0' }
