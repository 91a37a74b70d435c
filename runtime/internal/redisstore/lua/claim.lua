-- claim.lua: Names.Claim. KEYS: 1 name. ARGV: 1 owner, 2 TTL ms. Gives 1 or 0.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
