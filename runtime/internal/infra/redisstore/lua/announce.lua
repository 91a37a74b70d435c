-- announce.lua: Endpoints.Announce. KEYS: 1 endpoints. ARGV: 1 endpoint, 2 TTL ms. Returns
-- the endpoints with a live lease, and deletes the others. The key expires with its last
-- lease.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(last[2])))
return redis.call('ZRANGE', KEYS[1], 0, -1)
