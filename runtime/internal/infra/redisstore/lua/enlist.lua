-- enlist.lua: Registry.Add. KEYS: 1 sessions of the pod, 2 number of sessions by user.
-- ARGV: session, user, …
for i = 1, #ARGV, 2 do
  if redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('HINCRBY', KEYS[2], ARGV[i + 1], 1)
  end
end
return 1
