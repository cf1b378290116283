import { CLOSE_CODES, closeAction } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

// PROTOCOL.md, "Close codes": 4900 to 4999 are a client's own, and drops.

const OWN = Array.from({ length: 100 }, (_, n) => 4900 + n);

describe('a close by the client with a code of its own, 4900 to 4999', () => {
  test('is a drop in dialect 1: the member is announced as DEGRADED, and leaves when the resume window is over [R241]', async () => {
    const { clock, gateway, join, events } = setUp({ timings: { resumeTtlMs: 10_000 } });
    for (const code of OWN) (await join(`group ${code}`)).close(code);
    await clock.advance(9_000);
    expect(events('disconnect').map(({ code }) => code)).toEqual(OWN);
    expect(events('leave')).toEqual([]);
    for (const code of OWN) expect(await gateway.presence(`group ${code}`)).toMatchObject({ status: 'DEGRADED' });
    await clock.advance(2_000);
    expect(events('leave')).toHaveLength(OWN.length);
  });

  test('is a drop in dialect 2: the same member comes back, to what it missed, and nobody sees it go [R241]', async () => {
    const { clock, gateway, events } = setUp({ limits: { joinsPerSecondMax: 0 } });
    const client = new ResumingClient(gateway);
    client.connect({ g: {} });
    await clock.settle();
    const { memberId } = client.take();
    for (const code of OWN) {
      client.take().connection.close(code);
      await gateway.publish('g', code);
      client.connect();
      await clock.settle();
    }
    const { memberId: last, resumed, logs } = client.take();
    expect(last).toBe(memberId);
    expect(resumed).toEqual([false, ...OWN.map(() => true)]);
    expect(logs.get('g')?.syncs.slice(1)).toEqual(OWN.map((_, n) => ({ outcome: 'recovered', seq: n + 1, replayed: 1 })));
    expect(events('disconnect').map(({ code }) => code)).toEqual(OWN);
    expect(events('leave')).toEqual([]);
  });

  test('is none that the gateway sends, and to a client that sees one it is nothing but an end', () => {
    const sent = Object.values(CLOSE_CODES).map(({ code }): number => code);
    expect(sent.filter((code) => OWN.includes(code))).toEqual([]);
    expect(new Set(OWN.map(closeAction))).toEqual(new Set(['reconnect']));
  });
});
