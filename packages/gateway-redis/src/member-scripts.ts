import { script } from './scripts.js';

/**
 * A member is a hash `r:<id>`: `g` generation, `f` the one in which its node got it, which the log's fence is, `i` the term that it was said in, `n` node, `k` which lease of the node it was put under, `t` `u` hashes of its tokens, `s` state, `ttl` how
 * long it may come back, `x` until when, where it has dropped, `h` until when it is held, `j` the rest as JSON. `mn:<node>` has the members of a node, `mt:<node>` those that others
 * have taken over from it, with their generation, for when it has not heard so.
 * `ml` has the leases: `<ends at> <t|u> <which> <when the one before ended> <term>` by node, touched or not.
 */
const MEMBERS = `
local leases = KEYS[2]

local function leaseOf(node)
  local known = redis.call('HGET', leases, node)
  if not known then return nil end
  local ends, how, k, before, term = string.match(known, '^(%d+) (%a) (%d+) (%d+) (.*)$')
  return { ends = tonumber(ends), how = how, k = k, before = tonumber(before), term = term }
end

local function setLease(node, ends, how, k, before, term)
  redis.call('HSET', leases, node, table.concat({ text(ends), how, k, text(before), term }, ' '))
end

-- Answers which lease it is.
local function haveLease(node, untouched, term)
  local lease = leaseOf(node)
  if lease and lease.ends > now then return lease.k end
  local k = text(now)
  setLease(node, now + untouched, 'u', k, lease and lease.ends or now, term)
  return k
end

local function memberOf(key)
  local known = redis.call('HMGET', key, 'g', 'n', 'k', 't', 'u', 's', 'ttl', 'x', 'h', 'j', 'i', 'f')
  if not known[1] then return nil end
  return {
    g = tonumber(known[1]), n = known[2], k = known[3], t = known[4], u = known[5], s = known[6],
    ttl = tonumber(known[7]), x = tonumber(known[8] or ''), h = tonumber(known[9] or ''), j = known[10], i = known[11], f = known[12],
  }
end

-- Whether somebody speaks of the member as it is. A server that has lost its newest writes may have it in a generation before theirs.
local function isOf(member, generation, term)
  return member.g == generation or (member.g < generation and member.i ~= term)
end

local function isToken(member, hash)
  return hash == member.t or (member.u ~= '' and hash == member.u)
end

-- Until when it may come back; nil: it is connected. In another incarnation of the server a node has time to be touched again.
local function untilOf(member, term, since, grace)
  if member.x then return member.x end
  local lease = leaseOf(member.n)
  if not lease then return 0 end
  if lease.ends > now and lease.k == member.k then return nil end
  if lease.term ~= term and now - tonumber(redis.call('GET', since) or '0') < grace then return nil end
  return (lease.k == member.k and lease.ends or lease.before) + member.ttl
end

local function replyOf(status, member)
  return { status, text(member.g), member.n, member.t, member.u, member.s, text(member.ttl), member.j }
end
`;

/** KEYS leases, member, members of the node. ARGV term, untouched lease, prefix of members of nodes, id, node, generation, token, used token, state, resume ttl, JSON. */
export const PUT = script(
  'put',
  `${MEMBERS}
local key, id, node, generation = KEYS[3], ARGV[6], ARGV[7], tonumber(ARGV[8])
local known = memberOf(key)
if known and not isOf(known, generation, ARGV[3]) then return { 'ok', 0 } end
local k = haveLease(node, tonumber(ARGV[4]), ARGV[3])
if known and known.n ~= node then redis.call('SREM', ARGV[5] .. known.n, id) end
local f = known and known.n == node and known.g == generation and known.f or text(generation)
redis.call('HSET', key, 'g', text(generation), 'f', f, 'i', ARGV[3], 'n', node, 'k', k, 't', ARGV[9], 'u', ARGV[10], 's', ARGV[11], 'ttl', ARGV[12], 'j', ARGV[13])
if known and known.h and (known.t ~= ARGV[9] or known.u ~= ARGV[10]) then redis.call('HDEL', key, 'h') end
redis.call('SADD', KEYS[4], id)
if ARGV[11] == 'dropped' then
  redis.call('HSET', key, 'x', text(now + tonumber(ARGV[12])))
  -- Its gateway ends it. Should nobody do so, it goes by itself in the end.
  redis.call('PEXPIRE', key, text(tonumber(ARGV[12]) + 86400000))
elseif known and known.x then
  redis.call('HDEL', key, 'x')
  redis.call('PERSIST', key)
end
return { 'ok', 1 }
`,
);

/** KEYS leases, member, since. ARGV term, grace, token, hold. Answers 'none', or 'ok' and the member. */
export const FIND = script(
  'find',
  `${MEMBERS}
local member = memberOf(KEYS[3])
if not member or not isToken(member, ARGV[5]) then return { 'none' } end
local until_ = untilOf(member, ARGV[3], KEYS[4], tonumber(ARGV[4]))
if until_ and math.max(until_, member.h or 0) <= now then return { 'none' } end
local hold = tonumber(ARGV[6])
if hold > 0 then redis.call('HSET', KEYS[3], 'h', text(now + hold)) elseif member.h then redis.call('HDEL', KEYS[3], 'h') end
if until_ then member.s = 'dropped' end
return replyOf('ok', member)
`,
  true,
);

/** How long a node can be told that a member of its was taken over, in milliseconds. */
const TAKEN_TTL_MS = 3_600_000;

