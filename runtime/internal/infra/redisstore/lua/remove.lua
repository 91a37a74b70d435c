-- remove.lua: Sets.Remove. KEYS: 1 set. ARGV: 1 member, 2 fence. Returns 1 or 'late'.
if late(ARGV[2]) then
  return 'late'
end
redis.call('SREM', KEYS[1], ARGV[1])
return 1
