import { script } from './scripts.js';

/**
 * A log is a hash `meta` (`i` term, `e` epoch, `s` head, `l` lineage, `z` bytes since the mark, `zs` the mark, `x` when its end was put off, `k`
 * which half of the idempotency keys is in use, `kn` how many it has, `kt` since when), a stream of entries with `seq` as id, two halves of
 * idempotency keys, and the last batch of each node. They come and go together.
 *
 * The lineage, `A=110,B=250`, says where each earlier epoch ended. An epoch ends where the server crosses into another incarnation: what it
 * had at its end is what survived. So a reader that has seen more than that is known, even once the log has grown past it.
 */
const LOG = `
local function keysOf(first)
  return { meta = KEYS[first], stream = KEYS[first + 1], ids = { KEYS[first + 2], KEYS[first + 3] }, batches = KEYS[first + 4] }
end

local function open(keys, term, fresh)
  local known = redis.call('HMGET', keys.meta, 'i', 'e', 's', 'l')
  local i, e, s, l = known[1], known[2], tonumber(known[3] or ''), known[4]
  if not e or not s then
    -- What is left belongs to a log that nobody can name any more.
    redis.call('DEL', keys.meta, keys.stream, keys.ids[1], keys.ids[2], keys.batches)
    redis.call('HSET', keys.meta, 'i', term, 'e', fresh, 's', '0', 'l', '')
    return fresh, 0, ''
  end
  l = l or ''
  if i ~= term then
    local top = redis.call('XREVRANGE', keys.stream, '+', '-', 'COUNT', 1)[1]
    if top and tonumber(string.match(top[1], '^%d+')) ~= s then redis.call('DEL', keys.stream) end
    l = l .. (l == '' and '' or ',') .. e .. '=' .. text(s)
    local _, ends = string.gsub(l, '=', '')
    for _ = 17, ends do l = string.sub(l, string.find(l, ',', 1, true) + 1) end
    e = fresh
    redis.call('HSET', keys.meta, 'i', term, 'e', e, 'l', l)
  end
  return e, s, l
end

-- Whether somebody who has everything up to seq of an epoch can go on: 'ok', 'ahead' or 'epoch'.
local function verdict(e, s, l, epoch, seq)
  if epoch == e then return seq <= s and 'ok' or 'ahead' end
  for name, last in string.gmatch(l, '([^,=]+)=(%d+)') do
    if name == epoch then return seq <= tonumber(last) and 'ok' or 'ahead' end
  end
  return 'epoch'
end

local function putOffEnd(keys, ttl)
  local x = tonumber(redis.call('HGET', keys.meta, 'x') or '0')
  if now >= x and now - x < ttl / 4 then return end
  redis.call('HSET', keys.meta, 'x', text(now))
  for _, key in ipairs({ keys.meta, keys.stream, keys.ids[1], keys.ids[2], keys.batches }) do redis.call('PEXPIRE', key, ttl) end
end
`;

/**
 * Appends a batch and publishes it. The batch carries (node, counter): the same one again is answered as the first time, and an older one is
 * refused, so that it may be sent again after any broken connection.
 * What a member says in an earlier generation than the one in which another node got it is refused; a member that is not there fences nobody off: it
 * may have been lost, and is put again by the node that has it.
 * KEYS meta, stream, ids, ids, batches, channel, and the members that are fenced. ARGV term, fresh epoch, node, counter, log messages, log bytes, ttl, ids
 * max, n; then for each message its idempotency key with a '=' before it, or '', and its entry; then for each fence the generation and which
 * messages are said in it.
 * Answers 'OK', epoch, and for each message its seq, with a '=' before it where it is a duplicate's, or '!' where it is refused.
 */
