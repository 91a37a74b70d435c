-- walk.lua: Lobbies.Walk. KEYS: 1 k. ARGV: 1 beginning of the keys, 2 field, 3 least,
-- 4 most, 5 descending, 6 how many to read, 7 how many to find, 8 another field; then for
-- each filter its field, how many spans it has, and from and to of each. Gives how many
-- were read, the last of them or '', 1 when there are no more, and of those in one span of
-- each filter that have the other field their keys of it and their ids, all in one text
-- with \29 between, since many replies cost more than their bytes. Members that no header
-- has are left out, and taken out.
local base, field, least, most, down = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local budget, limit = tonumber(ARGV[6]), tonumber(ARGV[7])
local set, find, sub, byte = base .. 'f:' .. field, string.find, string.sub, string.byte

-- start is the beginning of a text as a number, which orders as the texts do that begin
-- differently.
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

-- below compares by bytes; Lua's own comparison goes by the server's locale.
local function below(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- keyIn is the key after a mark in a header; nil when it is not there.
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
