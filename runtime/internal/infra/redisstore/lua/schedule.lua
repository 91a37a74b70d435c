-- schedule.lua: Deadlines.Schedule. KEYS: 1 due. ARGV: 1 stream, 2 time ms. It keeps an
-- earlier time. (Redis 6.0 and miniredis lack ZADD LT.)
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) > tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
return 1
