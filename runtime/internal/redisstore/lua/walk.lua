-- walk.lua: Lobbies.Walk. KEYS: 1 k. ARGV: 1 beginning of the keys, 2 field, 3 least,
-- 4 most, 5 descending, 6 limit. Gives {id, header, …}. Members that no header has
-- are left out, and taken out.
local base, field = ARGV[1], ARGV[2]
local set = base .. 'f:' .. field
local members
if ARGV[5] == '1' then
  members = redis.call('ZREVRANGEBYLEX', set, ARGV[4], ARGV[3], 'LIMIT', 0, ARGV[6])
else
  members = redis.call('ZRANGEBYLEX', set, ARGV[3], ARGV[4], 'LIMIT', 0, ARGV[6])
end
local found = {}
for i = 1, #members, 500 do
  local ids, batch = {}, {}
  for j = i, math.min(i + 499, #members) do
    batch[#batch + 1] = members[j]
    ids[#ids + 1] = string.match(members[j], '%z(.*)$') or ''
  end
  local headers = redis.call('HMGET', base .. 'k', unpack(ids))
  for j, id in ipairs(ids) do
    local key = string.sub(batch[j], 1, #batch[j] - #id - 1)
    if headers[j] and string.find(headers[j] .. '\31', '\31' .. field .. '\30' .. key .. '\31', 1, true) then
      found[#found + 1] = id
      found[#found + 1] = headers[j]
    else
      redis.call('ZREM', set, batch[j])
    end
  end
end
return { #members, found }
