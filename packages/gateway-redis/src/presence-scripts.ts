import { script } from './scripts.js';

/**
 * A group's members are a hash `p` by member id: `<order> <c|d> <generation> <length of node> <of role> <of metadata>:`, those three, and JSON of the
 * rest. `q` has what `info` needs: `c` how many
 * are connected, `o` the last order, `r` and `m` of who changed last, `d` since when nobody is there. `pn:<node>` is the set of its places, by which
 * a dead node's members are found. `pl` has the leases: `<ends at> <t|u> <term>` by node, touched or not.
 */
const PRESENCE = `
local function parse(record)
  local order, state, generation, nodes, roles, metadatas, at = string.match(record, '^(%d+) (%a) (%d*) (%d+) (%d+) (%d+):()')
  local roleAt = at + tonumber(nodes)
  local metadataAt = roleAt + tonumber(roles)
  local restAt = metadataAt + tonumber(metadatas)
  return {
    order = order,
    state = state,
    generation = tonumber(generation),
    node = string.sub(record, at, roleAt - 1),
    role = string.sub(record, roleAt, metadataAt - 1),
    metadata = string.sub(record, metadataAt, restAt - 1),
  }
end

local function isLater(known, generation)
  return known and known.generation and generation and known.generation > generation
end

local function leave(p, q, placesOf, channel, group, member, place, known, downTtl)
  redis.call('HDEL', p, member)
  redis.call('SREM', placesOf .. known.node, place)
  if known.state == 'c' then redis.call('HINCRBY', q, 'c', -1) end
  redis.call('HSET', q, 'r', known.role, 'm', known.metadata)
  if redis.call('EXISTS', p) == 0 then
    redis.call('HSET', q, 'd', text(now))
    redis.call('PEXPIRE', q, downTtl)
  end
  redis.call('PUBLISH', channel, group)
end
`;

/**
 * KEYS p, q, leases, places of the node. ARGV term, places prefix, channel, group, member, place, node, state, generation, JSON, role, metadata,
 * untouched lease.
 */
export const ENTER = script(
  'enter',
  `${PRESENCE}
local p, q, leases = KEYS[2], KEYS[3], KEYS[4]
local placesOf, channel, group, member, place, node = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local state, generation, json, role, metadata = ARGV[10], tonumber(ARGV[11]), ARGV[12], ARGV[13], ARGV[14]
local lease = redis.call('HGET', leases, node)
if not lease or tonumber(string.match(lease, '^%d+')) <= now then
  redis.call('HSET', leases, node, text(now + tonumber(ARGV[15])) .. ' u ' .. ARGV[3])
end
local record = redis.call('HGET', p, member)
local known = record and parse(record)
if isLater(known, generation) then return { 'ok' } end
local order = known and known.order or text(redis.call('HINCRBY', q, 'o', 1))
local connected = (state == 'c' and 1 or 0) - (known and known.state == 'c' and 1 or 0)
if known and known.node ~= node then redis.call('SREM', placesOf .. known.node, place) end
redis.call('HSET', p, member, table.concat({ order, state, ARGV[11], #node, #role, #metadata }, ' ') .. ':' .. node .. role .. metadata .. json)
redis.call('SADD', placesOf .. node, place)
if connected ~= 0 then redis.call('HINCRBY', q, 'c', connected) end
redis.call('HSET', q, 'r', role, 'm', metadata)
if not known then
  redis.call('HDEL', q, 'd')
  redis.call('PERSIST', q)
end
redis.call('PUBLISH', channel, group)
return { 'ok' }
`,
);

/** KEYS p, q. ARGV places prefix, channel, group, member, place, generation, down ttl, and the node that has it, or '': whichever. */
export const LEAVE = script(
  'leave',
  `${PRESENCE}
local record = redis.call('HGET', KEYS[2], ARGV[6])
local known = record and parse(record)
if not known or isLater(known, tonumber(ARGV[8])) then return { 'ok' } end
if ARGV[10] ~= '' and known.node ~= ARGV[10] then
  redis.call('SREM', ARGV[3] .. ARGV[10], ARGV[7])
  return { 'ok' }
end
leave(KEYS[2], KEYS[3], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], known, ARGV[9])
return { 'ok' }
`,
);

