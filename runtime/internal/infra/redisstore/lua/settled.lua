-- settled.lua: Lobbies.Settle. KEYS: 1 p. ARGV: id, token, 1 if published as listed, … It
-- removes the published changes. A lobby that has changed again keeps a pending change,
-- relative to the published state. Returns the number of pending changes.
for i = 1, #ARGV, 3 do
  local waits = redis.call('HGET', KEYS[1], ARGV[i])
  if waits == ARGV[i + 1] then
    redis.call('HDEL', KEYS[1], ARGV[i])
  elseif waits then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2] .. string.sub(waits, 2))
  end
end
return redis.call('HLEN', KEYS[1])
