-- commit.lua: Store.Commit in one atomic step.
--
-- KEYS: 1 h, 2 l, 3 channel, 4 once (or h), 5 rate (or h), 6 unless (or h), 7 bar (or h), 8 order (or h).
-- ARGV: 1 name of this call, also the name for a new epoch, 2 expected seq or '', 3 1 if there is a document,
--       4 document, 5 log size, 6 log TTL ms, 7 TTL ms, 8 SPUBLISH or PUBLISH,
--       9 once TTL ms or 0, 10 once value, 11 microseconds per event or 0,
--       12 rate window in microseconds, 13 1 to check unless, 14 bar: TTL ms (0 ends the bar) and By, or '',
--       15 expected epoch or '', 16 fence in ms or 0, 17 order value or 0,
--       18 order TTL ms, 19… the events: name, control, newline, data.
-- Returns {'ok', epoch, seq, time}, {'once', value of the once key}, {'late', ''},
--         {'conflict', epoch, seq, time, document, earlier epochs, committed}, {'barred', ms}, {'outdated', ''} or
--         {'rate', microseconds}.
local h, l, channel, once, rate = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

if ARGV[9] ~= '0' then
  local was = redis.call('GET', once)
  if was then
    return { 'once', was }
  end
end

if late(ARGV[16]) then
  return { 'late', '' }
end

local v = settle(h, ARGV[1], false)
local seq = v and v[2] or '0'
if ARGV[2] ~= '' and (ARGV[2] ~= seq or ARGV[15] ~= '' and v and ARGV[15] ~= v[1]) then
  if not v then
    return { 'conflict', '', '0', '0', false }
  end
  local rest = redis.call('HMGET', h, 'd', 'p', 'c')
  return { 'conflict', v[1], seq, v[3], rest[1], rest[2], rest[3] }
end

if ARGV[13] == '1' then
  local barred = redis.call('PTTL', KEYS[6])
  if barred > 0 then
    return { 'barred', string.format('%.0f', barred) }
  end
end

if ARGV[17] ~= '0' and tonumber(ARGV[17]) <= tonumber(redis.call('GET', KEYS[8]) or 0) then
  return { 'outdated', '' }
end

local clock = redis.call('TIME')
if ARGV[11] ~= '0' then
  -- GCRA: the key has the time at which the budget is full again.
  local now = clock[1] * 1000000 + clock[2]
  local whole = math.max(tonumber(redis.call('GET', rate) or now), now) + ARGV[11]
  local wait = whole - ARGV[12] - now
  if wait > 0 then
    return { 'rate', string.format('%.0f', wait) }
  end
  redis.call('SET', rate, string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
end

local time = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local epoch
if v then
  epoch = v[1]
else
  epoch = ARGV[1]
  -- An eviction may have removed the hash and kept the list.
  redis.call('DEL', l)
  redis.call('HSET', h, 'e', epoch, 'r', history())
end

local records = {}
for i = 19, #ARGV do
  seq = string.format('%.0f', seq + 1)
  records[#records + 1] = seq .. ' ' .. time .. ' ' .. epoch .. ' ' .. ARGV[i]
end

if ARGV[3] == '1' then
  redis.call('HSET', h, 's', seq, 't', time, 'd', ARGV[4])
else
  redis.call('HSET', h, 's', seq, 't', time)
end
if redis.call('RPUSH', l, unpack(records)) > tonumber(ARGV[5]) then
  redis.call('LTRIM', l, -ARGV[5], -1)
end
redis.call('PEXPIRE', l, ARGV[6])
redis.call('PEXPIRE', h, ARGV[7])
if ARGV[9] ~= '0' then
  redis.call('SET', once, epoch .. ' ' .. seq .. ' ' .. time .. ' ' .. ARGV[1] .. '\n' .. ARGV[10], 'PX', ARGV[9])
end
local bar, by = string.match(ARGV[14], '^(%d+) (%a*)$')
if bar == '0' then
  redis.call('DEL', KEYS[7])
elseif bar then
  redis.call('SET', KEYS[7], by, 'PX', bar)
end
if ARGV[17] ~= '0' then
  redis.call('SET', KEYS[8], ARGV[17], 'PX', ARGV[18])
end
for _, record in ipairs(records) do
  redis.call(ARGV[8], channel, record)
end
return { 'ok', epoch, seq, time }
