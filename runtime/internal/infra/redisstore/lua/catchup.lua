-- catchup.lua: Store.CatchUp. KEYS: 1 h, 2 l.
-- ARGV: 1 name for a new epoch, 2 and 3 the client's epoch and seq,
--       4 the largest total size of records in bytes; 0 means no bound. The first record is
--       always returned.
-- Returns {'records', epoch, seq, time, records, 1 if there are more},
--         {'state', epoch, seq, time, document, earlier epochs, committed}
-- or nil.

-- reached reports whether an earlier epoch got as far as a seq.
local function reached(h, epoch, seq)
  for e, s in string.gmatch(redis.call('HGET', h, 'p') or '', '(%S+) (%d+)') do
    if e == epoch then
      return seq <= tonumber(s)
    end
  end
  return false
end

-- first returns the first of the newest count records, up to most bytes, and 1 if there are
-- more. It reads the list in steps of 16, so that few records are read in vain.
local function first(l, count, most)
  if most == 0 then
    return redis.call('LRANGE', l, -count, -1), 0
  end
  local records, bytes = {}, 0
  for from = -count, -1, 16 do
    for _, record in ipairs(redis.call('LRANGE', l, from, math.min(from + 15, -1))) do
      bytes = bytes + #record
      if bytes > most and #records > 0 then
        return records, 1
      end
      records[#records + 1] = record
    end
  end
  return records, 0
end

local v = settle(KEYS[1], ARGV[1], true)
if not v then
  return nil
end
local epoch, seq, from = ARGV[2], tonumber(v[2]), tonumber(ARGV[3])
local known = (epoch == v[1] and from <= seq)
  or (epoch == '' and from == 0)
  or (epoch ~= v[1] and reached(KEYS[1], epoch, from))
if known then
  local missing = seq - from
  if missing == 0 then
    return { 'records', v[1], v[2], v[3], {}, 0 }
  end
  if missing <= redis.call('LLEN', KEYS[2]) then
    local records, more = first(KEYS[2], missing, tonumber(ARGV[4]))
    return { 'records', v[1], v[2], v[3], records, more }
  end
end
return { 'state', v[1], v[2], v[3], v[5], v[6], v[7] }
