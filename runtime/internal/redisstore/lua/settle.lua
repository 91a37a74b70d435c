-- settle.lua: put before every script that reads where a stream is.
--
-- A stream is a hash h: e epoch, s seq, t time of the last commit, d document,
-- r the replication history of the server that it was last used on, p the last seven
-- epochs before this one, the latest first, each with the seq at which it ended, c the
-- epoch in which a seq was committed: it counts while s is that seq. Its log
-- is the list l of the records up to s, so the first of them is s - LLEN + 1.
--
-- Redis can lose the last writes in a failover or a restart, and would then give
-- out the same seqs in the same epoch again. Each promotion and each restart of a
-- primary begins a new replication history, so when r differs the stream goes on in
-- a new epoch. As Redis only ever loses the latest writes, a reader within an epoch of p
-- has seen a part of what is here; one beyond its end saw what is lost.

-- history names the server's replication history; '' where the server does not
-- tell, as on the embedded one, which keeps nothing over a restart. The question
-- costs about 5 of the 14 microseconds that a small commit takes (Redis 7.0); a
-- cheaper one does not exist inside a script.
local function history()
  local info = redis.pcall('INFO', 'replication')
  if type(info) ~= 'string' then
    return ''
  end
  return string.match(info, 'master_replid:(%w+)') or ''
end

-- settle reads e, s, t and r, and d, p and c if with_doc, after beginning the epoch
-- named fresh if the history changed; nil when there is no such stream.
local function settle(h, fresh, with_doc)
  local v
  if with_doc then
    v = redis.call('HMGET', h, 'e', 's', 't', 'r', 'd', 'p', 'c')
  else
    v = redis.call('HMGET', h, 'e', 's', 't', 'r')
  end
  if not v[1] then
    return nil
  end
  local now = history()
  if v[4] ~= now then
    local ended, n = v[1] .. ' ' .. v[2], 1
    for before in string.gmatch(redis.call('HGET', h, 'p') or '', '%S+ %d+') do
      if n == 7 then
        break
      end
      ended, n = ended .. ' ' .. before, n + 1
    end
    local committed = redis.call('HGET', h, 'c')
    if not committed or string.match(committed, '%d+$') ~= v[2] then
      committed = v[1] .. ' ' .. v[2]
    end
    redis.call('HSET', h, 'e', fresh, 'r', now, 'p', ended, 'c', committed)
    v[1], v[6], v[7] = fresh, ended, committed
  end
  return v
end
