-- walk.lua: Lobbies.Walk. KEYS: 1 k.
-- ARGV: 1 prefix of the keys, 2 field, 3 and 4 range of members, 5 1 for descending, 6 most
-- members to read, 7 most lobbies to find, 8 another field; then for each filter its field,
-- the number of its spans, and from and to of each span.
-- Returns the number of members read, the last member or '', 1 when the range has no more, and
-- the found lobbies.
-- A lobby is found when it has the other field, and for each filter a key in one of its
-- spans. Its key of the other field and its id are joined with \29 into one string, because
-- many reply elements cost more than their bytes. A member whose header is missing, or has
-- another key, is deleted from the set.
local base, field, least, most, down = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local budget, limit = tonumber(ARGV[6]), tonumber(ARGV[7])
local set, find, sub, byte = base .. 'f:' .. field, string.find, string.sub, string.byte

-- start returns the first six bytes of a string as a number. Strings that differ in these
-- bytes compare like their numbers.
local function start(text)
  local a, b, c, d, e, f = byte(text, 1, 6)
  return (((((a or 0) * 256 + (b or 0)) * 256 + (c or 0)) * 256 + (d or 0)) * 256 + (e or 0)) * 256 + (f or 0)
end

local other = '\31' .. ARGV[8] .. '\30'
local filters, at = {}, 9
while at <= #ARGV do
  local f = { mark = '\31' .. ARGV[at] .. '\30', exact = {}, spans = {} }
  for j = at + 2, at + 2 * tonumber(ARGV[at + 1]), 2 do
    if ARGV[j] == ARGV[j + 1] then
      f.exact[#f.exact + 1] = f.mark .. ARGV[j] .. '\31'
    else
      f.spans[#f.spans + 1] = { from = ARGV[j], to = ARGV[j + 1], first = start(ARGV[j]), last = start(ARGV[j + 1]) }
    end
  end
  filters[#filters + 1] = f
  at = at + 2 + 2 * tonumber(ARGV[at + 1])
end

-- below compares by bytes; Lua's own comparison depends on the server's locale.
local function below(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- keyIn returns the key after a mark in a header; nil without the mark.
local function keyIn(header, mark)
  local _, before = find(header, mark, 1, true)
  return before and sub(header, before + 1, find(header, '\31', before + 1, true) - 1)
end

local function holds(f, header)
  for _, exact in ipairs(f.exact) do
    if find(header, exact, 1, true) then
      return true
    end
  end
  local key = #f.spans > 0 and keyIn(header, f.mark)
  if not key then
    return false
  end
  local at = start(key)
  for _, span in ipairs(f.spans) do
    if at > span.first and at < span.last or
        at >= span.first and at <= span.last and not below(key, span.from) and not below(span.to, key) then
      return true
    end
  end
  return false
end

local function wanted(header)
  for _, f in ipairs(filters) do
    if not holds(f, header) then
      return false
    end
  end
  return true
end

local read, last, over, found = 0, '', 0, {}
while read < budget and #found < 2 * limit and over == 0 do
  local count = math.min(200, budget - read)
  local members
  if down then
    members = redis.call('ZREVRANGEBYLEX', set, most, least, 'LIMIT', 0, count)
  else
    members = redis.call('ZRANGEBYLEX', set, least, most, 'LIMIT', 0, count)
  end
  if #members < count then
    over = 1
  end
  local ids = {}
  for i, member in ipairs(members) do
    ids[i] = sub(member, (find(member, '\0', 1, true) or #member) + 1)
  end
  local headers = #ids > 0 and redis.call('HMGET', base .. 'k', unpack(ids)) or {}
  for i, member in ipairs(members) do
    read, last = read + 1, member
    local header = headers[i]
    if not header then
      redis.call('ZREM', set, member)
    else
      if byte(header, -1) ~= 31 then
        header = header .. '\31'
      end
      if wanted(header) then
        local key = sub(member, 1, #member - #ids[i] - 1)
        if find(header, '\31' .. field .. '\30' .. key .. '\31', 1, true) then
          local its = keyIn(header, other)
          if its then
            found[#found + 1] = its
            found[#found + 1] = ids[i]
          end
          if #found == 2 * limit then
            over = 0
            break
          end
        else
          redis.call('ZREM', set, member)
        end
      end
    end
  end
  if down then
    most = '(' .. last
  else
    least = '(' .. last
  end
end
return { read, last, over, table.concat(found, '\29') }
