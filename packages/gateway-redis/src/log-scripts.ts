import { OPEN } from './open-log.js';
import { PUBLISH } from './publish-script.js';
import { script } from './scripts.js';

const LOG = `${OPEN}
-- Whether somebody who has everything up to seq of an epoch can go on: 'ok', 'ahead' or 'epoch'.
local function verdict(e, s, l, epoch, seq)
  if epoch == e then return seq <= s and 'ok' or 'ahead' end
  for name, last in string.gmatch(l, '([^,=]+)=(%d+)') do
    if name == epoch then return seq <= tonumber(last) and 'ok' or 'ahead' end
  end
  return 'epoch'
end

-- The log at first: epoch, head, lineage. It is kept on for as long as somebody looks at it.
local function look(first, term, fresh, ttl)
  local e, l, p = open(first, term, fresh)
  local s, before, x, after = string.match(p, '^(%d+) (%d+ %d+) (%d+) (.*)$')
  x = x * 1000
  if now < x or now - x >= ttl / 4 then
    redis.call('HSET', KEYS[first], 'p', table.concat({ s, before, math.floor(now / 1000), after }, ' '))
    for at = first, first + 3 do redis.call('PEXPIRE', KEYS[at], ttl) end
  end
  return e, tonumber(s), l
end
`;

/**
 * The entries after a position. KEYS meta, stream, ids, ids. ARGV term, fresh epoch, ttl, epoch, seq, limit, and the
 * highest seq that the caller was told of, which the verdict is on.
 * Answers 'ok', epoch, head and the entries, each as seq and text, or why there are none ('epoch', 'ahead', 'trimmed'), epoch and head.
 */
export const HISTORY = script(
  'history',
  `${LOG}
local epoch, seq, limit = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local e, s, l = look(2, ARGV[3], ARGV[4], tonumber(ARGV[5]))
local answer = verdict(e, s, l, epoch, math.max(seq, tonumber(ARGV[9])))
if answer ~= 'ok' then return { answer, e, text(s) } end
local reply = { 'ok', e, text(s) }
if s == seq then return reply end
local found = redis.call('XRANGE', KEYS[3], text(seq + 1) .. '-0', '+', 'COUNT', math.max(limit, 1))
local left, bytes = limit, 0
for nth, one in ipairs(found) do
  local last, count = string.match(one[1], '^(%d+)%-(%d+)$')
  local at = last - count
  if nth == 1 and at > seq then return { 'trimmed', e, text(s) } end
  local batch = one[2][2]
  local from = string.find(batch, ';', 1, true) + 1
  for len in string.gmatch(string.sub(batch, 1, from - 2), '%d+') do
    at = at + 1
    if at > seq then
      if left < 1 or bytes > 1048576 then return reply end
      reply[#reply + 1] = text(at)
      reply[#reply + 1] = string.sub(batch, from, from + len - 1)
      left, bytes = left - 1, bytes + len
    end
    from = from + len
  end
end
if not found[1] then return { 'trimmed', e, text(s) } end
return reply
`,
);

/** Where a log stands. KEYS as HISTORY; ARGV term, fresh epoch, ttl. Answers 'ok', epoch and head. */
export const HEAD = script(
  'head',
  `${LOG}
local e, s = look(2, ARGV[3], ARGV[4], tonumber(ARGV[5]))
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
for at = 0, (#KEYS - 1) / 4 - 1 do
  local first = 2 + at * 4
  local fresh, epoch, seq = ARGV[5 + at * 3], ARGV[6 + at * 3], tonumber(ARGV[7 + at * 3])
  local e, s, l = look(first, ARGV[3], fresh, tonumber(ARGV[4]))
  if e ~= epoch or s ~= seq then
    for _, one in ipairs({ text(at), verdict(e, s, l, epoch, seq), e, text(s) }) do reply[#reply + 1] = one end
  end
end
return reply
`,
);

export const LOG_SCRIPTS = [PUBLISH, HISTORY, HEAD, AUDIT];
