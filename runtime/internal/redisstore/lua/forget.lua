-- forget.lua: Replies.Forget. KEYS: 1 the user's key. ARGV: 1 hash.
if redis.call('GET', KEYS[1]) == 'p' .. ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
