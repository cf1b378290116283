/**
 * A log is a hash `lm` (`i` term, `e` epoch, `s` head, `l` lineage, `z` bytes since the mark, `zs` the mark, `x` when its end was put off, `k`
 * which half of the idempotency keys is in use, `kn` how many it has, `kt` since when, `kb` how many the other one has, `b:<node>` the last batch of each node), a stream `ls` and two
 * halves of idempotency keys. They come and go together.
 *
 * A batch is one entry of the stream: its id is `<seq of its last message>-<how many>`, its text the lengths of its messages in bytes, `3,5;`, and
 * the messages. So the first entry from `<seq>-0` on is the one that has `seq`.
 *
 * The lineage, `A=110,B=250`, says where each earlier epoch ended. An epoch ends where the server crosses into another incarnation: what it
 * had at its end is what survived. So a reader that has seen more than that is known, even once the log has grown past it.
 *
 * A number below 1e14 is written out by Lua as it is, and sent to Redis as it is.
 */
export const OPEN = `
local function open(first, term, fresh)
  local meta, stream = KEYS[first], KEYS[first + 1]
  local known = redis.call('HMGET', meta, 'i', 'e', 's', 'l', 'x')
  local i, e, s, l = known[1], known[2], tonumber(known[3] or ''), known[4]
  if not e or not s then
    -- What is left belongs to a log that nobody can name any more.
    redis.call('DEL', meta, stream, KEYS[first + 2], KEYS[first + 3])
    redis.call('HSET', meta, 'i', term, 'e', fresh, 's', '0', 'l', '')
    return fresh, 0, '', 0
  end
  l = l or ''
  if i ~= term then
    local top = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    if top and tonumber(string.match(top[1], '^%d+')) ~= s then redis.call('DEL', stream) end
    l = l .. (l == '' and '' or ',') .. e .. '=' .. s
    local _, ends = string.gsub(l, '=', '')
    for _ = 17, ends do l = string.sub(l, string.find(l, ',', 1, true) + 1) end
    e = fresh
    redis.call('HSET', meta, 'i', term, 'e', e, 'l', l)
  end
  return e, s, l, tonumber(known[5] or '0')
end
`;
