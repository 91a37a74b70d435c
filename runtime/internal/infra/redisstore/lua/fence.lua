-- fence.lua: late reports whether the lease of an attempt has ended (see stream.Fence). It
-- is prepended to the scripts that write. fence is a time in ms, or 0 for none.
local function late(fence)
  if fence == '0' then
    return false
  end
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000) > tonumber(fence)
end

