-- changes.lua: Lobbies.Changes. KEYS: 1 p. ARGV: 1 prefix of the keys, 2 limit.
-- Returns {id, token, header or '', card or '', …}.
local base, limit = ARGV[1], tonumber(ARGV[2])
local some = redis.call('HSCAN', KEYS[1], '0', 'COUNT', limit)[2]
local out = {}
for i = 1, math.min(#some, 2 * limit), 2 do
  out[#out + 1] = some[i]
  out[#out + 1] = some[i + 1]
  out[#out + 1] = redis.call('HGET', base .. 'k', some[i]) or ''
  out[#out + 1] = redis.call('HGET', base .. 'c', some[i]) or ''
end
return out
