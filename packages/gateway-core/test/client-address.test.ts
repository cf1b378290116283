import * as fc from 'fast-check';
import type { GatewayOptions } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { addressKey, normalAddress } from '../src/address.js';
import { oneTurn } from './support/asynchronous.js';
import { handshake } from './support/handshake.js';
import { setUp } from './support/set-up.js';

const PROXY = '10.0.0.1';

/** What the gateway takes for the client's address. */
async function addressOf(headers: Record<string, string>, options: GatewayOptions, socketAddress = PROXY): Promise<string> {
  const { gateway, events } = setUp(options);
  expect(await handshake(gateway, socketAddress, headers).status).toBe(101);
  const [connection] = events('connection');
  expect(gateway.connections()[0]?.remoteAddress).toBe(connection?.remoteAddress);
  return connection?.remoteAddress as string;
}

const xff = (value: string) => ({ 'x-forwarded-for': value });
const forwarded = (value: string) => ({ forwarded: value });

describe('an address has one spelling', () => {
  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5001', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]:_https', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
    ['::', '::'],
    ['::1', '::1'],
  ])('%s is %s', (text, address) => {
    expect(normalAddress(text)).toBe(address);
  });

  test.each([
    '',
    ' ',
    'unknown',
    '_hidden',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '010.0.0.1',
    '1.2.3.4:',
    '1.2.3.4:80:80',
    '1.2.3.4/24',
    '[1.2.3.4',
    '2001:db8::1]',
    '[]',
    '[]:80',
    '2001:db8::1::2',
    '2001:db8::g',
    '::1 ',
    `${'1'.repeat(10_000)}.2.3.4`,
    '['.repeat(10_000),
  ])('%.40s is none', (text) => {
    expect(normalAddress(text)).toBeUndefined();
  });

  test('whichever way it is written', () => {
    const parts = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.boolean(), fc.integer({ min: 0, max: 65_535 }), (numbers, upper, port) => {
        const plain = numbers.map((part) => part.toString(16)).join(':');
        const padded = numbers.map((part) => part.toString(16).padStart(4, '0')).join(':');
        const spelled = [plain, padded, `[${plain}]`, `[${padded}]:${port}`, `${plain}%en0`];
        const addresses = spelled.map((text) => normalAddress(upper ? text.toUpperCase() : text));
        expect(new Set(addresses).size).toBe(1);
        expect(normalAddress(addresses[0] as string)).toBe(addresses[0]);
      }),
    );
  });
});

describe('what is counted', () => {
  test.each([
    ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2::/64'],
    ['2001:db8:1:2ff:3:4:5:6', 56, '2001:db8:1:200::/56'],
    ['2001:db8:1:2:3:4:5:6', 48, '2001:db8:1::/48'],
    ['2001:db8:1:2:3:4:5:ffff', 127, '2001:db8:1:2:3:4:5:fffe/127'],
    ['2001:db8:1:2:3:4:5:6', 1, '::/1'],
    ['2001:db8:1:2:3:4:5:6', 128, '2001:db8:1:2:3:4:5:6'],
    ['2001:db8:1:2:3:4:5:6', Number.POSITIVE_INFINITY, '2001:db8:1:2:3:4:5:6'],
    ['::ffff:1.2.3.4', 64, '1.2.3.4'],
    ['1.2.3.4', 1, '1.2.3.4'],
    ['no address', 64, 'no address'],
    ['', 64, ''],
  ])('%s with a prefix of %d is %s', (address, prefix, key) => {
    expect(addressKey(address, prefix)).toBe(key);
  });

  test.each<[what: string, limits: GatewayOptions['limits'], first: string, second: string, status: number]>([
    ['an IPv4 address in IPv6', {}, '1.2.3.4', '::ffff:1.2.3.4', 429],
    ['another spelling', {}, '2001:db8::1', '2001:0DB8:0:0::0001', 429],
    ['another address of the same /64', {}, '2001:db8::1', '2001:db8::ffff:1', 429],
    ['an address of the next /64', {}, '2001:db8::1', '2001:db8:0:1::1', 101],
    ['the next /64 of a /56', { ipv6PrefixLength: 56 }, '2001:db8::1', '2001:db8:0:1::1', 429],
    ['the next address, where each counts by itself', { ipv6PrefixLength: 0 }, '2001:db8::1', '2001:db8::2', 101],
    ['the same in another spelling, where each counts by itself', { ipv6PrefixLength: 0 }, '2001:db8::1', '2001:DB8::1', 429],
    ['another IPv4 address', {}, '1.2.3.4', '1.2.3.5', 101],
  ])('%s', async (_what, limits, first, second, status) => {
    const { gateway } = setUp({ limits: { connectionsPerAddressMax: 1, ...limits } });
    const one = handshake(gateway, first);
    expect(await one.status).toBe(101);
    expect(await handshake(gateway, second).status).toBe(status);
    // Its place is given back under the same key.
    one.socket.end();
    while (gateway.stats().connections === (status === 101 ? 2 : 1)) await oneTurn();
    expect(await handshake(gateway, first).status).toBe(101);
    expect(gateway.connections().map(({ remoteAddress }) => remoteAddress)).toContain(first);
  });

  test('sockets that the host accepts with addresses of its own spelling count alike', async () => {
    const { gateway, connect } = setUp({ limits: { connectionsPerAddressMax: 1 } });
    connect();
    const [{ remoteAddress } = { remoteAddress: '' }] = gateway.connections();
    expect(await handshake(gateway, remoteAddress).status).toBe(429);
  });
});

