import assert from 'node:assert/strict';
import type { Broker } from '../../broker/broker.js';
import type { MaybePromise } from '../../maybe-promise.js';
import { type BrokerClaims, Recorder, say } from './broker-claims.js';
import { assertSame } from './contract.js';

type Provoke = (broker: Broker, groupId: string) => MaybePromise<void>;

/** What `history` answers when it no longer reaches back. */
export const shortHistoryClaims = (outgrowHistory: Provoke): BrokerClaims => ({
  'history that no longer reaches back is lost, as trimmed, never one with a hole': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    await broker.publish('g', say('first'));
    await outgrowHistory(broker, 'g');
    const head = await broker.publish('g', say('last'));
    assertSame(await broker.history('g', position, 1), { lost: 'trimmed', head });
    assertSame(await broker.history('g', { ...head, seq: head.seq - 1 }, 10), {
      entries: [{ seq: head.seq, ...say('last') }],
      head,
    });
    for (let since = 0; since <= head.seq; since += 1) {
      const seqs = (await broker.history('g', { ...head, seq: since }, head.seq)).entries?.map(({ seq }) => seq);
      if (seqs === undefined) continue;
      assertSame(
        seqs,
        Array.from({ length: head.seq - since }, (_, n) => since + 1 + n),
      );
    }
  },
});

/** What becomes of a log while nobody is subscribed. */
export const forgottenLogClaims = (forgetLog: Provoke): BrokerClaims => ({
  'a log that was forgotten comes back as another one': async (broker) => {
    const subscription = await broker.subscribe('g', new Recorder());
    const before = await broker.publish('g', { ...say('before'), idempotencyKey: 'a' });
    subscription.unsubscribe();
    await forgetLog(broker, 'g');
    const recorder = new Recorder();
    const { position } = await broker.subscribe('g', recorder);
    assert.notEqual(position.epoch, before.epoch);
    assertSame(await broker.history('g', { ...before, seq: 0 }, 10), { lost: 'epoch', head: position });
    // Its idempotency keys were forgotten with it.
    const after = { ...say('after'), idempotencyKey: 'a' };
    assertSame(await broker.publish('g', after), { epoch: position.epoch, seq: position.seq + 1 });
    await recorder.has(say('after'));
    recorder.assertFollows(position);
  },
});

/** What becomes of a log that goes on under another epoch. */
export const renewedLogClaims = (renewLog: Provoke): BrokerClaims => ({
  'a log that goes on under another epoch tells every subscriber so, and nothing is lost': async (broker, other) => {
    const recorders = [new Recorder(), new Recorder()];
    const [first] = await Promise.all([broker.subscribe('g', recorders[0]!), other.subscribe('g', recorders[1]!)]);
    const before = await broker.publish('g', { ...say('before'), idempotencyKey: 'a' });
    for (const recorder of recorders) await recorder.has(say('before'));
    await renewLog(broker, 'g');
    for (const recorder of recorders) await recorder.until(() => recorder.names.length > 0, 'another name');
    const after = await other.publish('g', say('after'));
    for (const recorder of recorders) {
      await recorder.has(say('after'));
      assertSame({ resets: recorder.resets, names: recorder.names }, { resets: [], names: [after.epoch] });
      recorder.assertFollows(first.position);
    }
    assert.notEqual(after.epoch, before.epoch);
    assertSame(await broker.publish('g', { ...say('before'), idempotencyKey: 'a' }), { ...after, seq: 1, duplicate: true });
    assertSame(await broker.history('g', before, 10), { entries: [{ seq: 2, ...say('after') }], head: after });
    assertSame(await broker.history('g', { ...before, seq: 2 }, 10), { lost: 'ahead', head: after });
  },
});

/** What becomes of a log that has lost its newest entry. */
export const rolledBackLogClaims = (rollBack: Provoke): BrokerClaims => ({
  'a log that lost its newest entry tells those who have seen it, as ahead, however much was published since': async (
    broker,
    other,
  ) => {
    const recorder = new Recorder();
    await broker.subscribe('g', recorder);
    const kept = await other.publish('g', say('kept'));
    const lost = await other.publish('g', say('lost'));
    await recorder.has(say('lost'));
    await rollBack(broker, 'g');
    await recorder.until(() => recorder.resets.length > 0, 'a reset');
    for (let n = 0; n < 3; n += 1) await other.publish('g', say(`after ${n}`));
    await recorder.has(say('after 2'));
    assertSame(recorder.reasons, ['ahead']);
    const [position] = recorder.resets;
    assert.ok(position);
    assertSame({ lost: 'ahead', head: { ...position, seq: 4 } }, await broker.history('g', lost, 10));
    const { entries } = await broker.history('g', kept, 10);
    assertSame(
      entries?.map(({ body }) => body),
      ['after 0', 'after 1', 'after 2'].map((text) => say(text).body),
    );
  },
});

/** What subscribers are told when a log is lost. */
export const lostLogClaims = (loseLog: Provoke): BrokerClaims => ({
  'the loss of a log is told to every subscriber, and delivery goes on in the new one': async (broker, other) => {
    const recorders = [new Recorder(), new Recorder()];
    const [first] = await Promise.all([broker.subscribe('g', recorders[0]!), other.subscribe('g', recorders[1]!)]);
    await broker.publish('g', say('before'));
    for (const recorder of recorders) await recorder.has(say('before'));
    await loseLog(broker, 'g');
    for (const recorder of recorders) await recorder.until(() => recorder.resets.length > 0, 'a reset');
    const after = await other.publish('g', say('after'));
    for (const recorder of recorders) {
      await recorder.has(say('after'));
      const [position, ...more] = recorder.resets;
      assert.ok(position);
      assertSame(more, [], 'a loss is told once');
      assert.notEqual(position.epoch, first.position.epoch);
      assertSame(after, { epoch: position.epoch, seq: position.seq + 1 });
      assertSame(recorder.entries, [
        { seq: 1, ...say('before') },
        { seq: after.seq, ...say('after') },
      ]);
    }
    const head = await broker.publish('g', say('head'));
    assertSame(await broker.history('g', first.position, 10), { lost: 'epoch', head });
  },
  'the loss of one log does not touch the others': async (broker) => {
    const recorder = new Recorder();
    await broker.subscribe('g', new Recorder());
    await broker.subscribe('h', recorder);
    const before = await broker.publish('h', say('1'));
    await loseLog(broker, 'g');
    assertSame(await broker.publish('h', say('2')), { epoch: before.epoch, seq: 2 });
    await recorder.has(say('2'));
    assertSame({ seqs: recorder.seqs, resets: recorder.resets }, { seqs: [1, 2], resets: [] });
  },
});
