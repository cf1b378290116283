import { type Clock, MemoryMemberStore, type StoredMember, type Takeover } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { BROKER_METHODS, delayed, type Pace, paced, sync } from './support/asynchronous.js';
import { FencingBroker } from './support/fencing-broker.js';
import type { Received } from './support/resuming-client.js';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

/** Tells nobody of a takeover, as a store whose word is late; but its broker knows. */
class QuietMembers extends MemoryMemberStore {
  readonly #nodes = new Map<string, string>();

  constructor(
    clock: Clock,
    private readonly broker: FencingBroker,
  ) {
    super({ clock });
  }

  override onReplaced = () => () => {};

  override put(member: StoredMember): boolean {
    const isTaken = super.put(member);
    if (isTaken) this.#nodes.set(member.memberId, member.nodeId);
    return isTaken;
  }

  override takeOver(memberId: string, tokenHash: string, by: Takeover): StoredMember | undefined {
    const taken = super.takeOver(memberId, tokenHash, by);
    if (taken !== undefined && this.#nodes.get(memberId) !== by.nodeId) this.broker.takenOver(memberId, taken.generation);
    if (taken !== undefined) this.#nodes.set(memberId, by.nodeId);
    return taken;
  }
}

const receivedOf = ({ received }: { received: unknown[] }, types: string[]) =>
  (received as Received[]).filter(({ type }) => types.includes(type));

/** A client that has come to the second gateway; the first one knows nothing of it, and its connection there is open. */
async function moved(pace: (clock: never) => Pace, fences = true) {
  const broker = new FencingBroker();
  let members: QuietMembers | undefined;
  const world = shareGateways({
    both: (clock) => {
      members ??= new QuietMembers(clock, broker);
      const given = fences ? broker : Object.assign(broker, { fencesMembers: false });
      return { members, broker: paced(given, BROKER_METHODS, pace(clock as never)) };
    },
  });
  const { clock, gateways } = world;
  const client = new MovingClient(gateways);
  const former = client.connect({ g: {} });
  await clock.advance(100);
  client.take();
  const say = (text: string, connection = client.connection) =>
    connection.send({ type: 'data_update', id: text, groupId: 'g', payload: { data: text } });
  say('first');
  await clock.advance(100);
  client.goTo(1).connect({ g: {} });
  await clock.advance(100);
  expect(client.take().resumed.at(-1)).toBe(true);
  expect(former.closed).toBeUndefined();
  former.received.length = 0;
  return { ...world, broker, client, former, say };
}

describe.each<[string, (clock: never) => Pace]>([
  ['at once', () => sync],
  ['after 10 ms', (clock) => delayed(clock, 5)],
])('a broker that fences members, and answers %s', (_name, pace) => {
  test('what a connection says whose member was taken over elsewhere is refused as not accepted, and the connection ends as taken over [R263]', async () => {
    const { clock, broker, client, former, say, events } = await moved(pace);
    say('old', former);
    say('old too', former);
    await clock.advance(100);
    expect(receivedOf(former, ['error', 'ack'])).toEqual([
      expect.objectContaining({
        type: 'error',
        payload: expect.objectContaining({ code: 'INTERNAL', retryable: true, inReplyTo: 'old' }),
      }),
    ]);
    expect(former.closed).toMatchObject({ code: 4004 });
    expect(events('moved').map(({ at }) => at)).toEqual([0]);
    expect(events('error')).toEqual([]);
    expect(broker.refused).toBeGreaterThan(0);
    // The client says it again on the connection that it has.
    say('old');
    await clock.advance(100);
    const seen = receivedOf(client.connection, ['data_update', 'ack']);
    expect(seen.map(({ type, payload }) => [type, payload.data ?? payload.id]).sort()).toEqual([
      ['ack', 'old'],
      ['data_update', 'old'],
    ]);
    expect(client.connection.closed).toBeUndefined();
  });

  test('what is said by who comes and goes at one gateway is not refused', async () => {
    const { clock, broker, client, gateways, say } = await moved(pace);
    for (let round = 0; round < 3; round += 1) {
      client.connect({ g: {} });
      await clock.advance(20);
      say(`round ${round}`);
      await clock.advance(100);
    }
    expect(gateways[1].stats().publishedTotal).toBe(3);
    expect(broker.refused).toBe(0);
  });
});

test('a message of a broker that does not fence has no fence', async () => {
  const { clock, broker, former, say } = await moved(() => sync, false);
  say('old', former);
  await clock.advance(100);
  expect(broker.refused).toBe(0);
  expect(former.closed).toBeUndefined();
});
