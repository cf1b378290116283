import { createGateway, systemClock } from 'gateway-core';
import { connectClient, type MemoryClient } from 'gateway-core/testing';
import type { OutgoingToClient2 } from 'gateway-protocol';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RedisBackend } from '../src/index.js';
import { Link } from '../src/link.js';
import { PUBLISH } from '../src/publish-script.js';
import { Backends } from './support/backends.js';
import { memberOf } from './support/member-of.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

const fenced = { code: 'FENCED' };

// Without a server there is nothing that a member could be fenced in.
describe.skipIf(NO_REDIS)('a message of a member that another gateway has taken over', () => {
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

  const publish = ({ parts }: RedisBackend, generation: number, text = 'x') =>
    parts.broker.publish('g', { body: JSON.stringify(text), fence: { memberId: 'a', generation } });
  const takeOver = ({ parts }: RedisBackend, generation: number, nodeId: string) =>
    parts.members.takeOver('a', `t${generation}`, { generation, nodeId, tokenHash: `t${generation + 1}` });

  test('is refused, however often it was taken over; one that its own gateway has resumed is not', async () => {
    const backend = backends.make();
    await backend.parts.members.put(memberOf('a'));
    await takeOver(backend, 1, 'node-1');
    await takeOver(backend, 2, 'node-1');
    for (const generation of [1, 2, 3]) await publish(backend, generation);
    await backend.parts.members.put(memberOf('a', { generation: 3, tokenHash: 't3' }));
    await publish(backend, 1);
    await takeOver(backend, 3, 'node-2');
    for (const generation of [1, 2, 3]) await expect(publish(backend, generation)).rejects.toMatchObject(fenced);
    expect((await publish(backend, 4)).seq).toBe(5);
    await takeOver(backend, 4, 'node-1');
    for (const generation of [1, 2, 3, 4]) await expect(publish(backend, generation)).rejects.toMatchObject(fenced);
    expect((await publish(backend, 5)).seq).toBe(6);
  });

  test('is refused whatever its gateway has said of it since, and in whatever batch it comes', async () => {
    const backend = backends.make({ limits: { batchMessagesMax: 3 } });
    await backend.parts.members.put(memberOf('a'));
    await takeOver(backend, 1, 'node-2');
    expect(await backend.parts.members.put(memberOf('a', { state: 'dropped' }))).toBe(false);
    const outcomes = await Promise.allSettled([1, 2, 1, 1, 1, 1, 2, 1].map((generation) => publish(backend, generation)));
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value.seq : one.reason.code))).toEqual([
      'FENCED',
      1,
      'FENCED',
      'FENCED',
      'FENCED',
      'FENCED',
      2,
      'FENCED',
    ]);
  });

  test('is taken where the store knows no such member, until its gateway has put it again', async () => {
    const backend = backends.make();
    await publish(backend, 1);
    await backend.parts.members.put(memberOf('a', { generation: 2 }));
    await expect(publish(backend, 1)).rejects.toMatchObject(fenced);
    await redis.command('FLUSHALL');
    await publish(backend, 1);
    await backend.parts.members.put(memberOf('a', { generation: 2 }));
    await expect(publish(backend, 1)).rejects.toMatchObject(fenced);
    await backend.parts.members.end('a', 2);
    await publish(backend, 1);
  });

  test('comes of a gateway that was away, or did not hear of it: that one is told as it connects', async () => {
    const [one, prefix] = [backends.make({ prefix: 'away' }), 'away'];
    await one.parts.members.put(memberOf('a'));
    await one.parts.members.put(memberOf('é"', { nodeId: 'ü' }));
    await takeOver(one, 1, 'node-2');
    await one.parts.members.takeOver('é"', 't1', { generation: 1, nodeId: 'node-1', tokenHash: 't2' });
    await one.parts.members.end('a', 2);
    const told: unknown[] = [];
    const other = backends.make({ prefix });
    for (const nodeId of ['node-1', 'node-2', 'ü']) {
      other.parts.members.onReplaced(nodeId, (...taken) => told.push([nodeId, ...taken]));
    }
    await expect.poll(() => told.length).toBe(2);
    expect(told.sort()).toEqual([
      ['node-1', 'a', 2],
      ['ü', 'é"', 2],
    ]);
  });

  test('is answered the same where its batch is sent again, though the member has come back or gone since', async () => {
    const prefix = 'resent';
    const backend = backends.make({ prefix });
    await backend.parts.members.put(memberOf('a'));
    await takeOver(backend, 1, 'node-2');
    const link = await Link.open({ url: redis.url, name: 'resends', connectTimeoutMs: 3_000, clock: systemClock });
    onTestFinished(() => link.destroy(new Error('the test is over')));
    const key = (kind: string) => `{${prefix}}:${kind}`;
    const incarnation = (await redis.command('GET', key('inc'))) as string;
    const keys = [key('inc'), ...['lm', 'ls', 'i1', 'i2', 'c'].map((kind) => key(`${kind}:g`)), key('r:a')];
    const term = incarnation.split(':')[2] as string;
    const fixed = [incarnation, '0', term, 'b:node-1', '100', '100000', '60000', '100', 'fresh'];
    const batch = ['1', '2', '2', '1', '3,3;-:1-:2', '=k', '', '1', '0'];
    const send = () => link.runScript(PUBLISH, [String(keys.length), ...keys, ...fixed, ...batch]);
    const answer = await send();
    expect(answer).toEqual(['OK', 'fresh2', '!,1']);
    await backend.parts.members.end('a', 2);
    expect(await send()).toEqual(answer);
    expect(await redis.command('EXISTS', key('i1:g'), key('i2:g'))).toBe(0);
  });

  test('is not accepted from a gateway that was not told yet: it closes the connection with 4004, and the client says it again at the other one', async () => {
    const nodes = [true, false].map((isDeaf) => {
      const backend = backends.make({ prefix: 'gateways' });
      const { members, ...parts } = backend.parts;
      if (isDeaf) members.onReplaced = () => () => {};
      const gateway = createGateway({ ...parts, members, timings: { sweepIntervalMs: 50, closeTimeoutMs: 50 } });
      onTestFinished(() => gateway.close());
      return gateway;
    });
    const [deaf, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const next = async <Type extends OutgoingToClient2['type']>(client: MemoryClient<OutgoingToClient2>, type: Type) => {
      for (;;) {
        const message = await client.next();
        if (message.type === type) return message as Extract<OutgoingToClient2, { type: Type }>;
      }
    };
    const come = async (gateway: typeof deaf, resume: object) => {
      const client = connectClient<OutgoingToClient2>(gateway);
      await next(client, 'ready');
      client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
      const { payload } = await next(client, 'ready');
      await next(client, 'sync');
      return {
        client,
        token: (payload as { resume?: { token: string } }).resume?.token,
        resumed: (payload as { resumed?: boolean }).resumed,
      };
    };
    const say = (client: MemoryClient<OutgoingToClient2>, id: string) =>
      client.send({ type: 'data_update', id, groupId: 'g', payload: { data: id } });
    const former = await come(deaf, { groups: { g: {} } });
    say(former.client, 'before');
    await next(former.client, 'ack');
    const now = await come(other, { token: former.token, groups: { g: {} } });
    expect(now.resumed).toBe(true);
    expect(former.client.closed).toBeUndefined();
    say(former.client, 'late');
    expect((await next(former.client, 'error')).payload).toMatchObject({ code: 'INTERNAL', retryable: true, inReplyTo: 'late' });
    await expect.poll(() => former.client.closed?.code).toBe(4004);
    say(now.client, 'late');
    expect((await next(now.client, 'ack')).payload).toEqual({ id: 'late', epoch: expect.any(String), seq: 2 });
    await expect.poll(() => now.client.updates.map(({ payload }) => payload.data)).toEqual(['late']);
  });
});
