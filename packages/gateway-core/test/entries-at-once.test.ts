import { type GroupPresence, MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { identify } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** A presence store of which the test gives the answers to some calls of `info`, in any order. */
class HeldStore extends MemoryPresenceStore {
  readonly held: { answer: () => void; fail: () => void }[] = [];
  holds = false;

  override info(groupId: string): GroupPresence {
    if (!this.holds) return super.info(groupId);
    const later = new Promise<GroupPresence>((resolve, reject) => {
      this.held.push({ answer: () => resolve(super.info(groupId)), fail: () => reject(new Error('no answer')) });
    });
    return later as never;
  }
}

async function withHeldStore() {
  const presence = new HeldStore();
  const set = setUp({ presence });
  const client = await set.join('g', { metadata: { n: 1 } });
  const { connectionId } = set.gateway.connections()[0]!;
  await set.clock.advance(1_000);
  /** Begins something whose call of `info`, which it makes at once, is held. */
  const begin = <Result>(something: () => Result): Result => {
    presence.holds = true;
    const result = something();
    presence.holds = false;
    return result;
  };
  const shown = async (groupId: string) => (await set.gateway.members(groupId)).map(({ metadata }) => metadata);
  /** Lets the store answer, as its calls came: `true`, or `false` where it fails. */
  const answer = async (...answers: [index: number, answers: boolean][]) => {
    for (const [index, succeeds] of answers) {
      presence.held[index]?.[succeeds ? 'answer' : 'fail']();
      await set.clock.settle();
    }
    await set.clock.advance(5_000);
  };
  return { ...set, client, connectionId, shown, begin, answer };
}

describe('of two ways into a group at once, one of which fails, the other is present', () => {
  test.each([
    ['the host, and then the client', 'host', 0],
    ['the client, and then the host', 'client', 1],
  ] as const)('%s', async (_who, first, indexOfHost) => {
    const { clock, gateway, client, connectionId, shown, begin, answer } = await withHeldStore();
    let rejected: unknown;
    const byHost = () => {
      gateway.join(connectionId, 'h').catch((error: unknown) => {
        rejected = error;
      });
    };
    const byClient = () => client.send(identify('h', { metadata: { n: 2 } }));
    for (const way of first === 'host' ? [byHost, byClient] : [byClient, byHost]) {
      begin(way);
      await clock.settle();
    }
    await answer([indexOfHost, false], [1 - indexOfHost, true]);
    expect(rejected).toMatchObject({ message: 'no answer' });
    expect(gateway.connections()[0]?.groups).toEqual(['h']);
    expect(await shown('h')).toEqual([{ n: 2 }]);
    expect(await shown('g')).toEqual([]);
  });

  test('the client fails, and the host comes through', async () => {
    const { clock, gateway, client, connectionId, shown, begin, answer } = await withHeldStore();
    const joined = begin(() => gateway.join(connectionId, 'h'));
    begin(() => client.send(identify('h', { metadata: { n: 2 } })));
    await clock.settle();
    await answer([1, false], [0, true]);
    await joined;
    expect(gateway.connections()[0]).toMatchObject({ groups: ['g', 'h'], metadata: { n: 1 } });
    expect(await shown('h')).toEqual([{ n: 1 }]);
  });
});

describe('the newest that was said of a member is shown', () => {
  test('also where the host put it into the group meanwhile, as who it was before', async () => {
    const { clock, client, gateway, connectionId, shown, begin, answer } = await withHeldStore();
    begin(() => client.send(identify('h', { metadata: { n: 2 } })));
    await clock.settle();
    const joined = begin(() => gateway.join(connectionId, 'h'));
    await clock.settle();
    await answer([1, true], [0, true]);
    await joined;
    expect(gateway.connections()[0]?.metadata).toEqual({ n: 2 });
    expect(await shown('h')).toEqual([{ n: 2 }]);
  });

  test('in groups that the host has put it into, too', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g', { metadata: { n: 1 } });
    await gateway.join(gateway.connections()[0]!.connectionId, 'assigned');
    client.send(identify('h', { metadata: { n: 2 }, clientType: 'dashboard' }));
    await clock.advance(1_000);
    expect(await gateway.members('assigned')).toMatchObject([{ role: 'dashboard', metadata: { n: 2 } }]);
  });

  test('also where the host has set metadata while an identify was under way', async () => {
    const { clock, client, gateway, connectionId, shown, begin, answer } = await withHeldStore();
    begin(() => client.send(identify('g', { metadata: { n: 2 } })));
    await clock.settle();
    await gateway.setMetadata(connectionId, { n: 3 });
    await answer([0, true]);
    expect(await shown('g')).toEqual([gateway.connections()[0]?.metadata]);
  });
});
