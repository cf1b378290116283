import { MemoryPresenceStore } from 'gateway-core';
import { expect, test } from 'vitest';
import { twice } from './support/asynchronous.js';
import { identify, presencesOf } from './support/messages.js';
import { forEachPace } from './support/paces.js';

forEachPace((setUp) => {
  test('presence goes from UNKNOWN over UP and DEGRADED to DOWN', async () => {
    const { clock, gateway, join, answer, settle } = setUp({ timings: { resumeTtlMs: 5_000 } });
    const presence = () => answer(gateway.presence('g'));
    expect(await presence()).toEqual({ status: 'UNKNOWN' });
    const clients = [await join('g'), await join('g')];
    expect(await presence()).toMatchObject({ status: 'UP', details: { members: 2 } });
    clients[0]?.cut();
    await settle();
    expect(await presence()).toMatchObject({ status: 'UP', details: { members: 2 } });
    clients[1]?.cut();
    await settle();
    expect(await presence()).toMatchObject({ status: 'DEGRADED', details: { members: 2 } });
    await clock.advance(7_000);
    await settle();
    expect(await presence()).toMatchObject({ status: 'DOWN', details: { members: 0 } });
  });

  test('a clean close is gone at once', async () => {
    const { gateway, join, answer, settle } = setUp();
    (await join('g')).close();
    await settle();
    expect(await answer(gateway.presence('g'))).toMatchObject({ status: 'DOWN' });
  });

  test('who stays is told of every coming and going, the newest state last', async () => {
    const { clock, join } = setUp();
    const watching = await join('g');
    await clock.advance(1_000);
    const before = presencesOf(watching).length;
    const client = await join('g', { clientType: 'dashboard', metadata: { n: 1 } });
    await clock.advance(1_000);
    const came = presencesOf(watching).slice(before);
    client.close();
    await clock.advance(1_000);
    const went = presencesOf(watching).slice(before + came.length);
    // Where a store needs time, the same state may be told twice: when it was entered, and to who has entered.
    for (const [told, members] of [[came, 2] as const, [went, 1] as const]) {
      expect(told.length).toBeGreaterThanOrEqual(1);
      expect(told.length).toBeLessThanOrEqual(2);
      for (const info of told) expect(info).toMatchObject({ details: { role: 'dashboard', metadata: { n: 1 }, members } });
    }
  });

  test('a crowd that comes and goes at once is few updates, and the last one is true', async () => {
    const { clock, gateway, connect, join, answer, settle } = setUp();
    const watching = await join('g');
    const clients = Array.from({ length: 50 }, connect);
    for (const client of clients) client.send(identify('g'));
    await settle();
    for (const client of clients.slice(0, 30)) client.close();
    await settle();
    await clock.advance(1_000);
    const told = presencesOf(watching);
    expect(told.length).toBeLessThanOrEqual(8);
    expect(told.at(-1)).toMatchObject({ details: { members: 21 } });
    expect(await answer(gateway.presence('g'))).toMatchObject({ details: { members: 21 } });
  });

  test('a store that tells of each change twice causes no more updates', async () => {
    const told = [new MemoryPresenceStore(), twice(new MemoryPresenceStore(), 'watch')].map(async (presence) => {
      const { clock, join } = setUp({ presence });
      const watching = await join('g');
      for (let n = 0; n < 3; n += 1) {
        const client = await join('g');
        await clock.advance(1_000);
        client.close();
        await clock.advance(1_000);
      }
      return presencesOf(watching).map(({ details }) => details?.members);
    });
    const [once, doubled] = await Promise.all(told);
    expect(once?.length).toBeGreaterThanOrEqual(7);
    expect(doubled).toEqual(once);
  });

  test('a gateway that has closed leaves nobody in a store that others share, once the store has taken the last leave', async () => {
    const presence = new MemoryPresenceStore();
    const { clock, gateway, join, settle } = setUp({ presence });
    for (const groupId of ['g', 'g', 'h']) await join(groupId);
    (await join('h')).cut();
    const closing = gateway.close({ graceMs: 1_000 });
    await clock.advance(5_000);
    await closing;
    await settle();
    for (const groupId of ['g', 'h']) expect(presence.list(groupId)).toEqual([]);
  });
});
