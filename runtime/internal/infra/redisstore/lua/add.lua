-- add.lua: Sets.Add. KEYS: 1 set. ARGV: 1 member, 2 bound, 3 TTL ms, 4 fence. Returns 1, 0
-- when the set is full, or 'late'.
if late(ARGV[4]) then
  return 'late'
end
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 and redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
