import { expect, test } from 'vitest';
import { frame } from './support/frames.js';
import { handshake } from './support/raw-client.js';
import { attacked } from './support/rig.js';

/** The host's own limits on how long a request may take to arrive; the gateway sees none of it before the request is whole. */
const IMPATIENT = { headersTimeout: 300, requestTimeout: 400, connectionsCheckingInterval: 10 };

test.each([
  ['nothing', ''],
  ['half a request line', 'GET /r'],
  ['half of the headers', handshake().slice(0, 80)],
])('a client that sends %s and then nothing is answered 408 by the server’s headersTimeout', (_what, bytes) =>
  attacked({ http: IMPATIENT }, async (rig) => {
    const { connectionsTotal } = rig.gateway.stats();
    const client = await rig.tcp();
    client.write(bytes);
    expect(await client.head()).toMatch(/^HTTP\/1\.1 408 /);
    await client.ended();
    expect(rig.gateway.stats().connectionsTotal).toBe(connectionsTotal);
  }),
);

test('a member outlives the server’s timeouts, for they end with the handshake', () =>
  attacked({ http: IMPATIENT }, async (rig) => {
    const member = await rig.identified('g');
    // A handshake that comes after the member's and times out says that the member's time would be over too.
    const late = await rig.tcp();
    await late.head();
    await late.ended();
    await member.roundTrip();
  }));

test.each([
  ['one header of 20 KB', [`X-Flood: ${'x'.repeat(20_000)}`]],
  ['a thousand headers', Array.from({ length: 1000 }, (_, index) => `X-Flood-${index}: ${'x'.repeat(10)}`)],
  ['a cookie that never ends', [`Cookie: ${'a=b; '.repeat(10_000)}`]],
])('%s is answered 431 by the server, and never reaches the gateway', (_what, headers) =>
  attacked({}, async (rig) => {
    const { connectionsTotal, refusedTotal } = rig.gateway.stats();
    const client = await rig.tcp();
    client.write(handshake('/rt', headers));
    expect(await client.head()).toMatch(/^HTTP\/1\.1 431 /);
    await client.ended();
    expect(rig.gateway.stats()).toMatchObject({ connectionsTotal, refusedTotal });
  }),
);

test('a request target of 10 KB is refused like any other wrong path', () =>
  attacked({}, async (rig) => {
    const client = await rig.tcp();
    client.write(handshake(`/${'x'.repeat(10_000)}`));
    expect(await client.head()).toMatch(/^HTTP\/1\.1 404 /);
    await client.ended();
  }));

test('a client that upgrades and never identifies is closed with 4201 within identifyTimeoutMs and one sweep', () =>
  attacked({ timings: { identifyTimeoutMs: 5_000 } }, async (rig) => {
    const client = await rig.open();
    await rig.pass(4_999);
    expect(rig.disconnects).toEqual([]);
    await rig.pass(1_001);
    expect(await client.closeFrame()).toMatchObject({ code: 4201 });
  }));

test('bytes of a message that never ends are no sign of life', () =>
  attacked({}, async (rig) => {
    const client = await rig.identified('g');
    client.write(frame({ payload: '"', declared: 100_000 }));
    for (let second = 0; second < 26; second += 1) {
      await rig.pass(1_000);
      client.write('x');
    }
    expect(await client.closeFrame()).toMatchObject({ code: 4200 });
  }));
