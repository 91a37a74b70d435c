-- done.lua: releases a processed stream. KEYS: 1 due, 2 held. ARGV: 1 stream, 2 end of the
-- lease, 3 next deadline in ms, or ''. It keeps a lease that another pod has taken since.
local held = redis.call('ZSCORE', KEYS[2], ARGV[1])
if held and tonumber(held) == tonumber(ARGV[2]) then
  redis.call('ZREM', KEYS[2], ARGV[1])
end
if ARGV[3] ~= '' then
  local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not at or tonumber(at) > tonumber(ARGV[3]) then
    redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
  end
end
return 1
