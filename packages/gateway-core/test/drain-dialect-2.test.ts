import { connectClient, type MemoryClient } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { type Received, ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

test('a drain tells every client of dialect 2 when to come back, spread over its time, and closes it with 4202 then [R103] [R104]', async () => {
  const { clock, gateway, join } = setUp({ limits: { drainsPerSecondMax: 100 } });
  const clients = Array.from({ length: 60 }, () => new ResumingClient(gateway));
  for (const client of clients) client.connect({ g: {} });
  const one = await join('g');
  const begun = clock.monotonicMs();
  const closing = gateway.close({ graceMs: 10_000 });
  await clock.settle();
  const after = clients.map((client) => client.of('reconnect')[0]?.payload.afterMs);
  // Over three fifths of the grace.
  expect(after).toEqual(clients.map((_, n) => n * 100));
  for (const client of clients) expect(client.of('reconnect')[0]?.payload.reason).toBe('drain');
  while (clients.some(({ connection }) => connection.closed === undefined)) {
    const now = clock.monotonicMs() - begun;
    clients.forEach(({ connection }, n) => {
      expect(connection.closed === undefined, `${n} at ${now}`).toBe(after[n] + 2_000 > now);
    });
    await clock.advance(50);
  }
  expect(new Set(clients.map(({ connection }) => connection.closed?.code))).toEqual(new Set([4202]));
  await clock.advance(1_000);
  expect(one.closed?.code).toBe(1012);
  expect(one.received.map(({ type }) => type)).not.toContain('reconnect');
  await closing;
});

test('until its time a client of dialect 2 is served, and it has everything before its 4202', async () => {
  const { clock, gateway } = setUp({ limits: { drainsPerSecondMax: 10 } });
  const clients = Array.from({ length: 5 }, () => new ResumingClient(gateway));
  for (const client of clients) client.connect({ g: {} });
  await clock.settle();
  void gateway.close({ graceMs: 10_000 });
  const last = clients.at(-1) as ResumingClient;
  for (let n = 1; n <= 20; n += 1) {
    if (last.connection.closed === undefined) last.say('g', n, `m-${n}`);
    await clock.advance(20);
  }
  const acked = last.of('ack').map(({ payload }) => payload.seq);
  expect(acked.length).toBeGreaterThan(10);
  expect(last.take().logs.get('g')?.seen).toEqual(acked);
});

test('in a drain the connection of a member that speaks from another one is closed with 4202, before it with 4004 [R199] [R251]', async () => {
  const { clock, gateway } = setUp({ timings: { drainDelayMs: 1_000 }, limits: { drainsPerSecondMax: 10 } });
  const connections = Array.from({ length: 20 }, () => connectClient(gateway));
  const [first, second, third] = [0, 1, 19].map((n) => connections[n]) as [MemoryClient, MemoryClient, MemoryClient];
  const identify = async (connection: MemoryClient, former?: MemoryClient) => {
    const ready = former?.received.findLast(({ type }) => type === 'ready') as Received | undefined;
    const resume = { token: ready?.payload.resume.token };
    connection.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
    await clock.settle();
    return former?.closed?.code;
  };
  await identify(first);
  const closing = gateway.close({ graceMs: 10_000 });
  await clock.settle();
  // Clients are still taken: one that was told to come back would come back here, and take its turn with the other one for ever.
  expect(await identify(second, first)).toBe(4004);
  await clock.advance(1_000);
  // Those before it have been told to go.
  expect(await identify(third, second)).toBe(4202);
  await clock.advance(10_000);
  await closing;
});

test('make before break: who resumes on a second connection while the first still reads misses nothing and has nothing twice, by seq', async () => {
  for (const told of [1, 7, 50]) {
    const { clock, gateway } = setUp({ limits: { socketHighWaterMarkBytes: 600 } });
    const a = new ResumingClient(gateway);
    a.connect({ g: {} });
    await clock.settle();
    const seen: number[] = [];
    // By position, as a client does it: what is at or below the last `seq` it has seen is nothing new.
    const collect = (updates: readonly { seq: number }[]) => {
      for (const { seq } of updates) if (seq > (seen.at(-1) ?? 0)) seen.push(seq);
    };
    const first = a.take().connection;
    let published = 0;
    const publish = () => {
      published += 1;
      void gateway.publish('g', `${published} ${'x'.repeat(100)}`);
    };
    for (let n = 0; n < 20; n += 1) publish();
    await clock.settle();
    a.take();
    for (let n = 0; n < told; n += 1) publish();
    a.connect();
    for (let n = 0; n < told; n += 1) publish();
    await clock.settle();
    publish();
    await clock.settle();
    collect(first.updates as never);
    const before = seen.length;
    collect(a.connection.updates as never);
    expect(seen).toEqual(Array.from({ length: published }, (_, n) => n + 1));
    expect(before).toBeGreaterThanOrEqual(20);
    expect(first.closed).toMatchObject({ code: 4004 });
    expect(a.take().resumed).toEqual([false, true]);
    // The client closes what it has replaced: nobody leaves by that.
    first.close(1000);
    await clock.settle();
    expect(await gateway.members('g')).toHaveLength(1);
  }
});
