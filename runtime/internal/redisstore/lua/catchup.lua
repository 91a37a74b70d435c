-- catchup.lua: Store.CatchUp. KEYS: 1 h, 2 l. ARGV: 1 name for a new epoch,
-- 2 and 3 the epoch and seq to go on from.
-- Gives {'records', epoch, seq, time, records},
--       {'state', epoch, seq, time, document, earlier epochs, committed}
-- or nil.

-- reached tells whether an epoch that has ended got as far as a seq.
local function reached(h, epoch, seq)
  for e, s in string.gmatch(redis.call('HGET', h, 'p') or '', '(%S+) (%d+)') do
    if e == epoch then
      return seq <= tonumber(s)
    end
  end
  return false
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
    return { 'records', v[1], v[2], v[3], {} }
  end
  if missing <= redis.call('LLEN', KEYS[2]) then
    return { 'records', v[1], v[2], v[3], redis.call('LRANGE', KEYS[2], -missing, -1) }
  end
end
return { 'state', v[1], v[2], v[3], v[5], v[6], v[7] }
