import { createServer } from 'node:http';
import {
  createGateway,
  DEFAULT_LIMITS,
  DEFAULT_TIMINGS,
  GatewayError,
  type GatewayOptions,
  MemoryBroker,
  MemoryMemberStore,
  MemoryPresenceStore,
} from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

const clock = new FakeClock();
const create = (options: unknown) => createGateway({ clock, ...(options as GatewayOptions) });

/** Asserts that the options are refused with `name` named first. */
function expectRefused(options: unknown, name: string): void {
  let thrown: unknown;
  try {
    create(options);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GatewayError);
  expect(thrown).toMatchObject({ name: 'GatewayError', code: 'INVALID_OPTION' });
  expect((thrown as GatewayError).message.split(':')[0]).toBe(name);
}

const METHODS = {
  server: ['on', 'emit', 'listenerCount'],
  presence: ['enter', 'leave', 'info', 'list', 'touch', 'watch'],
  members: ['put', 'find', 'takeOver', 'end', 'expire', 'touch', 'onReplaced'],
  sessions: ['upsert', 'touch', 'list', 'expire'],
  broker: ['publish', 'subscribe', 'history'],
  tracer: ['message', 'delivery'],
  logger: ['debug', 'info', 'warn', 'error'],
  clock: ['now', 'monotonicMs', 'setTimeout', 'clearTimeout', 'setImmediate'],
};

