-- settle.lua: put before every script that reads where a stream is.
--
-- A stream is a hash h: e epoch, s seq, t time of the last commit, d document,
-- r the replication history of the server that it was last used on, pe and ps the
-- epoch before this one and the seq at which it ended, pp such pairs of the six before
-- that, the latest first. Its log is the list l of
-- the records up to s, so the first of them is s - LLEN + 1.
--
-- Redis can lose the last writes in a failover or a restart, and would then give
-- out the same seqs in the same epoch again. Each promotion and each restart of a
-- primary begins a new replication history, so when r differs the stream goes on in
-- a new epoch. As Redis only ever loses the latest writes, a reader at (pe, up to
-- ps) has seen a part of what is here; one beyond ps saw what is lost. The same holds
-- of each epoch before.

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

-- older puts an ended epoch before those that ended earlier, of which it keeps five.
local function older(h, epoch, seq)
  local pairs_kept, n = epoch .. ' ' .. seq, 1
  for pair in string.gmatch(redis.call('HGET', h, 'pp') or '', '%S+ %d+') do
    if n == 6 then
      break
    end
    pairs_kept, n = pairs_kept .. ' ' .. pair, n + 1
  end
  return pairs_kept
end

-- settle reads e, s, t, pe and ps, and the document if with_doc, after beginning
-- the epoch named fresh if the history changed; nil when there is no such stream.
local function settle(h, fresh, with_doc)
  local v = redis.call('HMGET', h, 'e', 's', 't', 'pe', 'ps', 'r', with_doc and 'd' or 'e')
  if not v[1] then
    return nil
  end
  local now = history()
  if v[6] ~= now then
    if v[4] then
      redis.call('HSET', h, 'pp', older(h, v[4], v[5]))
    end
    redis.call('HSET', h, 'e', fresh, 'r', now, 'pe', v[1], 'ps', v[2])
    v[4], v[5], v[1] = v[1], v[2], fresh
  end
  return v
end
