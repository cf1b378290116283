import assert from 'node:assert/strict';
import type { LogPosition, ResetReason } from 'gateway-protocol';
import type { Broker, BrokerEntry, BrokerMessage, BrokerReceiver } from '../../broker/broker.js';
import { Arrivals, assertSame, vandalise } from './contract.js';

/** Claims by name. `other` is the same broker as another gateway sees it. */
export type BrokerClaims = Record<string, (broker: Broker, other: Broker) => Promise<void>>;

/** A message as most claims need one. */
export const say = (text: string): BrokerMessage => ({ body: JSON.stringify(text) });

/** Takes what a broker delivers, and insists on the order as it comes. */
export class Recorder extends Arrivals implements BrokerReceiver {
  readonly entries: BrokerEntry[] = [];
  readonly resets: LogPosition[] = [];
  readonly reasons: (ResetReason | undefined)[] = [];
  readonly names: string[] = [];

  deliver(entry: BrokerEntry): void {
    this.entries.push({ ...entry });
    this.arrived();
  }

  reset(position: LogPosition, reason?: ResetReason): void {
    this.resets.push({ ...position });
    this.reasons.push(reason);
    this.arrived();
  }

  renamed(epoch: string): void {
    this.names.push(epoch);
    this.arrived();
  }

  get seqs(): number[] {
    return this.entries.map(({ seq }) => seq);
  }

  get bodies(): string[] {
    return this.entries.map(({ body }) => body);
  }

  /** Resolves when an entry with this body has come. */
  has({ body }: BrokerMessage): Promise<void> {
    return this.until(() => this.entries.some((entry) => entry.body === body), `the entry ${body.slice(0, 80)}`);
  }

  /** Asserts that what came is everything after `position`: in order, without a hole, each once. */
  assertFollows(position: LogPosition): void {
    assertSame(
      this.seqs,
      this.entries.map((_, index) => position.seq + 1 + index),
      'in seq order, without a hole, each once',
    );
  }
}

