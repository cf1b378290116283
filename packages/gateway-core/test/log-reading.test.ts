import { inflateRawSync } from 'node:zlib';
import type { Limits } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { GroupLog } from '../src/groups/group-log.js';
import { LogBudget } from '../src/groups/log-budget.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { payloadOf } from '../src/transport/frame.js';
import { long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

type Sent = { data: string; delivery?: 'latest' | 'volatile'; key?: string };

function logOf(limits: Partial<Limits> = {}) {
  const budget = new LogBudget(DEFAULT_LIMITS.logBytesTotalMax, () => {});
  const log = new GroupLog({ epoch: 'e', seq: 0 }, { ...DEFAULT_LIMITS, ...limits }, budget, { giveMemory: () => {} });
  const append = ({ data, delivery, key }: Sent) =>
    log.append({ seq: log.headSeq + 1, body: `"payload":{"data":${JSON.stringify(data)}}}`, delivery, key }, 0);
  return { log, budget, append };
}

/** The data of the frames in a buffer, compressed or not. */
function dataOf(bytes: Buffer | undefined): string[] {
  const texts: string[] = [];
  let rest = bytes ?? Buffer.alloc(0);
  while (rest.length > 0) {
    const payload = payloadOf(rest);
    const marker = rest[1] as number;
    const length = marker < 126 ? marker : marker === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const own = payload.subarray(0, length);
    const deflated = ((rest[0] as number) & 0x40) !== 0;
    const text = deflated ? inflateRawSync(Buffer.concat([own, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 }) : own;
    texts.push(JSON.parse(text.toString()).payload.data);
    rest = payload.subarray(length);
  }
  return texts;
}

class CountingSocket extends RecordingSocket {
  /** Written to it. */
  get bytes(): number {
    return this.writes.reduce((sum, { length }) => sum + length, 0);
  }
}

/** Takes compressed frames. A getter, for it is asked as the gateway accepts it. */
class CompressingSocket extends CountingSocket {
  get deflate(): boolean {
    return true;
  }
}

const keepsUp = { behind: false, deflate: false };
const isBehind = { behind: true, deflate: false };
const compressed = { behind: false, deflate: true };

describe('a log that was trimmed', () => {
  test('still knows the newest of a key of which an older message has gone', () => {
    const { log, append } = logOf({ logMessagesMax: 3 });
    for (const data of ['a1', 'b1', 'a2', 'c1']) append({ data, delivery: 'latest', key: data[0] as string });
    log.trim(log.headSeq);
    expect(log.messages).toBe(3);
    expect(dataOf(log.read(1, isBehind).bytes)).toEqual(['b1', 'a2', 'c1']);
  });

  test('passes over what a newer one of its key supersedes, and nothing else', () => {
    const { log, append } = logOf({ logMessagesMax: 4 });
    for (const data of ['a1', 'a2', 'b1', 'a3', 'b2', 'c1']) append({ data, delivery: 'latest', key: data[0] as string });
    log.trim(log.headSeq);
    expect(dataOf(log.read(2, isBehind).bytes)).toEqual(['a3', 'b2', 'c1']);
    expect(dataOf(log.read(2, keepsUp).bytes)).toEqual(['b1', 'a3', 'b2', 'c1']);
  });

  test('has forgotten a key whose only message has gone: the next one is its newest', () => {
    const { log, append } = logOf({ logMessagesMax: 2 });
    for (const data of ['a1', 'x', 'y']) append({ data, delivery: data === 'a1' ? 'latest' : undefined, key: 'a' } as Sent);
    log.trim(log.headSeq);
    append({ data: 'a2', delivery: 'latest', key: 'a' });
    expect(dataOf(log.read(1, isBehind).bytes)).toEqual(['x', 'y', 'a2']);
  });

  test('gives back all that keys and volatile messages took', () => {
    const { log, budget, append } = logOf({ logMessagesMax: 1 });
    append({ data: 'first' });
    const one = budget.bytes;
    for (let n = 0; n < 50; n += 1) append({ data: `${n}`, delivery: 'latest', key: `${n}${long(100)}` });
    for (let n = 0; n < 50; n += 1) append({ data: `${n}`, delivery: 'volatile' });
    expect(budget.bytes).toBeGreaterThan(one + 50 * 200);
    append({ data: 'last' });
    log.trim(log.headSeq);
    log.expire(Number.POSITIVE_INFINITY, log.headSeq);
    expect([log.messages, log.bytes, budget.bytes]).toEqual([0, 0, 0]);
  });

  test('never drops what comes after `until`', () => {
    const { log, append } = logOf({ logMessagesMax: 1 });
    for (let n = 0; n < 20; n += 1) append({ data: `${n} ${long(100)}` });
    log.trim(7);
    expect(log.messages).toBe(13);
    expect(log.reaches(7)).toBe(true);
    expect(log.reaches(6)).toBe(false);
    log.expire(Number.POSITIVE_INFINITY, 15);
    expect(log.messages).toBe(5);
  });
});

describe('a reader that keeps up', () => {
  const sent: Sent[] = Array.from({ length: 30 }, (_, n) => ({
    data: `${n} ${long(n % 3 === 0 ? 2_000 : 100)}`,
    delivery: n % 2 === 0 ? 'latest' : 'volatile',
    key: 'k',
  }));

  test.each([
    ['over many slabs', keepsUp],
    ['compressed', compressed],
  ])('gets every message of delivery latest and volatile, %s', (_, reader) => {
    const { log, append } = logOf();
    for (const message of sent) append(message);
    const { bytes, end, messages } = log.read(0, reader);
    expect(dataOf(bytes)).toEqual(sent.map(({ data }) => data));
    expect([end, messages]).toEqual([30, 30]);
  });

  test('gets them through the gateway too, in a turn that spans slabs', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const compressing = new CompressingSocket(gateway);
    compressing.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    compressing.writes.length = 0;
    for (const { data, delivery, key } of sent) client.send(say(data, { delivery, key }));
    await clock.settle();
    expect(client.data).toEqual(sent.map(({ data }) => data));
    expect(compressing.writes.flatMap(dataOf)).toEqual(sent.map(({ data }) => data));
    expect(compressing.bytes).toBeLessThan(sent.reduce((sum, { data }) => sum + data.length, 0));
  });
});

test.each([
  ['that keeps up', keepsUp],
  ['that is behind', isBehind],
])('a reader %s gets as many messages as one write carries, to the byte, but at least one', (_, reader) => {
  const probe = logOf();
  probe.append({ data: '1' });
  const frameBytes = probe.log.bytes;
  const read = (socketHighWaterMarkBytes: number) => {
    const { log, append } = logOf({ socketHighWaterMarkBytes });
    for (let n = 0; n < 9; n += 1) append({ data: `${n}`, delivery: n === 8 ? 'volatile' : undefined } as Sent);
    return log.read(0, reader).messages;
  };
  expect([1, frameBytes, 3 * frameBytes - 1, 3 * frameBytes, 3 * frameBytes + 1].map(read)).toEqual([1, 1, 2, 3, 3]);
});

test('what stands in one slab is not copied for its readers, wherever in the log that is', () => {
  const { log, append } = logOf();
  // Longer than what the pool of Node's buffers is shared by.
  for (let n = 0; n < 40; n += 1) append({ data: `${n} ${long(5_000)}` });
  const memoryOf = (cursor: number) => log.read(cursor, keepsUp, cursor + 1).bytes?.buffer;
  for (let cursor = 0; cursor < 40; cursor += 1) expect(memoryOf(cursor)).toBe(memoryOf(cursor));
});

test('a replay is compressed for who takes that', async () => {
  const { clock, gateway } = setUp();
  const text = long(5_000);
  await gateway.publish('g', text);
  const { epoch } = await gateway.position('g');
  const [plain, compressing] = [new CountingSocket(gateway), new CompressingSocket(gateway)];
  const identify = {
    type: 'identify',
    version: '2',
    payload: { clientType: 'app-client', resume: { groups: { g: { epoch, seq: 0 } } } },
  };
  for (const socket of [plain, compressing]) socket.send(identify);
  await clock.advance(1_000);
  expect(plain.data).toEqual([text]);
  expect(compressing.bytes).toBeLessThan(plain.bytes - 4_500);
});

describe('compressed frames', () => {
  test('are made once: who reads again gets its own message, of the same bytes', () => {
    const { log, budget, append } = logOf();
    for (const text of ['a', 'b', 'c']) append({ data: text.repeat(3_000) });
    const first = [0, 1, 2].map((cursor) => log.read(cursor, { ...compressed, behind: false }).bytes as Buffer);
    const held = budget.bytes;
    const second = [0, 1, 2].map((cursor) => log.read(cursor, compressed).bytes as Buffer);
    expect(second).toEqual(first);
    expect(dataOf(second[0])).toEqual(['a', 'b', 'c'].map((text) => text.repeat(3_000)));
    expect(dataOf(second[2])).toEqual(['c'.repeat(3_000)]);
    // The last one stands alone, so it is the cached frame itself.
    expect(second[2]).toBe(first[2]);
    expect(budget.bytes).toBe(held);
  });

  test('that were dropped leave the budget, one by one and all together', () => {
    const { log, budget, append } = logOf();
    for (const text of ['a', 'b', 'c']) append({ data: text.repeat(3_000) });
    const plain = budget.bytes;
    log.read(0, compressed);
    const each = (budget.bytes - plain) / 3;
    expect(each).toBeGreaterThan(0);
    log.dropOldestSlab();
    const afterOne = budget.bytes;
    log.read(1, keepsUp);
    expect(budget.bytes).toBe(afterOne);
    log.reset({ epoch: 'new', seq: 0 });
    expect(budget.bytes).toBe(0);
    append({ data: 'd'.repeat(3_000) });
    expect(dataOf(log.read(0, compressed).bytes)).toEqual(['d'.repeat(3_000)]);
    log.expire(Number.POSITIVE_INFINITY, log.headSeq);
    expect(budget.bytes).toBe(0);
  });
});

describe('a log that began anew, at the places of the old one', () => {
  test('gives compressed readers its own messages, and not those that were compressed before', () => {
    const { log, append } = logOf();
    for (const data of [long(2_000), long(3_000)]) append({ data });
    log.read(0, compressed);
    log.reset({ epoch: 'f', seq: 0 });
    for (const data of ['y'.repeat(2_000), 'z'.repeat(3_000)]) append({ data });
    expect(dataOf(log.read(0, compressed).bytes)).toEqual(['y'.repeat(2_000), 'z'.repeat(3_000)]);
  });

  test('passes over none of its messages for what stood there before', () => {
    const { log, append } = logOf();
    for (const data of ['a1', 'a2', 'v']) append({ data, delivery: data === 'v' ? 'volatile' : 'latest', key: 'a' });
    log.reset({ epoch: 'f', seq: 0 });
    for (const data of ['one', 'two', 'three']) append({ data });
    expect(dataOf(log.read(0, isBehind).bytes)).toEqual(['one', 'two', 'three']);
    append({ data: 'a3', delivery: 'latest', key: 'a' });
    expect(dataOf(log.read(3, isBehind).bytes)).toEqual(['a3']);
  });

  test('counts what it holds from nothing', () => {
    const { log, budget, append } = logOf();
    for (const data of [long(2_000), 'b']) append({ data, delivery: 'latest', key: data });
    log.read(0, compressed);
    log.reset({ epoch: 'f', seq: 0 });
    expect([budget.bytes, log.bytes, log.messages]).toEqual([0, 0, 0]);
    append({ data: 'c' });
    log.trim(log.headSeq);
    log.dropOldestSlab();
    expect(budget.bytes).toBe(0);
  });
});
