import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backends } from './support/backends.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

const upTo = (count: number, from = 1) => Array.from({ length: Math.max(0, count) }, (_, n) => from + n);

// Without a server there is nothing that batches are appended to.
describe.skipIf(NO_REDIS)('a batch', () => {
  let redis: TestRedis;
  let backends: Backends;
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url);
  });
  afterAll(async () => {
    backends?.close();
    await redis.stop();
  });

  /** Publishes so many messages in one turn, the last of them `to`. */
  const publish = ({ parts }: ReturnType<Backends['make']>, count: number, to = count) =>
    Promise.all(
      upTo(count, to - count + 1).map((n) => parts.broker.publish('g', { body: `"é ${n}"`, key: n % 2 ? 'ü' : undefined })),
    );

  test('is one entry of the stream, and history begins and ends anywhere inside of it', async () => {
    const backend = backends.make({ prefix: 'inside', limits: { batchMessagesMax: 7 } });
    const { broker } = backend.parts;
    const epoch = (await publish(backend, 20))[0]?.epoch as string;
    const ids = ((await redis.command('XRANGE', '{inside}:ls:g', '-', '+')) as [string][]).map(([id]) => id);
    expect(ids).toEqual(['7-7', '14-7', '20-6']);
    for (let since = 0; since <= 20; since += 1) {
      for (const limit of [0, 1, 3, 7, 8, 100]) {
        const { entries } = await broker.history('g', { epoch, seq: since }, limit);
        expect(entries?.map(({ seq }) => seq)).toEqual(upTo(Math.min(20 - since, limit), since + 1));
        for (const { seq, body, key } of entries ?? []) expect([body, key]).toEqual([`"é ${seq}"`, seq % 2 ? 'ü' : undefined]);
      }
    }
  });

  test('leaves out what the log has already, wherever that stands in it, and is delivered without it', async () => {
    const backend = backends.make();
    const { broker } = backend.parts;
    const delivered: [number, string][] = [];
    const { position } = await broker.subscribe('g', {
      deliver: ({ seq, body }) => delivered.push([seq, body]),
      reset: () => {},
    });
    const say = (keys: string[]) =>
      Promise.all(keys.map((idempotencyKey) => broker.publish('g', { body: `"${idempotencyKey}"`, idempotencyKey })));
    await say(['é', 'b']);
    const answers = await say(['a', 'é', 'c', 'c', 'b', 'a', 'd']);
    expect(answers.map(({ seq, duplicate }) => (duplicate ? -seq : seq))).toEqual([3, -1, 4, -4, -2, -3, 5]);
    expect((await say(['b', 'é'])).map(({ seq }) => seq)).toEqual([2, 1]);
    const { entries } = await broker.history('g', position, 100);
    expect(entries?.map(({ body }) => body)).toEqual(['"é"', '"b"', '"a"', '"c"', '"d"']);
    await expect.poll(() => delivered.length).toBe(5);
    expect(delivered).toEqual(entries?.map(({ seq, body }) => [seq, body]));
  });

  test.each([1, 2])(
    'of %i messages: the log knows the newest idempotencyKeysMax keys, and twice as many at most',
    async (size) => {
      const prefix = `keys-${size}`;
      const { broker } = backends.make({ prefix, limits: { idempotencyKeysMax: 4 } }).parts;
      const say = (names: number[]) =>
        Promise.all(names.map((n) => broker.publish('g', { body: `${n}`, idempotencyKey: `k${n}` })));
      for (let n = 1; n <= 40; n += size) {
        await say(upTo(size, n));
        for (let known = Math.max(1, n - 3); known <= n; known += 1) {
          expect(await say([known]), `${known} after ${n}`).toEqual([{ epoch: expect.any(String), seq: known, duplicate: true }]);
        }
        const kept = await Promise.all(['i1', 'i2'].map((half) => redis.command('HLEN', `{${prefix}}:${half}:g`)));
        expect(kept.reduce<number>((sum, count) => sum + Number(count), 0)).toBeLessThanOrEqual(8);
        for (const half of ['i1', 'i2']) expect(await redis.command('PTTL', `{${prefix}}:${half}:g`)).not.toBe(-1);
      }
      // What is known no longer is a message again.
      expect(await say([1])).toEqual([{ epoch: expect.any(String), seq: 41 }]);
    },
  );

  test.each([1, 5, 64])('of %i messages: a log keeps what it is to, an eighth and a batch more at most', async (size) => {
    const backend = backends.make({ limits: { logMessagesMax: 100 } });
    const { broker } = backend.parts;
    for (let to = size; to <= 700; to += size) {
      const [first] = await publish(backend, size, to);
      const epoch = first?.epoch as string;
      if (to % 5 > 0) continue;
      const reaches = async (count: number) =>
        (await broker.history('g', { epoch, seq: Math.max(0, to - count) }, 1)).lost === undefined;
      expect(await reaches(100), `the newest 100 of ${to}`).toBe(true);
      const most = 100 + 13 + 2 * size;
      if (to > most) expect(await reaches(most), `more of ${to}`).toBe(false);
    }
  });

  test.each([1, 30])(
    'of %i messages: a log keeps half of its bytes at least, and all of them and a batch at most',
    async (size) => {
      const prefix = `bytes-${size}`;
      const backend = backends.make({ prefix, limits: { logBytesMax: 10_000 } });
      for (let to = size; to <= 1_500; to += size) {
        await publish(backend, size, to);
        if (to % 30 > 0) continue;
        const entries = (await redis.command('XRANGE', `{${prefix}}:ls:g`, '-', '+')) as [string, [string, string]][];
        const bytes = entries.reduce((sum, [, [, text]]) => sum + Buffer.byteLength(text), 0);
        expect(bytes).toBeLessThan(10_000 + size * 20);
        if (to > 900) expect(bytes).toBeGreaterThan(5_000 - size * 20);
      }
    },
  );

  test('goes with those of other groups that are ready in the same moment; one that Redis refuses is no fault of theirs', async () => {
    const backend = backends.make({ prefix: 'together' });
    const { broker } = backend.parts;
    await backend.ready();
    await redis.command('SET', '{together}:lm:g33', 'no hash');
    const say = () => Promise.allSettled(upTo(100).map(async (n) => broker.publish(`g${n}`, { body: '"x"' })));
    const outcome = (seq: number) => upTo(100).map((n) => (n === 33 ? expect.stringContaining('WRONGTYPE') : seq));
    const seqs = (all: Awaited<ReturnType<typeof say>>) =>
      all.map((one) => (one.status === 'fulfilled' ? one.value.seq : String(one.reason)));
    for (const seq of [1, 2]) expect(seqs(await say())).toEqual(outcome(seq));
    await redis.command('DEL', '{together}:lm:g33');
    await redis.command('CONFIG', 'RESETSTAT');
    expect(seqs(await say())).toEqual(upTo(100).map((n) => (n === 33 ? 1 : 3)));
    const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.command('INFO', 'commandstats'))) ?? [];
    // At most 64 to a call; the backends of other tests go on with their own.
    expect(Number(calls)).toBeLessThan(20);
  });

  test('of a log as it was kept before is not misread: the log begins anew', async () => {
    const { broker } = backends.make({ prefix: 'before' }).parts;
    await redis.command('HSET', '{before}:m:g', 'i', 'term', 'e', 'former', 's', '1', 'l', '');
    await redis.command('XADD', '{before}:l:g', '1-0', 'd', '-:"old"');
    await redis.command('HSET', '{before}:i1:g', '=a', '1');
    expect(await broker.publish('g', { body: '"new"', idempotencyKey: 'a' })).toEqual({ epoch: expect.any(String), seq: 1 });
    expect(await broker.history('g', { epoch: 'former', seq: 0 }, 10)).toMatchObject({ lost: 'epoch' });
  });
});
