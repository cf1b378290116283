import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_REDIS, TestRedis } from '../../../packages/gateway-redis/test/support/test-redis.js';
import { luaScript } from '../lua/script.js';
import { Engine } from '../model/engine.js';

/** Answers of Redis to these are those of the model: what a script of ours may use of Lua. */
const SCRIPTS = [
  "return { 1, 'two', 3.7, true, false, 'not seen' }",
  'return { 1, nil, 3 }',
  "return string.format('%.0f %d %s %%', 1e15, 42, 'text')",
  "return { 7 .. '', 1e15 .. '', 0.1 .. '', 1767225600123 .. '', 1e-7 .. '', -3 .. '' }",
  "return { string.match('12 t 3 rest of it', '^(%d+) (%a) (%d+) (.*)$') }",
  "return { string.match('5:abcdefg', '^(%d+):()') }",
  "return { string.match('a,b=1', '([^,=]+)=(%d+)') }",
  "return { string.match('none', '%d') == nil, string.match('x1-2', '%d-.%d') }",
  "local out = {} for name, last in string.gmatch('A=110,B=250', '([^,=]+)=(%d+)') do out[#out + 1] = name .. last end return out",
  "local out = {} for one in string.gmatch('1,=2,3', '[^,]+') do out[#out + 1] = one end return out",
  "local s, n = string.gsub('a=1,b=2', '=', ':') return { s, n }",
  "return { string.find('a,b,c', ',', 1, true), string.find('abc', 'x') == nil }",
  "return { string.sub('abcdef', 2, 4), string.sub('abcdef', 3), string.sub('abcdef', -2), string.sub('abc', 2, 1), string.sub('abc', 1, 0) }",
  "return { tonumber('12'), tonumber(' 7 '), tostring(tonumber('')), tostring(tonumber('x')), tonumber('1e3'), tostring(tonumber('0x10')) }",
  "return { #'h\\195\\169', 'a' < 'b', 'B' < 'a', 10 > 9, '10' == 10 }",
  "return { nil == false, not nil, 0 and 'zero is true', '' and 'empty is true', false or 'or', nil and 'and' }",
  'local a, b, c = (function() return 1, 2, 3 end)() return { a, b, c }',
  'local function three() return 1, 2, 3 end return { three(), three() }',
  'local function three() return 1, 2, 3 end return { (three()), #{ three(), three() } }',
  "local t = { 1, 2, 3 } t[#t + 1], t[#t + 2] = 'four', 'five' return t",
  "local t, k = { a = 1 }, 1 k, t[k] = 2, 'set' return { k, t[1], t[2] == nil }",
  "local t = { 'a', 'b', x = 'c', ['y z'] = 'd' } return { #t, t.x, t['y z'], t[3] == nil }",
  'local t = { 1, 2, 3 } t[#t] = nil return { #t, unpack(t) }',
  'local n = 0 for i = 1, 10 do if i % 2 == 0 then n = n + i elseif i > 7 then break end end return n',
  'local n = 0 for _ = 17, 16 do n = n + 1 end for i = 0, (12 - 1) / 5 - 1 do n = n + 10 end return n',
  'local n = 3 while n > 0 do n = n - 1 end return n',
  'local x = 1 do local x = 2 end local x = x + 1 return x',
  "return { math.floor(7 / 2), math.floor(-1 / 2), math.max(1, 3, 2), 7 % 3, -7 % 3, '10' + 5, 2 * 3 - 4 / 2 }",
  "return table.concat({ 1, 'b', 3 }, ', ')",
  "local t = { 'b', 'ab', 'a', 'B' } table.sort(t) return t",
  "return cjson.encode({ 'a', 'q\"/\\\\', 3, 1767225600123 })",
  "return cjson.encode({ '\\1\\127\\n', {}, { x = 1 } })",
  "redis.call('HSET', KEYS[1], 'f', 5) return { redis.call('HMGET', KEYS[1], 'f', 'g')[2] == false, redis.call('HGET', KEYS[1], 'f') }",
  "for at, one in ipairs({ 'a', 'b' }) do redis.call('HSET', KEYS[1], at, one) end return redis.call('HLEN', KEYS[1])",
  'local sum = 0 for k, v in pairs({ a = 1, b = 2, 5 }) do sum = sum + v end return sum',
  'return #ARGV + #KEYS * 10',
  // What is an error there is one here.
  'return 1 + nil',
  "return {} .. 'a'",
  "return 1 < 'a'",
  'return nil .. 1',
  'local t = nil return t.x',
  "redis.call('SADD', KEYS[1], 'a') return redis.call('HGET', KEYS[1], 'a')",
  "redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10, '5-0', 'd', 'x') return redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10, '5-0', 'd', 'x')",
];

// Without a server there is nothing to compare with.
describe.skipIf(NO_REDIS)('a script answers as on a real server', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis.stop());

  test.each(SCRIPTS)('%s', async (text) => {
    const engine = new Engine({ random: () => 0 });
    const outcome = async (does: () => unknown) => {
      try {
        return await does();
      } catch {
        return 'an error';
      }
    };
    await redis.command('FLUSHALL');
    const command = ['EVAL', text, '1', 'key', 'one', 'two'];
    expect(await outcome(() => engine.run(0, command))).toEqual(await outcome(() => redis.command(...command)));
  });
});

test.each(['goto x', 'x = 1', 'return os', 'local t = a:b()', '--[[ long ]] return 1', 'return 2 ^ 2', 'local ... = 1'])(
  'what is not known of Lua is an error, and not guessed: %s',
  (text) => {
    expect(() => luaScript(text)).toThrow(SyntaxError);
  },
);
