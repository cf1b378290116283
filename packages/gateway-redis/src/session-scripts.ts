import { script } from './scripts.js';

/**
 * A session is a hash `s:<pair>` (`g` `i` ids, `l` `c` `t` what is said of it as JSON, `o` `u` when it was opened and updated). `sg:<group>` has the
 * pairs of a group by age, `sd` all by the end of their life, `se` those whose end nobody was told of yet, and that live again.
 */
const SESSIONS = `
local function fieldsOf(key)
  local fields = redis.call('HMGET', key, 'g', 'i', 'l', 'c', 't', 'o', 'u')
  for at = 1, 7 do fields[at] = fields[at] or '' end
  return fields
end
`;

/** KEYS session, sg, sd, se, counter. ARGV pair, group, session, label, created by, tags, ttl, sessions max. Answers 'ok' or 'full', created, and its fields. */
export const UPSERT = script(
  'upsert',
  `${SESSIONS}
local key, sg, sd, se = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local pair, ttl, most = ARGV[3], tonumber(ARGV[9]), tonumber(ARGV[10])
local ends = redis.call('ZSCORE', sd, pair)
local isLive = ends and tonumber(ends) > now
if not isLive and most > 0 and redis.call('ZCARD', sg) >= most then
  local live = 0
  for _, one in ipairs(redis.call('ZRANGE', sg, 0, -1)) do
    local until_ = redis.call('ZSCORE', sd, one)
    if until_ and tonumber(until_) > now then live = live + 1 end
  end
  if live >= most then return { 'full' } end
end
if not isLive then
  if ends then
    redis.call('RPUSH', se, cjson.encode(fieldsOf(key)))
    redis.call('LTRIM', se, -10000, -1)
    redis.call('PEXPIRE', se, 3600000)
    redis.call('DEL', key)
    redis.call('ZREM', sg, pair)
  end
  redis.call('HSET', key, 'g', ARGV[4], 'i', ARGV[5], 'o', text(now))
  redis.call('ZADD', sg, redis.call('INCR', KEYS[6]), pair)
end
for field, value in pairs({ l = ARGV[6], c = ARGV[7], t = ARGV[8] }) do
  if value ~= '' then redis.call('HSET', key, field, value) end
end
redis.call('HSET', key, 'u', text(now))
redis.call('ZADD', sd, text(now + ttl), pair)
local reply = { 'ok', isLive and '0' or '1' }
for _, one in ipairs(fieldsOf(key)) do reply[#reply + 1] = one end
return reply
`,
);

/** KEYS sd. ARGV pair, ttl. */
export const TOUCH_SESSION = script(
  'touch session',
  `
local ends = redis.call('ZSCORE', KEYS[2], ARGV[3])
if not ends or tonumber(ends) <= now then return { 'ok', 0 } end
redis.call('ZADD', KEYS[2], text(now + tonumber(ARGV[4])), ARGV[3])
return { 'ok', 1 }
`,
);

/** KEYS sg, sd. ARGV prefix of sessions. Answers 'ok' and the fields of each. */
export const LIST_SESSIONS = script(
  'list sessions',
  `${SESSIONS}
local reply = { 'ok' }
for _, pair in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local ends = redis.call('ZSCORE', KEYS[3], pair)
  if ends and tonumber(ends) > now then
    for _, one in ipairs(fieldsOf(ARGV[3] .. pair)) do reply[#reply + 1] = one end
  end
end
return reply
`,
  true,
);

/** KEYS se, sd. ARGV prefix of sessions, prefix of sg, how many. Answers 'ok' and the fields of each as JSON. */
export const EXPIRE_SESSIONS = script(
  'expire sessions',
  `${SESSIONS}
local count = tonumber(ARGV[5])
local reply = { 'ok' }
for _, one in ipairs(redis.call('LPOP', KEYS[2], count) or {}) do reply[#reply + 1] = one end
if #reply > count then return reply end
for _, pair in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', text(now), 'LIMIT', 0, count + 1 - #reply)) do
  local key = ARGV[3] .. pair
  local length, at = string.match(pair, '^(%d+):()')
  reply[#reply + 1] = cjson.encode(fieldsOf(key))
  redis.call('DEL', key)
  redis.call('ZREM', KEYS[3], pair)
  redis.call('ZREM', ARGV[4] .. string.sub(pair, at, at + tonumber(length) - 1), pair)
end
return reply
`,
);

export const SESSION_SCRIPTS = [UPSERT, TOUCH_SESSION, LIST_SESSIONS, EXPIRE_SESSIONS];