describe('a wrong option is refused by its name', () => {
  const wrongValues: Record<string, unknown[]> = {
    path: [3, '', 'rt', '/rt?x=1', '/rt#x', '/r t', ['/rt'], '/r\tt', '/rt\n', '/r\0t', '/rt\u00a0', '\\rt', '/a\\b'].concat(
      // No client connects there: it resolves dots, and an escape is three characters.
      ['//', '//rt', '/rt//', '/a//b', '/.', '/..', '/a/../b', '/a/./b', '/a/%2e%2E/b', '/%', '/100%', '/%2', '/%zz', '/\ud800'],
    ),
    trustProxyHeader: ['x-real-ip', 'X-Forwarded-For', '', 3, ['auto']],
    trustProxyHops: [-1, 1.5, '1', Number.NaN, Number.POSITIVE_INFINITY],
    allowedOrigins: ['https://a.example', [3], ['https://a.example/'], ['a.example'], [''], {}, null],
    authenticate: [true, {}, null],
    authorize: [true, {}, null],
    generateId: ['id', null],
    perMessageDeflate: [1, 'yes', {}],
    timings: [3, null, 'fast'],
    limits: [3, null, 'few'],
  };
  test.each(Object.entries(wrongValues))('%s', (name, values) => {
    for (const value of values) expectRefused({ [name]: value }, name);
  });

  test.each(Object.entries(METHODS))('%s without one of its methods, or no object at all', (name, methods) => {
    const whole = Object.fromEntries(methods.map((method) => [method, () => () => {}]));
    for (const missing of methods) {
      expectRefused({ [name]: { ...whole, [missing]: undefined } }, name);
      expectRefused({ [name]: { ...whole, [missing]: 'not a function' } }, name);
    }
    for (const wrong of [null, 3, 'x', {}]) expectRefused({ [name]: wrong }, name);
    const beside = name === 'members' ? { broker: new MemoryBroker(), presence: new MemoryPresenceStore() } : {};
    expect(() => create({ [name]: whole, ...beside })).not.toThrow();
  });

  test.each(['prot', 'heartbeatIntervalMs', 'toString', '__proto__'])('%s, which is no option', (name) => {
    expectRefused(JSON.parse(`{"${name}":1}`), name);
  });

  test('members that gateways share, without a broker or a presence store that they share too', () => {
    const members = new MemoryMemberStore();
    expectRefused({ members }, 'members');
    expectRefused({ members, broker: new MemoryBroker() }, 'members');
    expectRefused({ members, presence: new MemoryPresenceStore() }, 'members');
  });

  test('options that are no object', () => {
    for (const options of [null, 3, 'x', true]) {
      expect(() => createGateway(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    }
  });
});

const NOT_COUNTS = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null, [], {}, true, 2 ** 53];

describe.each(Object.keys(DEFAULT_TIMINGS))('timings.%s', (name) => {
  test('is a whole number of milliseconds that a timer can hold', () => {
    for (const value of [...NOT_COUNTS, 2 ** 31]) expectRefused({ timings: { [name]: value } }, `timings.${name}`);
  });

  test('may be 0 only where that means something', () => {
    const may = [
      'resumeTtlMs',
      'slowConsumerTimeoutMs',
      'presenceIntervalMs',
      'presenceIntervalMaxMs',
      'flushSliceMs',
      'drainDelayMs',
    ].includes(name);
    if (may) expect(() => create({ timings: { [name]: 0 } })).not.toThrow();
    else expectRefused({ timings: { [name]: 0 } }, `timings.${name}`);
  });
});

describe.each(Object.keys(DEFAULT_LIMITS))('limits.%s', (name) => {
  test('is a whole number, where 0 switches it off', () => {
    for (const value of NOT_COUNTS) expectRefused({ limits: { [name]: value } }, `limits.${name}`);
    const rest = name === 'messageBytesMax' ? { bytesBurst: 0 } : {};
    expect(() => create({ limits: { [name]: 0, ...rest } })).not.toThrow();
    expect(() => create({ limits: { [name]: undefined } })).not.toThrow();
  });
});

test('limits.ipv6PrefixLength is at most the length of an address', () => {
  expectRefused({ limits: { ipv6PrefixLength: 129 } }, 'limits.ipv6PrefixLength');
  expect(() => create({ limits: { ipv6PrefixLength: 128 } })).not.toThrow();
});

test.each([
  ['/rt/', '/rt'],
  ['/', '/'],
  ['/grupp%c3%a9', '/grupp%C3%A9'],
  ['/gruppé', '/grupp%C3%A9'],
])('the path %s is said as %s', (path, said) => {
  expect(create({ path }).path).toBe(said);
});

describe('options that do not go together are refused', () => {
  test('a heartbeat timeout that is not more than the interval', () => {
    for (const timings of [{ heartbeatTimeoutMs: 10_000 }, { heartbeatIntervalMs: 25_000 }]) {
      expectRefused({ timings }, 'timings.heartbeatTimeoutMs');
    }
    expect(() => create({ timings: { heartbeatIntervalMs: 10, heartbeatTimeoutMs: 11 } })).not.toThrow();
  });

  test('a burst of bytes that no longest message fits in', () => {
    expectRefused({ limits: { bytesBurst: 1_000 } }, 'limits.bytesBurst');
    expectRefused({ limits: { messageBytesMax: 0 } }, 'limits.bytesBurst');
    expect(() => create({ limits: { bytesBurst: 1_000, messageBytesMax: 1_000 } })).not.toThrow();
  });

  test.each(['timings', 'limits'])('%s with a name that is none of theirs', (group) => {
    for (const name of ['nope', 'toString', '__proto__'])
      expectRefused({ [group]: JSON.parse(`{"${name}":1}`) }, `${group}.${name}`);
  });
});

describe('defaults', () => {
  test('are those of the product kit', () => {
    expect(DEFAULT_TIMINGS).toMatchObject({
      heartbeatIntervalMs: 10_000,
      heartbeatTimeoutMs: 25_000,
      identifyTimeoutMs: 25_000,
      orphanSessionTtlMs: 15_000,
    });
    expect(create({}).path).toBe('/rt');
    expect(create({ path: '/' }).path).toBe('/');
  });

  test('hold where an option is undefined', () => {
    const names = [...Object.keys(METHODS), 'path', 'timings', 'limits', 'allowedOrigins', 'trustProxyHops', 'authenticate'];
    expect(() => createGateway(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow();
  });

  test('a refused option leaves nothing on the server', () => {
    const server = createServer();
    const { emit } = server;
    expectRefused({ server, path: 'wrong' }, 'path');
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(server.emit).toBe(emit);
  });
});
