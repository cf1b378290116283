import { OPEN } from './open-log.js';
import { script } from './scripts.js';

/** What a publish needs to know of a log. */
const STATE = "redis.call('HMGET', meta, 'i', 'e', 'p', node)";

/** The idempotency key of a batch of one message, while the half that is in use goes on being so: all but a few batches under a small load. */
const KEEP_ONE_ID = `
  local id, half, other = ARGV[arg + 5], KEYS[key + 1 + k], KEYS[key + 4 - k]
  local seen = kb > 0 and redis.call('HGET', other, id)
  if not seen and redis.call('HSETNX', half, id, s + 1) == 0 then seen = redis.call('HGET', half, id) end
  if seen then
    out[1] = '=' .. seen
  else
    s = s + 1
    if kn == 0 then redis.call('PEXPIRE', half, ttl * 2) end
    kn = kn + 1
  end
`;

/** The idempotency keys of a batch: those that the log has are found, and the others are kept with their seq. */
const KEEP_IDS = `
  local halves = { KEYS[key + 2], KEYS[key + 3] }
  local here, before = {}, {}
  if kn > 0 then here = redis.call('HMGET', halves[k], unpack(ARGV, arg + 5, arg + 4 + n)) end
  if kb > 0 then before = redis.call('HMGET', halves[3 - k], unpack(ARGV, arg + 5, arg + 4 + n)) end
  local mine, kept = {}, {}
  for m = 1, n do
    local id = ARGV[arg + 4 + m]
    local seen = id ~= '' and (here[m] or before[m] or mine[id])
    if refused and refused[m] then
      out[m] = '!'
    elseif seen then
      out[m] = '=' .. seen
    else
      s = s + 1
      out[m] = s
      if id ~= '' then
        mine[id] = s
        kept[#kept + 1] = id
        kept[#kept + 1] = s
      end
    end
  end
  if #kept > 0 then
    if kn + #kept / 2 > idsMax or now - kt >= ttl then
      k, kn, kt, kb = 3 - k, 0, now, kn > 0 and 1 or 0
      redis.call('DEL', halves[k])
    end
    redis.call('HSET', halves[k], unpack(kept))
    if kn == 0 then redis.call('PEXPIRE', halves[k], ttl * 2) end
    kn = kn + #kept / 2
  end
`;

/** Leaves of a batch what is appended. */
const CUT_OUT = `
  local at, m, lens, entries = string.find(body, ';', 1, true) + 1, 0, {}, {}
  for len in string.gmatch(string.sub(body, 1, at - 2), '%d+') do
    m = m + 1
    if tonumber(out[m]) then
      lens[#lens + 1] = len
      entries[#entries + 1] = string.sub(body, at, at + len - 1)
    end
    at = at + len
  end
  body = table.concat(lens, ',') .. ';' .. table.concat(entries)
`;

/**
 * Appends batches, each to the log of another group, and publishes them. A batch carries (node, counter): the same one again is answered as the first
 * time, and an older one is refused, so that it may be sent again after any broken connection.
 * What a member says in an earlier generation than the one in which another node got it is refused; a member that is not there fences nobody off: it
 * may have been lost, and is put again by the node that has it.
 * ARGV term, node, log messages, log bytes, ttl, ids max, what fresh epochs begin with. Then for each batch KEYS meta, stream, ids, ids, channel, and the
 * members that are fenced; ARGV counter, n, how many idempotency keys follow (n or 0), how many fences, and its text; then for each message its key with a '=' before
 * it, or ''; then for each fence the generation and which messages are said in it.
 * Answers 'OK', and for each batch its epoch, and the seq of the first message where each of the others has the next one; else the seq of each, with a
 * '=' before it where it is a duplicate's, or '!' where it is refused; nothing, where the whole batch is.
 */
