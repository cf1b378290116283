import v8 from 'node:v8';
import vm from 'node:vm';
import { MemoryBroker } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { setUp } from './support/set-up.js';

v8.setFlagsFromString('--expose-gc');
const gc: () => void = vm.runInNewContext('gc');

const receiver = { deliver: () => {}, reset: () => {} };

function heapUsed(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

test('the history of a group that is quiet is freed when it is too old, though somebody is subscribed to it', async () => {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock, historyAgeMaxMs: 1_000 });
  for (const groupId of ['quiet', 'not quiet']) broker.subscribe(groupId, receiver);
  broker.publish('not quiet', { body: '1' });
  const before = heapUsed();
  for (let n = 0; n < 1_000; n += 1) broker.publish('quiet', { body: `${n}${'x'.repeat(1_000)}` });
  // Less than the million: what others left behind before is collected meanwhile.
  expect(heapUsed() - before).toBeGreaterThan(700_000);
  await clock.advance(500);
  broker.publish('not quiet', { body: '2' });
  await clock.advance(500);
  broker.publish('another', { body: '1' });
  expect(heapUsed() - before).toBeLessThan(300_000);
});

test('what the history keeps is the bodies, not the messages that they were sent in', async () => {
  const { clock, join } = setUp({ broker: new MemoryBroker(), limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0 } });
  const client = await join('g');
  const before = heapUsed();
  for (let n = 0; n < 200; n += 1) {
    const junk = `${n},`.repeat(50_000);
    client.sendText(`{"type":"data_update","junk":"${junk}","payload":{"data":"more than V8 copies"}}`);
  }
  await clock.settle();
  expect(client.data).toHaveLength(200);
  // They were sent in 30 MB.
  expect(heapUsed() - before).toBeLessThan(3_000_000);
});

test('idempotency keys that are too old are freed though their group is quiet', async () => {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock, historyMessagesMax: 0, historyAgeMaxMs: 1_000, idempotencyKeysMax: 50_000 });
  for (const groupId of ['quiet', 'not quiet']) broker.subscribe(groupId, receiver);
  const before = heapUsed();
  for (let n = 0; n < 20_000; n += 1) broker.publish('quiet', { body: '1', idempotencyKey: String(n).padStart(100, 'x') });
  const kept = heapUsed() - before;
  expect(kept).toBeGreaterThan(2_000_000);
  await clock.advance(1_000);
  broker.publish('not quiet', { body: '1', idempotencyKey: 'a' });
  expect(heapUsed() - before).toBeLessThan(kept / 2);
});
