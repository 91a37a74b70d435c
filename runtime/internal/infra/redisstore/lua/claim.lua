-- claim.lua: Names.Claim. KEYS: 1 name. ARGV: 1 owner, 2 TTL ms, 3 fence. Returns 1, 0 when
-- another owner has the name, or 'late'.
if late(ARGV[3]) then
  return 'late'
end
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
