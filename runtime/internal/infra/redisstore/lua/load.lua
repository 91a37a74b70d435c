-- load.lua: Store.Load. KEYS: 1 h. ARGV: 1 name for a new epoch.
-- Returns {epoch, seq, time, document, earlier epochs, committed}, or nil.
local v = settle(KEYS[1], ARGV[1], true)
if not v then
  return nil
end
return { v[1], v[2], v[3], v[5], v[6], v[7] }
