import { createHash } from 'node:crypto';

/** A Lua script, by the name in errors. */
export interface Script {
  readonly name: string;
  readonly text: string;
  readonly sha: string;
  /** To ask it twice does no harm, so it is asked again where its answer is lost. */
  readonly isRead?: boolean | undefined;
}

/**
 * Every script begins with this. KEYS[1] is the incarnation that the server was last seen in; ARGV[1] the one that the caller believes in,
 * ARGV[2] milliseconds to add to the server's time (0 outside of tests). All time is the server's: no two nodes' clocks are compared.
 */
const PRELUDE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'STALE' } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])
`;
/**
 * A whole number as text, of the scripts that use it: each run of one makes its functions anew. `tostring(1e15)` is `1e+15` in Lua 5.1, and takes
 * longer, as a number does that is given to a command.
 */
const TEXT = `local function text(n) return string.format('%d', n) end
`;

export function script(name: string, body: string, isRead = false): Script {
  const whole = PRELUDE + (body.includes('text(') ? TEXT : '') + body;
  return { name, text: whole, sha: createHash('sha1').update(whole).digest('hex'), isRead };
}

/**
 * Where the server is in another incarnation than it was seen in last (restart, promotion, restored snapshot, FLUSHALL), a new term begins.
 * It is random and no counter: an old snapshot rolls a counter back, and a number that is used twice would name two histories.
 * KEYS incarnation, since. ARGV "run:replid", fresh term, milliseconds to add to the time.
 */
export const ARRIVE = (() => {
  const text = `
local known = redis.call('GET', KEYS[1])
if known and string.sub(known, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then return { known, 0 } end
local time = redis.call('TIME')
local mine = ARGV[1] .. ':' .. ARGV[2]
redis.call('SET', KEYS[1], mine)
redis.call('SET', KEYS[2], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])))
return { mine, 1 }
`;
  return { name: 'arrive', text, sha: createHash('sha1').update(text).digest('hex') };
})();