describe('the socket’s own address', () => {
  test.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['203.0.113.7', '203.0.113.7'],
  ])('%s is %s, whatever headers say', async (own, address) => {
    expect(await addressOf({ ...xff('198.51.100.1'), ...forwarded('for=198.51.100.1') }, {}, own)).toBe(address);
  });
});

describe('behind proxies that append to X-Forwarded-For', () => {
  test.each([
    [1, '203.0.113.7:5001', '203.0.113.7'],
    [1, '[2001:db8::1]:443', '2001:db8::1'],
    [1, '2001:DB8::0:1', '2001:db8::1'],
    [1, '::ffff:203.0.113.7', '203.0.113.7'],
    [2, '198.51.100.1, 203.0.113.7:1, 10.0.0.2:2', '203.0.113.7'],
    // Fewer entries than proxies: it did not come through all of them, and what is there may be the client's own word.
    [2, '203.0.113.7', PROXY],
    [3, '198.51.100.1, 203.0.113.7', PROXY],
    [1_000_000_000, '198.51.100.1, 203.0.113.7', PROXY],
    [1, '', PROXY],
    [1, '203.0.113.7, unknown', PROXY],
    [1, '203.0.113.7, not an address', PROXY],
    [1, '203.0.113.7, 1.2.3.4.5', PROXY],
    [1, '203.0.113.7,,', PROXY],
  ])('%d hops, "%s": %s', async (trustProxyHops, value, address) => {
    expect(await addressOf(xff(value), { trustProxyHops })).toBe(address);
  });

  test('a Forwarded header is the client’s own and changes nothing', async () => {
    const headers = { ...xff('203.0.113.7'), ...forwarded('for=198.51.100.1') };
    expect(await addressOf(headers, { trustProxyHops: 1 })).toBe('203.0.113.7');
    expect(await addressOf({ ...headers, ...xff('unknown') }, { trustProxyHops: 1 })).toBe(PROXY);
    expect(await addressOf({ ...headers, ...xff('') }, { trustProxyHops: 1 })).toBe(PROXY);
    expect(await addressOf(forwarded('for=198.51.100.1'), { trustProxyHops: 1, trustProxyHeader: 'x-forwarded-for' })).toBe(
      PROXY,
    );
  });
});

describe('behind proxies that append to Forwarded', () => {
  test.each([
    [1, 'for=203.0.113.7', '203.0.113.7'],
    [1, 'For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    [1, 'for="203.0.113.7:4711"', '203.0.113.7'],
    [1, 'for=203.0.113.7:4711', '203.0.113.7'],
    [1, 'for=203.0.113.7;proto=https;by=10.0.0.1', '203.0.113.7'],
    [1, 'proto=https; FOR=203.0.113.7 ; host="a,b;for=198.51.100.1"', '203.0.113.7'],
    [1, 'host="x;for=198.51.100.1";for=203.0.113.7', '203.0.113.7'],
    [1, 'host="\\",for=198.51.100.1";for=203.0.113.7', '203.0.113.7'],
    [1, 'for=203.0.113.7;host="a,b\\",c"', '203.0.113.7'],
    [2, 'for=198.51.100.1, for=203.0.113.7;host="a,\\"b\\",c", for=10.0.0.2', '203.0.113.7'],
    [1, 'for=198.51.100.1, for=203.0.113.7', '203.0.113.7'],
    [2, 'for=198.51.100.1, for="[2001:db8::1]", for=10.0.0.2', '2001:db8::1'],
    // A quote that the client left open in front of the proxy's element.
    [1, 'for="198.51.100.1, for=203.0.113.7', '203.0.113.7'],
    [1, 'for="\\, for=203.0.113.7', '203.0.113.7'],
    [2, '"""",,;;, for=203.0.113.7, for=10.0.0.2', '203.0.113.7'],
    [1, 'for=_hidden', PROXY],
    [1, 'for="_hidden:_port"', PROXY],
    [1, 'for=unknown', PROXY],
    [1, 'for=198.51.100.1, for=unknown', PROXY],
    [1, 'by=203.0.113.7', PROXY],
    [1, 'for=203.0.113.7;for=198.51.100.1', PROXY],
    [1, 'for=203.0.113.7 for=198.51.100.1', PROXY],
    [1, 'for=', PROXY],
    [1, 'for=""', PROXY],
    [1, 'for', PROXY],
    [1, '203.0.113.7', PROXY],
    [1, '', PROXY],
    [1, ',', PROXY],
    [2, 'for=203.0.113.7', PROXY],
  ])('%d hops, %s: %s', async (trustProxyHops, value, address) => {
    expect(await addressOf(forwarded(value), { trustProxyHops })).toBe(address);
    const named = { trustProxyHops, trustProxyHeader: 'forwarded' } as const;
    expect(await addressOf({ ...forwarded(value), ...xff('198.51.100.99') }, named)).toBe(address);
  });
});

test('a client writes in front of what its proxy says whatever it likes: it is never believed, and costs no more than its bytes', () => {
  const junk = fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', 'for', '1.2.3.4', ' ', '[', ']', ':') });
  const { gateway, events } = setUp({ trustProxyHops: 1, trustProxyHeader: 'forwarded' });
  fc.assert(
    fc.property(junk, (client) => {
      handshake(gateway, PROXY, forwarded(`${client}, for="[2001:db8::1]:80"`));
      expect(events('connection').at(-1)?.remoteAddress).toBe('2001:db8::1');
    }),
  );
  for (const piece of ['"', '\\"', ',', ';for=1.2.3.4', '"\\']) {
    handshake(gateway, PROXY, forwarded(`${piece.repeat(1 << 20)}, for=203.0.113.7`));
    expect(events('connection').at(-1)?.remoteAddress).toBe('203.0.113.7');
  }
});
