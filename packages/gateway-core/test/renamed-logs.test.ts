import {
  type BrokerHistory,
  type BrokerReceiver,
  type BrokerSubscription,
  MemoryBroker,
  type PublishedPosition,
  type ResetReason,
} from 'gateway-core';
import type { LogPosition } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** A broker whose log gets another epoch, and may lose its end then, like that of a database that was restarted. */
class RestartedBroker extends MemoryBroker {
  readonly #receivers = new Set<BrokerReceiver>();
  #epoch = 'a';
  /** Where each earlier epoch ended. */
  readonly #ends = new Map<string, number>();

  override publish(...args: Parameters<MemoryBroker['publish']>): PublishedPosition {
    return { ...super.publish(...args), epoch: this.#epoch };
  }

  override subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
    this.#receivers.add(receiver);
    const { position, unsubscribe } = super.subscribe(groupId, receiver);
    return { position: { ...position, epoch: this.#epoch }, unsubscribe };
  }

  override history(groupId: string, since: LogPosition, limit: number): BrokerHistory {
    const end = this.#ends.get(since.epoch);
    const known = super.history(groupId, { epoch: '', seq: 0 }, 0).head;
    const head = { epoch: this.#epoch, seq: known.seq };
    if (since.epoch !== this.#epoch && end === undefined) return { lost: 'epoch', head };
    if (end !== undefined && since.seq > end) return { lost: 'ahead', head };
    const answer = super.history(groupId, { epoch: known.epoch, seq: since.seq }, limit);
    return { ...answer, head } as BrokerHistory;
  }

  /** @param seen what receivers had. */
  restart(epoch: string, seen: number, kept = seen, reason?: ResetReason): void {
    this.#ends.set(this.#epoch, kept);
    this.#epoch = epoch;
    for (const receiver of this.#receivers) {
      if (reason === undefined) receiver.renamed?.(epoch);
      else receiver.reset({ epoch, seq: seen }, reason);
    }
  }
}

async function withClients() {
  const broker = new RestartedBroker();
  const world = setUp({ broker });
  const [a, b] = [new ResumingClient(world.gateway), new ResumingClient(world.gateway)];
  for (const client of [a, b]) {
    client.takesNames = true;
    client.connect({ g: {} });
  }
  await world.clock.settle();
  const say = async (from: number, to: number) => {
    for (let n = from; n <= to; n += 1) b.say('g', n);
    await world.clock.settle();
  };
  return { broker, a, b, say, ...world };
}

const last = (client: ResumingClient) => client.take().logs.get('g')?.syncs.at(-1);

describe('a log that goes on under another epoch', () => {
  test('is told to who is there, who has lost nothing [R257]', async () => {
    const { broker, a, say, clock, gateway } = await withClients();
    await say(1, 3);
    broker.restart('b', 3);
    await clock.settle();
    await say(4, 5);
    expect(last(a)).toMatchObject({ outcome: 'recovered', seq: 3, replayed: 0 });
    expect(a.logs.get('g')).toMatchObject({ epoch: 'b', seen: [1, 2, 3, 4, 5], gaps: [] });
    expect(gateway.stats().resetsTotal).toBe(0);
  });

  test('is the same to who comes back from before, and has seen nothing else', async () => {
    const { broker, a, say, clock } = await withClients();
    await say(1, 3);
    a.connection.vanish();
    await clock.settle();
    broker.restart('b', 3);
    await say(4, 5);
    a.connect();
    await clock.settle();
    expect(last(a)).toMatchObject({ outcome: 'recovered', seq: 5, replayed: 2 });
    expect(a.logs.get('g')).toMatchObject({ epoch: 'b', seen: [1, 2, 3, 4, 5] });
  });

  test('is ahead to who comes back and has seen what it has lost, though it has grown past that', async () => {
    const { broker, a, say, clock } = await withClients();
    await say(1, 5);
    a.connection.vanish();
    await clock.settle();
    // What is after 3 is of another history now.
    broker.restart('b', 5, 3, 'ahead');
    await say(6, 9);
    a.connect();
    await clock.settle();
    expect(last(a)).toMatchObject({ outcome: 'reset', reason: 'ahead', seq: 9 });
  });

  test('is another one to who was in neither', async () => {
    const { broker, a, say, clock } = await withClients();
    await say(1, 3);
    broker.restart('b', 3);
    a.connection.vanish();
    await clock.settle();
    a.connect({ g: { epoch: 'never', seq: 2 } });
    await clock.settle();
    expect(last(a)).toMatchObject({ outcome: 'reset', reason: 'epoch' });
  });

  test('tells who is there why, where it is lost', async () => {
    const { broker, a, say, clock } = await withClients();
    await say(1, 5);
    broker.restart('b', 3, 3, 'ahead');
    await clock.settle();
    expect(last(a)).toMatchObject({ outcome: 'reset', reason: 'ahead', seq: 3 });
  });
});
