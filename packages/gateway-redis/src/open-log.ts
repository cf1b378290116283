/**
 * A log is a hash `lm` (`i` term, `e` epoch, `l` lineage, `p` where it stands, `b:<node>` the last batch of each node), a stream `ls` and two
 * halves of idempotency keys. They come and go together.
 *
 * Where it stands is one text, `<s> <z> <zs> <x> <k> <kn> <kt> <kb>`: what a command in a script costs are its arguments, and numbers most of
 * all. `s` is the head, `z` the bytes since the mark, `zs` the mark, `x` when its end was put off, in seconds, `k` which half of the
 * idempotency keys is in use, `kn` how many it has, `kt` since when, `kb` whether the other one has any.
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
-- Answers epoch, lineage, and where it stands.
local function open(first, term, fresh)
  local meta, stream = KEYS[first], KEYS[first + 1]
  local known = redis.call('HMGET', meta, 'i', 'e', 'l', 'p')
  local i, e, l, p = known[1], known[2], known[3], known[4]
  if not e or not p then
    -- What is left belongs to a log that nobody can name any more.
    redis.call('DEL', meta, stream, KEYS[first + 2], KEYS[first + 3])
    p = '0 0 0 0 1 0 0 0'
    redis.call('HSET', meta, 'i', term, 'e', fresh, 'l', '', 'p', p)
    return fresh, '', p
  end
  l = l or ''
  if i ~= term then
    local s = string.match(p, '^%d+')
    local top = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    if top and string.match(top[1], '^%d+') ~= s then redis.call('DEL', stream) end
    l = l .. (l == '' and '' or ',') .. e .. '=' .. s
    local _, ends = string.gsub(l, '=', '')
    for _ = 17, ends do l = string.sub(l, string.find(l, ',', 1, true) + 1) end
    e = fresh
    redis.call('HSET', meta, 'i', term, 'e', e, 'l', l)
  end
  return e, l, p
end
`;