export const PUBLISH = script(
  'publish',
  `${LOG}
local keys, channel = keysOf(2), KEYS[7]
local term, fresh, node, counter = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local messagesMax, bytesMax, ttl, idsMax, n = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local e, s, l = open(keys, term, fresh)
local last = redis.call('HGET', keys.batches, node)
if last then
  local c, _, answer = string.match(last, '^(%d+) (%d+) (.*)$')
  if tonumber(c) > counter then return { 'ZOMBIE' } end
  if tonumber(c) == counter then
    local out = { 'OK', e }
    for one in string.gmatch(answer, '[^,]+') do out[#out + 1] = one end
    return out
  end
end
local state = redis.call('HMGET', keys.meta, 'z', 'zs', 'k', 'kn', 'kt')
local z, zs, k, kn, kt = tonumber(state[1] or '0'), state[2], tonumber(state[3] or '1'), tonumber(state[4] or '0'), tonumber(state[5] or '0')
local first, out, lens, entries = s + 1, {}, {}, {}
local refused = {}
for fence = 1, #KEYS - 7 do
  local at = 10 + n * 2 + fence * 2
  local got = redis.call('HGET', KEYS[7 + fence], 'f')
  if got and tonumber(got) > tonumber(ARGV[at]) then
    for m in string.gmatch(ARGV[at + 1], '%d+') do refused[tonumber(m)] = true end
  end
end
for m = 0, n - 1 do
  local id, entry = ARGV[12 + m * 2], ARGV[13 + m * 2]
  local seen = not refused[m] and id ~= '' and (redis.call('HGET', keys.ids[k], id) or redis.call('HGET', keys.ids[3 - k], id))
  if refused[m] then
    out[#out + 1] = '!'
  elseif seen then
    out[#out + 1] = '=' .. seen
  else
    s = s + 1
    local seq = text(s)
    redis.call('XADD', keys.stream, 'MAXLEN', '~', messagesMax, seq .. '-0', 'd', entry)
    if id ~= '' then
      if kn >= idsMax or now - kt >= ttl then
        k, kn, kt = 3 - k, 0, now
        redis.call('DEL', keys.ids[k])
      end
      redis.call('HSET', keys.ids[k], id, seq)
      kn = kn + 1
      if kn == 1 then redis.call('PEXPIRE', keys.ids[k], ttl * 2) end
    end
    out[#out + 1], lens[#lens + 1], entries[#entries + 1], z = seq, #entry, entry, z + #entry
  end
end
-- Between half and all of what it may hold, so that nothing has to be counted twice.
if z * 2 > bytesMax then
  if zs then redis.call('XTRIM', keys.stream, 'MINID', zs .. '-0') end
  z, zs = 0, text(s)
end
if not last and redis.call('HLEN', keys.batches) >= 64 then
  local all = redis.call('HGETALL', keys.batches)
  for at = 1, #all, 2 do
    if now - tonumber(string.match(all[at + 1], '^%d+ (%d+) ')) > 60000 then redis.call('HDEL', keys.batches, all[at]) end
  end
end
redis.call('HSET', keys.batches, node, text(counter) .. ' ' .. text(now) .. ' ' .. table.concat(out, ','))
redis.call('HSET', keys.meta, 's', text(s), 'z', text(z), 'zs', zs or '0', 'k', text(k), 'kn', text(kn), 'kt', text(kt))
putOffEnd(keys, ttl)
if #entries > 0 then
  redis.call('PUBLISH', channel, e .. ',' .. text(first) .. ',' .. table.concat(lens, ',') .. ';' .. table.concat(entries))
end
local reply = { 'OK', e }
for _, one in ipairs(out) do reply[#reply + 1] = one end
return reply
`,
);

/**
 * The entries after a position. KEYS meta, stream, ids, ids, batches. ARGV term, fresh epoch, ttl, epoch, seq, limit, and the
 * highest seq that the caller was told of, which the verdict is on.
 * Answers 'ok', epoch, head and the entries, each as seq and text, or why there are none ('epoch', 'ahead', 'trimmed'), epoch and head.
 */
export const HISTORY = script(
  'history',
  `${LOG}
local keys = keysOf(2)
local epoch, seq, limit = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local e, s, l = open(keys, ARGV[3], ARGV[4])
putOffEnd(keys, tonumber(ARGV[5]))
local answer = verdict(e, s, l, epoch, math.max(seq, tonumber(ARGV[9])))
if answer ~= 'ok' then return { answer, e, text(s) } end
local reply = { 'ok', e, text(s) }
if s == seq then return reply end
local found = redis.call('XRANGE', keys.stream, text(seq + 1) .. '-0', '+', 'COUNT', math.max(limit, 1))
if not found[1] or tonumber(string.match(found[1][1], '^%d+')) ~= seq + 1 then return { 'trimmed', e, text(s) } end
if limit < 1 then return reply end
local bytes = 0
for _, one in ipairs(found) do
  reply[#reply + 1] = string.match(one[1], '^%d+')
  reply[#reply + 1] = one[2][2]
  bytes = bytes + #one[2][2]
  if bytes > 1048576 then break end
end
return reply
`,
);

/** Where a log stands. KEYS as HISTORY; ARGV term, fresh epoch, ttl. Answers 'ok', epoch and head. */
export const HEAD = script(
  'head',
  `${LOG}
local keys = keysOf(2)
local e, s = open(keys, ARGV[3], ARGV[4])
putOffEnd(keys, tonumber(ARGV[5]))
return { 'ok', e, text(s) }
`,
);

/**
 * Compares positions with their logs. KEYS as HISTORY, for each log. ARGV term, ttl; then for each log a fresh epoch, the epoch and the seq.
 * Answers 'ok', and for each that is not where the caller is its number, the verdict, epoch and head.
 */
export const AUDIT = script(
  'audit',
  `${LOG}
local reply = { 'ok' }
for at = 0, (#KEYS - 1) / 5 - 1 do
  local keys = keysOf(2 + at * 5)
  local fresh, epoch, seq = ARGV[5 + at * 3], ARGV[6 + at * 3], tonumber(ARGV[7 + at * 3])
  local e, s, l = open(keys, ARGV[3], fresh)
  putOffEnd(keys, tonumber(ARGV[4]))
  if e ~= epoch or s ~= seq then
    for _, one in ipairs({ text(at), verdict(e, s, l, epoch, seq), e, text(s) }) do reply[#reply + 1] = one end
  end
end
return reply
`,
);

export const LOG_SCRIPTS = [PUBLISH, HISTORY, HEAD, AUDIT];