/** Order, completeness, and the beginning and end of a subscription. */
export const brokerClaims: BrokerClaims = {
  'an answered publish says where in the log the message is': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    assert.ok(typeof position.epoch === 'string' && position.epoch.length > 0, 'a log has an epoch');
    for (let n = 1; n <= 3; n += 1) {
      assertSame(await broker.publish('g', say(`${n}`)), { epoch: position.epoch, seq: position.seq + n });
    }
  },
  'the seq of the first message of a log is 1': async (broker) => {
    assert.equal((await broker.subscribe('g', new Recorder())).position.seq, 0);
    assert.equal((await broker.publish('g', say('first'))).seq, 1);
  },
  'every subscriber gets every entry whole, in seq order, without holes, each once': async (broker, other) => {
    const sides = await Promise.all(
      [broker, other].map(async (side) => {
        const recorder = new Recorder();
        return { recorder, position: (await side.subscribe('g', recorder)).position };
      }),
    );
    const messages: BrokerMessage[] = [
      say('plain'),
      { ...say('latest'), delivery: 'latest', key: 'cursor' },
      { ...say('volatile'), delivery: 'volatile' },
      say('"\\ \u2028 ключ 🗝 \ud800'),
      say('x'.repeat(100_000)),
    ];
    for (const message of messages) await broker.publish('g', message);
    for (const { recorder, position } of sides) {
      await recorder.has(messages.at(-1) as BrokerMessage);
      recorder.assertFollows(position);
      assertSame(
        recorder.entries.map(({ seq: _, ...message }) => message),
        messages,
      );
    }
  },
  'a subscription begins at its position: what was published before is not delivered': async (broker, other) => {
    await broker.subscribe('g', new Recorder());
    for (let n = 1; n <= 3; n += 1) await broker.publish('g', say(`${n}`));
    const late = new Recorder();
    const { position } = await other.subscribe('g', late);
    assert.equal(position.seq, 3);
    await broker.publish('g', say('4'));
    await late.has(say('4'));
    assertSame(late.seqs, [4]);
  },
  'a subscription that begins while messages are published misses none after its position': async (broker, other) => {
    await broker.subscribe('g', new Recorder());
    const late = new Recorder();
    const publishes = [];
    for (let n = 0; n < 10; n += 1) publishes.push(broker.publish('g', say(`before ${n}`)));
    const subscribing = other.subscribe('g', late);
    for (let n = 0; n < 10; n += 1) publishes.push(broker.publish('g', say(`while ${n}`)));
    const { position } = await subscribing;
    await Promise.all(publishes);
    await broker.publish('g', say('last'));
    await late.has(say('last'));
    late.assertFollows(position);
    assert.equal(position.seq + late.entries.length, 21);
  },
  'messages that one gateway publishes to a group get their seq in the order of the calls': async (broker) => {
    const recorder = new Recorder();
    await broker.subscribe('g', recorder);
    const bodies = Array.from({ length: 50 }, (_, n) => say(`${n}`).body);
    const positions = await Promise.all(bodies.map((body) => broker.publish('g', { body })));
    assertSame(
      positions.map(({ seq }) => seq),
      bodies.map((_, n) => n + 1),
    );
    await recorder.has({ body: bodies.at(-1) as string });
    assertSame(recorder.bodies, bodies);
  },
  'two gateways that publish at once see one order': async (broker, other) => {
    const recorders = [new Recorder(), new Recorder()] as const;
    await broker.subscribe('g', recorders[0]);
    await other.subscribe('g', recorders[1]);
    const publishes = [];
    for (let n = 0; n < 25; n += 1) publishes.push(broker.publish('g', say(`a${n}`)), other.publish('g', say(`b${n}`)));
    const seqs = (await Promise.all(publishes)).map(({ seq }) => seq);
    assert.equal(new Set(seqs).size, 50, 'no seq is given twice');
    for (const recorder of recorders) await recorder.until(() => recorder.entries.length >= 50, 'all 50 entries');
    assertSame(recorders[0].entries, recorders[1].entries);
    recorders[0].assertFollows({ epoch: '', seq: 0 });
  },
  'each group has a log of its own': async (broker) => {
    const recorders = { g: new Recorder(), h: new Recorder() };
    await broker.subscribe('g', recorders.g);
    await broker.subscribe('h', recorders.h);
    for (const groupId of ['g', 'h', 'g', 'h', 'h'] as const) await broker.publish(groupId, say(groupId));
    await recorders.h.until(() => recorders.h.entries.length === 3, 'three entries of h');
    await recorders.g.until(() => recorders.g.entries.length === 2, 'two entries of g');
    assertSame(
      recorders.g.entries,
      [1, 2].map((seq) => ({ seq, ...say('g') })),
    );
    assertSame(
      recorders.h.entries,
      [1, 2, 3].map((seq) => ({ seq, ...say('h') })),
    );
  },
  'an ended subscription delivers nothing more, the others go on, and ending it twice is no error': async (broker, other) => {
    const [ended, going] = [new Recorder(), new Recorder()];
    const subscription = await broker.subscribe('g', ended);
    await other.subscribe('g', going);
    await broker.publish('g', say('1'));
    await ended.has(say('1'));
    subscription.unsubscribe();
    subscription.unsubscribe();
    await broker.publish('g', say('2'));
    await going.has(say('2'));
    assertSame(ended.seqs, [1]);
    assertSame(going.seqs, [1, 2]);
  },
  'whoever subscribes again begins at the head': async (broker, other) => {
    await other.subscribe('g', new Recorder());
    const recorder = new Recorder();
    (await broker.subscribe('g', recorder)).unsubscribe();
    await other.publish('g', say('missed'));
    const { position } = await broker.subscribe('g', recorder);
    await other.publish('g', say('2'));
    await recorder.has(say('2'));
    assertSame({ seq: position.seq, came: recorder.seqs }, { seq: 1, came: [2] });
  },
  'no two messages of a group have the same place, subscribed to or not': async (broker) => {
    const places: string[] = [];
    const publish = async () => {
      const { epoch, seq } = await broker.publish('g', say('x'));
      places.push(`${seq} of ${epoch}`);
    };
    for (let n = 0; n < 3; n += 1) await publish();
    const { unsubscribe } = await broker.subscribe('g', new Recorder());
    for (let n = 0; n < 3; n += 1) await publish();
    unsubscribe();
    for (let n = 0; n < 3; n += 1) await publish();
    assert.equal(new Set(places).size, 9, places.join(', '));
  },
  'ids that objects have a meaning for are ids like any other': async (broker) => {
    for (const id of ['__proto__', 'constructor', 'toString', 'a:b', 'ключ 🗝', '*']) {
      const recorder = new Recorder();
      await broker.subscribe(id, recorder);
      await broker.publish(id, { ...say(id), delivery: 'latest', key: id });
      await recorder.has(say(id));
      assertSame(recorder.entries, [{ seq: 1, ...say(id), delivery: 'latest', key: id }]);
    }
  },
  'changing what was given to the broker, or what it gave, changes nothing in it': async (broker) => {
    const recorder = new Recorder();
    const subscription = await broker.subscribe('g', recorder);
    const { position } = subscription;
    const since = { ...position };
    const message = say('1');
    vandalise(await broker.publish('g', message));
    vandalise(message);
    vandalise(position);
    await recorder.has(say('1'));
    vandalise(await broker.history('g', since, 10));
    assertSame(await broker.history('g', since, 10), { entries: [{ seq: 1, ...say('1') }], head: { ...since, seq: 1 } });
    assertSame(await broker.publish('g', say('2')), { epoch: since.epoch, seq: 2 });
  },
};