/** KEYS p, q. ARGV down ttl. Answers 'ok', members, connected, role, metadata; or 'ok' alone. */
export const INFO = script(
  'info',
  `
local members = redis.call('HLEN', KEYS[2])
local q = redis.call('HMGET', KEYS[3], 'c', 'r', 'm', 'd')
if not q[2] then return { 'ok' } end
if members == 0 and (not q[4] or now - tonumber(q[4]) >= tonumber(ARGV[3])) then return { 'ok' } end
return { 'ok', text(members), q[1] or '0', q[2], q[3] or '' }
`,
  true,
);

/** KEYS p. Answers 'ok' and the records. */
export const LIST = script(
  'list',
  `
local reply = { 'ok' }
for _, record in ipairs(redis.call('HVALS', KEYS[2])) do reply[#reply + 1] = record end
return reply
`,
  true,
);

/**
 * KEYS leases, since. ARGV term, node, ttl. Answers 'alive' or 'lapsed', and the nodes whose lease is over. In another incarnation of the server what
 * it has may be older than what nodes were told, so no lease counts as held; and nobody is buried before there was time to be touched again.
 */
export const TOUCH = script(
  'touch',
  `
local term, node, ttl = ARGV[3], ARGV[4], tonumber(ARGV[5])
local lease = redis.call('HGET', KEYS[2], node)
local endsAt, how, of
if lease then endsAt, how, of = string.match(lease, '^(%d+) (%a) (.*)$') end
local reply = { 'lapsed' }
if lease and how == 't' and of == term and tonumber(endsAt) > now then reply[1] = 'alive' end
redis.call('HSET', KEYS[2], node, text(now + ttl) .. ' t ' .. term)
local isNew = now - tonumber(redis.call('GET', KEYS[3]) or '0') < ttl
local all = redis.call('HGETALL', KEYS[2])
for at = 1, #all, 2 do
  local ends, _, by = string.match(all[at + 1], '^(%d+) (%a) (.*)$')
  if tonumber(ends) <= now and (by == term or not isNew) then reply[#reply + 1] = all[at] end
end
return reply
`,
);

/** Takes out some members of a node whose lease is over. KEYS leases, places of the node. ARGV places prefix, channel, node, p prefix, q prefix, down ttl. Answers 'ok' and how many are left. */
export const BURY = script(
  'bury',
  `${PRESENCE}
local leases, places, node = KEYS[2], KEYS[3], ARGV[5]
local lease = redis.call('HGET', leases, node)
if not lease or tonumber(string.match(lease, '^%d+')) > now then return { 'ok', 0 } end
for _, place in ipairs(redis.call('SPOP', places, 128)) do
  local length, at = string.match(place, '^(%d+):()')
  local group, member = string.sub(place, at, at + tonumber(length) - 1), string.sub(place, at + tonumber(length))
  local p, q = ARGV[6] .. group, ARGV[7] .. group
  local record = redis.call('HGET', p, member)
  local known = record and parse(record)
  if known and known.node == node then leave(p, q, ARGV[3], ARGV[4], group, member, place, known, ARGV[8]) end
end
local left = redis.call('SCARD', places)
if left == 0 then redis.call('HDEL', leases, node) end
return { 'ok', left }
`,
);

/** Some of a node's places. KEYS places of the node. ARGV cursor. Answers 'ok', the next cursor, and the places. */
export const PLACES = script(
  'places',
  `
local found = redis.call('SSCAN', KEYS[2], ARGV[3], 'COUNT', 128)
local reply = { 'ok', found[1] }
for _, place in ipairs(found[2]) do reply[#reply + 1] = place end
return reply
`,
  true,
);

export const PRESENCE_SCRIPTS = [ENTER, LEAVE, INFO, LIST, TOUCH, BURY, PLACES];
