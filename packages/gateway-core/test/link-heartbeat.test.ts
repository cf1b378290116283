import { describe, expect, test } from 'vitest';
import { withLinks } from './support/link-member.js';
import { heartbeat } from './support/messages.js';

describe('a client at the end of a link', () => {
  test('that goes half-open is out of its groups after heartbeatTimeoutMs, and cut after closeTimeoutMs more', async () => {
    const { joinByLink, clock, talker, gateway, events } = await withLinks();
    const { client, link } = await joinByLink({ latencyMs: 100 });
    for (const each of [talker, client]) each.send(heartbeat());
    await clock.advance(100);
    link.stall();
    await clock.advance(24_000);
    talker.send(heartbeat());
    expect(events('disconnect')).toEqual([]);
    // Its timeout, and one sweep.
    await clock.advance(2_000);
    expect(events('disconnect')).toMatchObject([{ code: 4200 }]);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 1 });
    await clock.advance(6_000);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0 });
    expect(client.closed).toBeUndefined();
  });

  test('that leaves while the link is half-open leaves when it is missed', async () => {
    const { joinByLink, clock, talker, events } = await withLinks();
    const { client, link } = await joinByLink({ latencyMs: 100 });
    for (const each of [talker, client]) each.send(heartbeat());
    await clock.advance(100);
    link.stall();
    client.close();
    await clock.advance(20_000);
    talker.send(heartbeat());
    expect(events('disconnect')).toEqual([]);
    await clock.advance(6_000);
    expect(events('disconnect')).toMatchObject([{ code: 4200 }]);
    expect(client.closed).toBeUndefined();
  });

  test('stays while what it sends comes, however long it is on the way', async () => {
    const { joinByLink, run, gateway } = await withLinks();
    const { client } = await joinByLink({ latencyMs: 8_000, bytesPerSecond: 1_000 });
    await run(120_000);
    expect(client.closed).toBeUndefined();
    expect(gateway.connections()).toHaveLength(2);
  });

  test('stays by its pings alone', async () => {
    const { joinByLink, run } = await withLinks();
    const { client } = await joinByLink({ latencyMs: 500 }, false);
    await run(100_000, 20_000, () => client.ping());
    expect(client.closed).toBeUndefined();
    await run(30_000);
    expect(client.closed?.code).toBe(4200);
  });

  test('survives a stall that is shorter than heartbeatTimeoutMs: what it sent meanwhile comes then', async () => {
    const { joinByLink, run, clock } = await withLinks();
    const { client, link } = await joinByLink({ latencyMs: 100 });
    for (let rounds = 0; rounds < 4; rounds += 1) {
      client.send(heartbeat());
      await clock.advance(200);
      link.stall();
      await run(20_000);
      link.restore();
      await run(5_000);
      expect(client.closed).toBeUndefined();
    }
  });

  test('hears that it was closed for its silence, when the link lets it', async () => {
    const { joinByLink, run } = await withLinks();
    const { client } = await joinByLink({ latencyMs: 2_000 }, false);
    await run(26_000);
    expect(client.closed).toBeUndefined();
    await run(5_000);
    expect(client.closed).toEqual({ code: 4200, reason: 'nothing was heard for `heartbeatTimeoutMs`' });
  });
});
