import assert from 'node:assert/strict';
import { type BrokerClaims, Recorder, say } from './broker-claims.js';
import { assertSame } from './contract.js';

/** What becomes of a message that is published again. */
export const brokerIdempotencyClaims: BrokerClaims = {
  'a message whose idempotency key the log has is answered with the first position, and neither appended nor delivered': async (
    broker,
    other,
  ) => {
    const recorder = new Recorder();
    const { position } = await broker.subscribe('g', recorder);
    const first = await broker.publish('g', { ...say('1'), idempotencyKey: 'a' });
    assertSame(first, { epoch: position.epoch, seq: 1 });
    await broker.publish('g', say('2'));
    for (const side of [broker, other]) {
      assertSame(await side.publish('g', { ...say('again'), idempotencyKey: 'a' }), { ...first, duplicate: true });
    }
    assertSame(await other.publish('g', { ...say('3'), idempotencyKey: 'b' }), { epoch: position.epoch, seq: 3 });
    await recorder.has(say('3'));
    assertSame(recorder.bodies, [say('1').body, say('2').body, say('3').body]);
    recorder.assertFollows(position);
  },
  'an idempotency key counts in its own group only': async (broker) => {
    for (const groupId of ['g', 'h']) {
      const { epoch, seq, duplicate } = await broker.publish(groupId, { ...say(groupId), idempotencyKey: 'a' });
      assertSame({ seq, duplicate }, { seq: 1, duplicate: undefined });
      assertSame(await broker.publish(groupId, { ...say(groupId), idempotencyKey: 'a' }), { epoch, seq: 1, duplicate: true });
    }
  },
  'of repeats at once one is appended, and all are answered with its position': async (broker, other) => {
    const recorder = new Recorder();
    const { position } = await broker.subscribe('g', recorder);
    const message = { ...say('once'), idempotencyKey: 'a' };
    const repeats = [];
    for (let n = 0; n < 10; n += 1) repeats.push(broker.publish('g', message), other.publish('g', message));
    const answers = await Promise.all(repeats);
    assert.equal(answers.filter(({ duplicate }) => duplicate !== true).length, 1, 'one is no duplicate');
    for (const { epoch, seq } of answers) assertSame({ epoch, seq }, { epoch: position.epoch, seq: 1 });
    await broker.publish('g', say('last'));
    await recorder.has(say('last'));
    assertSame(recorder.bodies, [message.body, say('last').body]);
  },
  'messages without an idempotency key are all appended, however alike': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    for (let seq = 1; seq <= 3; seq += 1) assertSame(await broker.publish('g', say('same')), { epoch: position.epoch, seq });
  },
  'any text is an idempotency key': async (broker) => {
    const keys = ['', '__proto__', 'constructor', 'a:b', 'ключ 🗝', '*', 'x'.repeat(200)];
    const publish = (idempotencyKey: string) => broker.publish('g', { ...say(idempotencyKey), idempotencyKey });
    await broker.subscribe('g', new Recorder());
    for (const [index, key] of keys.entries()) assert.equal((await publish(key)).seq, index + 1, key);
    for (const [index, key] of keys.entries()) {
      const { seq, duplicate } = await publish(key);
      assertSame({ seq, duplicate }, { seq: index + 1, duplicate: true }, key);
    }
  },
};