/**
 * KEYS leases, member, members of the node. ARGV term, untouched lease, prefix of members of nodes, id, token, generation, node, next token, channel,
 * prefix of members taken over from nodes.
 */
export const TAKE_OVER = script(
  'take over',
  `${MEMBERS}
local key, id, token, generation, node = KEYS[3], ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local member = memberOf(key)
if not member or not isToken(member, token) or member.g ~= generation then return { 'none' } end
local former = member.n
member.k = haveLease(node, tonumber(ARGV[4]), ARGV[3])
member.g, member.n, member.t, member.u, member.s = generation + 1, node, ARGV[10], token, 'connected'
-- A node that has it already knows of this at once: it refuses the former connection by itself.
if former ~= node or not member.f then member.f = text(member.g) end
redis.call('HSET', key, 'g', text(member.g), 'f', member.f, 'i', ARGV[3], 'n', node, 'k', member.k, 't', member.t, 'u', token, 's', 'connected')
if member.x or member.h then redis.call('HDEL', key, 'x', 'h') end
if member.x then redis.call('PERSIST', key) end
redis.call('SADD', KEYS[4], id)
if former ~= node then
  redis.call('SREM', ARGV[5] .. former, id)
  redis.call('HSET', ARGV[12] .. former, id, text(member.g))
  redis.call('PEXPIRE', ARGV[12] .. former, ${TAKEN_TTL_MS})
  redis.call('PUBLISH', ARGV[11], cjson.encode({ former, id, member.g }))
end
return replyOf('ok', member)
`,
);

/** KEYS members taken over from a node. Answers 'ok', and each with its generation. */
export const TAKEN = script(
  'taken',
  `
local reply = { 'ok' }
for _, one in ipairs(redis.call('HGETALL', KEYS[2])) do reply[#reply + 1] = one end
return reply
`,
  true,
);

/** KEYS leases, member. ARGV term, untouched lease, prefix of members of nodes, id, generation. */
export const END = script(
  'end',
  `${MEMBERS}
local member = memberOf(KEYS[3])
if not member or not isOf(member, tonumber(ARGV[7]), ARGV[3]) then return { 'ok', 0 } end
redis.call('DEL', KEYS[3])
redis.call('SREM', ARGV[5] .. member.n, ARGV[6])
return { 'ok', 1 }
`,
);

/** KEYS leases, member, since. ARGV term, grace, prefix of members of nodes, id, generation. */
export const EXPIRE = script(
  'expire',
  `${MEMBERS}
local member = memberOf(KEYS[3])
if not member then return { 'expired' } end
if not isOf(member, tonumber(ARGV[7]), ARGV[3]) then return { 'replaced' } end
local until_ = untilOf(member, ARGV[3], KEYS[4], tonumber(ARGV[4]))
if not until_ or math.max(until_, member.h or 0) > now then return { 'open' } end
redis.call('DEL', KEYS[3])
redis.call('SREM', ARGV[5] .. member.n, ARGV[6])
return { 'expired' }
`,
);

/** KEYS leases, since. ARGV term, node, ttl. Answers 'alive' or 'lapsed', and the nodes whose members are to be looked at. */
export const TOUCH_MEMBERS = script(
  'touch members',
  `${MEMBERS}
local term, node, ttl = ARGV[3], ARGV[4], tonumber(ARGV[5])
local lease = leaseOf(node)
local isOver = lease and lease.ends <= now
local isAlive = lease and not isOver and lease.how == 't' and lease.term == term
local reply = { isAlive and 'alive' or 'lapsed' }
if lease and not isOver then
  setLease(node, now + ttl, 't', lease.k, lease.before, term)
else
  setLease(node, now + ttl, 't', text(now), lease and lease.ends or now, term)
end
if isOver then reply[#reply + 1] = node end
local isNew = now - tonumber(redis.call('GET', KEYS[3]) or '0') < ttl
for _, one in ipairs(redis.call('HKEYS', leases)) do
  local other = leaseOf(one)
  if other.ends <= now and (other.term == term or not isNew) then reply[#reply + 1] = one end
end
return reply
`,
);

/** Ends some of a node's members whose time is over. KEYS leases, members of the node, since. ARGV term, grace, node, prefix of members, cursor. Answers 'ok' and the next cursor. */
export const BURY_MEMBERS = script(
  'bury members',
  `${MEMBERS}
local node = ARGV[5]
local found = redis.call('SSCAN', KEYS[3], ARGV[7], 'COUNT', 128)
for _, id in ipairs(found[2]) do
  local key = ARGV[6] .. id
  local member = memberOf(key)
  if not member or member.n ~= node then
    redis.call('SREM', KEYS[3], id)
  else
    local until_ = untilOf(member, ARGV[3], KEYS[4], tonumber(ARGV[4]))
    if until_ and math.max(until_, member.h or 0) <= now then
      redis.call('DEL', key)
      redis.call('SREM', KEYS[3], id)
    end
  end
end
local lease = leaseOf(node)
if found[1] == '0' and lease and lease.ends <= now and redis.call('EXISTS', KEYS[3]) == 0 then redis.call('HDEL', leases, node) end
return { 'ok', found[1] }
`,
);

export const MEMBER_SCRIPTS = [PUT, FIND, TAKE_OVER, TAKEN, END, EXPIRE, TOUCH_MEMBERS, BURY_MEMBERS];