export const PUBLISH = script(
  'publish',
  `
local term, node, most, bytesMax = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local ttl, idsMax = tonumber(ARGV[7]), tonumber(ARGV[8])
local key, arg, reply = 2, 10, { 'OK' }
local date = text(now)

-- The batch at key and arg. Answers its epoch and what became of it.
local function append(ids, fences)
  local meta, stream, channel = KEYS[key], KEYS[key + 1], KEYS[key + 4]
  local counter, n, body = ARGV[arg], tonumber(ARGV[arg + 1]), ARGV[arg + 4]
  local known = ${STATE}
  if known[1] ~= term or not known[2] or not known[3] then
    ${OPEN}
    open(key, term, ARGV[9] .. key)
    known = ${STATE}
  end
  local e, last = known[2], known[4]
  if last then
    local c = string.match(last, '^%d+')
    if c == counter then return e, string.match(last, '^%d+ %d+ (.*)$') end
    if tonumber(c) > tonumber(counter) then return e, '' end
  end
  local s, z, zs, x, k, kn, kt, kb = string.match(known[3], '^(%d+) (%d+) (%d+) (%d+) (%d) (%d+) (%d+) (%d)$')
  s, z, x, k, kn, kb = tonumber(s), tonumber(z), x * 1000, tonumber(k), tonumber(kn), tonumber(kb)
  local refused
  for fence = 0, fences - 1 do
    local at = arg + 5 + ids + fence * 2
    local got = redis.call('HGET', KEYS[key + 5 + fence], 'f')
    if got and tonumber(got) > tonumber(ARGV[at]) then
      refused = refused or {}
      for m in string.gmatch(ARGV[at + 1], '%d+') do refused[m + 1] = true end
    end
  end
  local first, out = s + 1, {}
  if ids == 1 and not refused and kn < idsMax and now - kt < ttl then
    ${KEEP_ONE_ID}
  elseif ids > 0 then
    ${KEEP_IDS}
  elseif refused then
    for m = 1, n do
      if not refused[m] then s = s + 1 end
      out[m] = refused[m] and '!' or s
    end
  else
    s = s + n
  end
  local count, head = s - first + 1, text(first)
  local answer = head
  if count < n then
    answer = table.concat(out, ',')
    if count > 0 then
      ${CUT_OUT}
    end
  end
  if count > 0 then
    redis.call('XADD', stream, text(s) .. '-' .. text(count), 'd', body)
    z = z + #body
    -- Not with each batch: it may keep an eighth more than it is to.
    if s > most and s % (math.floor(most / 8) + 1) < count then redis.call('XTRIM', stream, 'MINID', s - most + 1) end
  end
  -- Between half and all of what it may hold, so that nothing has to be counted twice.
  if z * 2 > bytesMax then
    if zs ~= '0' then redis.call('XTRIM', stream, 'MINID', zs + 1) end
    z, zs = 0, s
  end
  if not last and redis.call('HLEN', meta) >= 76 then
    local all = redis.call('HGETALL', meta)
    for at = 1, #all, 2 do
      local when = string.sub(all[at], 1, 2) == 'b:' and string.match(all[at + 1], '^%d+ (%d+) ')
      if when and now - when > 60000 then redis.call('HDEL', meta, all[at]) end
    end
  end
  -- A stream begins without an end, though that of the log may have been put off just before, by somebody who looked at it.
  local isDue = first == 1 or now < x or now - x >= ttl / 4
  local stands = string.format('%d %d %d %d %d %d %d %d', s, z, zs, isDue and now / 1000 or x / 1000, k, kn, kt, kb)
  redis.call('HSET', meta, 'p', stands, node, counter .. ' ' .. date .. ' ' .. answer)
  if isDue then
    for at = key, key + 3 do redis.call('PEXPIRE', KEYS[at], ttl) end
  end
  if count > 0 then redis.call('PUBLISH', channel, e .. ',' .. head .. ',' .. body) end
  return e, answer
end

while key < #KEYS do
  local ids, fences = tonumber(ARGV[arg + 2]), tonumber(ARGV[arg + 3])
  local e, answer = append(ids, fences)
  reply[#reply + 1] = e
  reply[#reply + 1] = answer
  key = key + 5 + fences
  arg = arg + 5 + ids + fences * 2
end
return reply
`,
);
