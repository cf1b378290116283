import { describe, expect, test } from 'vitest';
import { wired } from './fake-wire.js';

const sync = (groupId: string, seq: number) => ({ groupId, epoch: 'e', seq, outcome: 'live', replayed: 0 });
const acked = (id: string | undefined, seq = 1) => ({ id, epoch: 'e', seq });

describe('who it is', () => {
  test('is the first thing that it says, with what it was told to be', () => {
    const { wire } = wired({ groups: ['g', 'h'], name: 'ada', token: 'secret', clientType: 'dashboard' });
    expect(wire.socket.sent).toEqual([]);
    wire.socket.open();
    expect(wire.socket.sent).toEqual([
      {
        type: 'identify',
        version: '2',
        payload: { clientType: 'dashboard', metadata: { name: 'ada' }, token: 'secret', resume: { groups: { g: {}, h: {} } } },
      },
    ]);
  });

  test('is said again after a loss, with the newest token and where it stands in each group', async () => {
    const { wire, client } = wired({ groups: ['g', 'h', 'gone'] });
    wire.socket.answers();
    wire.socket.says('sync', sync('g', 4));
    wire.socket.says('sync', sync('gone', 4));
    wire.socket.says('data_update', { data: 1 }, { groupId: 'g', seq: 5 });
    // Of a group that it is not in, and of one whose `sync` has not come.
    wire.socket.says('data_update', { data: 1 }, { groupId: 'x', seq: 5 });
    wire.socket.says('data_update', { data: 1 }, { groupId: 'h', seq: 5 });
    client.leave('gone');
    client.join('new');
    wire.socket.ready({ resume: { token: 'resume-2', ttlMs: 1 } });
    wire.socket.over(1006);
    await wire.clock.advance(500);
    wire.socket.open();
    expect(wire.socket.sent[0]?.payload.resume).toEqual({
      token: 'resume-2',
      groups: { g: { epoch: 'e', seq: 5 }, h: {}, new: {} },
    });
  });
});

describe('what is published', () => {
  test('leaves in order, goes to the first group, and is settled by its answer', async () => {
    const { wire, client } = wired({ groups: ['g', 'h'] });
    wire.socket.answers();
    const settled: (string | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) void client.publish(n).then((error) => settled.push(error));
    await wire.clock.settle();
    const sent = wire.socket.of('data_update');
    expect(sent.map(({ groupId, payload }) => [groupId, payload.data])).toEqual([
      ['g', 0],
      ['g', 1],
      ['g', 2],
    ]);
    wire.socket.says('ack', acked(sent[0]?.id));
    wire.socket.says('error', { code: 'FORBIDDEN', message: 'no', inReplyTo: sent[2]?.id });
    wire.socket.says('ack', acked('of another'));
    await wire.clock.settle();
    expect(settled).toEqual([undefined, 'FORBIDDEN: no']);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(3);
  });

  test('before it is identified waits for that', async () => {
    const { wire, client } = wired();
    void client.publish(1);
    wire.socket.open();
    void client.publish(2);
    await wire.clock.settle();
    expect(wire.socket.of('data_update')).toEqual([]);
    // The greeting says nothing of who it is.
    wire.socket.ready({ memberId: undefined, resume: undefined });
    await wire.clock.settle();
    expect(wire.socket.of('data_update')).toEqual([]);
    wire.socket.ready({ resumed: false });
    await wire.clock.settle();
    expect(wire.socket.of('data_update').map(({ payload }) => payload.data)).toEqual([1, 2]);
  });

  test('and not answered when the connection is lost is sent again by the same member, under its id', async () => {
    const { wire, client } = wired();
    wire.socket.answers();
    let settled: unknown = 'not yet';
    void client.publish(1).then((error) => {
      settled = error;
    });
    await wire.clock.settle();
    const [first] = wire.socket.of('data_update');
    wire.socket.over(1006);
    await wire.clock.advance(500);
    wire.socket.answers({ resumed: true });
    await wire.clock.settle();
    expect(wire.socket.of('data_update')).toEqual([first]);
    wire.socket.says('ack', acked(first?.id));
    await wire.clock.settle();
    expect(settled).toBeUndefined();
  });

  test('is not known by another member', async () => {
    const { wire, client } = wired();
    wire.socket.answers();
    const answer = client.publish(1);
    await wire.clock.settle();
    wire.socket.over(1006);
    await wire.clock.advance(500);
    wire.socket.answers({ resumed: false });
    expect(await answer).toBe('nobody knows whether it was accepted');
    await wire.clock.settle();
    expect(wire.socket.of('data_update')).toEqual([]);
  });

  test('keeps to the rate that `ready` names, of messages and of bytes', async () => {
    const { wire, client } = wired();
    wire.socket.answers({ limits: { messagesPerSecondMax: 10 } });
    const sent = () => wire.socket.of('data_update').length;
    for (let n = 0; n < 20; n += 1) void client.publish(n);
    await wire.clock.settle();
    // Eight at once, then nine tenths of the rate.
    expect(sent()).toBe(8);
    await wire.clock.advance(1_000);
    expect(sent()).toBe(17);
    await wire.clock.advance(1_000);
    expect(sent()).toBe(20);
    wire.socket.ready({ limits: { bytesPerSecondMax: 10_000 } });
    await wire.clock.advance(60_000);
    const before = sent();
    void client.publish('x'.repeat(9_000));
    void client.publish('next');
    await wire.clock.advance(900);
    expect(sent()).toBe(before);
    await wire.clock.advance(200);
    expect(sent()).toBe(before + 2);
  });

  test('and refused for its rate is sent again after `retryAfterMs`, once, however often that is said', async () => {
    const { wire, client } = wired();
    wire.socket.answers({ limits: { messagesPerSecondMax: 100 } });
    const settled: unknown[] = [];
    for (let n = 0; n < 64; n += 1) void client.publish(n).then((error) => settled.push(error));
    await wire.clock.advance(2_000);
    const sent = () => wire.socket.of('data_update');
    expect(sent()).toHaveLength(64);
    for (let n = 0; n < 64; n += 1) wire.socket.says('error', { code: 'RATE_LIMITED', message: 'slower', retryAfterMs: 3_000 });
    await wire.clock.advance(2_900);
    expect(sent()).toHaveLength(64);
    await wire.clock.advance(1_000);
    expect(sent()).toHaveLength(128);
    for (const { id } of sent()) wire.socket.says('ack', acked(id));
    await wire.clock.settle();
    expect(settled).toEqual(Array(64).fill(undefined));
    // What was to be sent again did not use up the time of what follows.
    void client.publish('next');
    await wire.clock.advance(1_000);
    expect(sent()).toHaveLength(129);
  });

  test('and refused for its rate without a time is sent again after half a second', async () => {
    const { wire, client } = wired();
    wire.socket.answers();
    void client.publish(1);
    await wire.clock.settle();
    wire.socket.says('error', { code: 'RATE_LIMITED', message: 'slower' });
    await wire.clock.advance(499);
    expect(wire.socket.of('data_update')).toHaveLength(1);
    await wire.clock.advance(1);
    expect(wire.socket.of('data_update')).toHaveLength(2);
  });

  test('waits for its turn on one connection, and is not sent twice on the next', async () => {
    const { wire, client } = wired();
    wire.socket.answers({ limits: { messagesPerSecondMax: 1 } });
    for (let n = 0; n < 9; n += 1) void client.publish(n);
    await wire.clock.settle();
    const [first] = wire.sockets;
    expect(first!.of('data_update')).toHaveLength(8);
    first!.over(1006);
    await wire.clock.advance(500);
    wire.socket.answers({ resumed: true, limits: {} });
    await wire.clock.advance(60_000);
    expect(first!.of('data_update')).toHaveLength(8);
    expect(wire.socket.of('data_update').map(({ payload }) => payload.data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('waits for its turn on the connection that there is, and for no other in between', async () => {
    const { wire, client } = wired();
    const limits = { messagesPerSecondMax: 1 };
    wire.socket.answers({ limits });
    for (let n = 0; n < 9; n += 1) void client.publish(n);
    await wire.clock.settle();
    wire.socket.over(1006);
    await wire.clock.advance(500);
    wire.socket.answers({ resumed: true, limits });
    // The turn on the connection before is over.
    await wire.clock.advance(700);
    wire.socket.says('error', { code: 'RATE_LIMITED', message: 'slower', retryAfterMs: 1 });
    await wire.clock.advance(60_000);
    expect(wire.socket.of('data_update').map(({ payload }) => payload.data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('while there is no connection is sent nowhere, and takes no turn', async () => {
    const { wire, client } = wired();
    const limits = { messagesPerSecondMax: 1 };
    wire.socket.answers({ limits });
    for (let n = 0; n < 9; n += 1) void client.publish(n);
    await wire.clock.settle();
    const [first] = wire.sockets;
    for (const { id } of first!.of('data_update')) first!.says('ack', acked(id));
    first!.over(4101);
    await wire.clock.advance(9_000);
    for (let n = 9; n < 15; n += 1) void client.publish(n);
    await wire.clock.advance(1_000);
    expect(first!.of('data_update')).toHaveLength(8);
    wire.socket.answers({ resumed: true, limits });
    await wire.clock.settle();
    expect(wire.socket.of('data_update').map(({ payload }) => payload.data)).toEqual([8, 9, 10, 11, 12, 13, 14]);
  });

  test('an ack that comes while it waits for its turn to be sent again takes it back', async () => {
    const { wire, client } = wired();
    wire.socket.answers();
    void client.publish(1);
    await wire.clock.settle();
    const [first] = wire.socket.of('data_update');
    wire.socket.says('error', { code: 'RATE_LIMITED', message: 'slower', retryAfterMs: 1_000 });
    wire.socket.says('ack', acked(first?.id));
    await wire.clock.advance(5_000);
    expect(wire.socket.of('data_update')).toHaveLength(1);
  });
});

describe('a connection that is lost', () => {
  test('is tried again six times, each after twice the pause, and then no more', async () => {
    const { wire, said, client } = wired();
    wire.socket.answers();
    const answer = client.publish(1);
    wire.socket.over(1006);
    for (const pause of [500, 1_000, 2_000, 4_000, 8_000, 16_000]) {
      const { length } = wire.sockets;
      await wire.clock.advance(pause - 1);
      expect(wire.sockets).toHaveLength(length);
      await wire.clock.advance(1);
      expect(wire.sockets).toHaveLength(length + 1);
      wire.socket.emit('error', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      wire.socket.over(1006);
    }
    expect(said[0]).toBe('closed 1006, again in 0.5 s');
    expect(said[1]).toBe('closed 1006 ECONNREFUSED, again in 1.0 s');
    expect(said.at(-1)).toBe('over: no connection after 6 attempts (1006 ECONNREFUSED)');
    expect(await answer).toBe('no connection after 6 attempts (1006 ECONNREFUSED)');
    await wire.clock.advance(600_000);
    expect(wire.sockets).toHaveLength(7);
    expect(wire.clock.pendingTimers).toBe(0);
  });

  test('counts anew once it has stood for ten seconds, and not where it was only open', async () => {
    const { wire, said } = wired();
    wire.socket.answers();
    wire.socket.over(1006);
    await wire.clock.advance(500);
    wire.socket.open();
    wire.socket.ready({ memberId: undefined, resume: undefined });
    await wire.clock.advance(9_999);
    wire.socket.over(1006);
    await wire.clock.advance(1_000);
    wire.socket.answers({ resumed: true });
    await wire.clock.advance(9_999);
    wire.socket.over(1006);
    await wire.clock.advance(2_000);
    wire.socket.answers({ resumed: true });
    await wire.clock.advance(10_000);
    wire.socket.over(1006);
    expect(said.map((line) => line.slice('closed 1006, '.length))).toEqual([
      'again in 0.5 s',
      'again in 1.0 s',
      'again in 2.0 s',
      'again in 0.5 s',
    ]);
  });

  test('to a gateway that takes each connection and closes it is backed off, and given up', async () => {
    const { wire, said } = wired();
    for (let n = 0; n < 20; n += 1) {
      if (wire.socket.readyState === 0) wire.socket.answers({ resumed: n > 0 });
      wire.socket.over(4202);
      await wire.clock.advance(16_000);
    }
    expect(wire.sockets).toHaveLength(7);
    expect(said.at(-2)).toBe('closed 4202, again in 16.0 s');
    expect(said.at(-1)).toBe('over: no connection after 6 attempts (4202)');
  });

  test('is counted anew where somebody wants to lose the connection', async () => {
    const { wire, said, client } = wired();
    for (let n = 0; n < 20; n += 1) {
      wire.socket.answers({ resumed: n > 0 });
      client.drop();
      await wire.clock.advance(500);
    }
    expect(new Set(said)).toEqual(new Set(['closed 1006, again in 0.5 s']));
  });

  test('is spread, and after a close that asks for it backed off', async () => {
    const { wire, said } = wired();
    wire.random = 0;
    wire.socket.answers();
    wire.socket.over(4101, 'full');
    await wire.clock.advance(4_999);
    expect(wire.sockets).toHaveLength(1);
    await wire.clock.advance(1);
    wire.socket.over(4202);
    expect(said).toEqual(['closed 4101 full, again in 5.0 s', 'closed 4202, again in 0.5 s']);
  });

  test.each([
    ['one that says not to come back', 4003, 'over: closed 4003 out'],
    ['one that was never there', 1006, 'over: no connection to ws://h/rt (1006 out)'],
  ])('%s is not tried again', async (_, code, line) => {
    const { wire, said } = wired();
    if (code === 4003) wire.socket.answers();
    wire.socket.over(code, 'out');
    await wire.clock.advance(600_000);
    expect([said, wire.sockets.length]).toEqual([[line], 1]);
  });

  test('is not tried again once it was closed: while it waits, or while it is open', async () => {
    const { wire, said, client } = wired();
    wire.socket.answers();
    wire.socket.over(1006);
    client.close();
    await wire.clock.advance(600_000);
    expect([said.at(-1), wire.sockets.length]).toEqual(['over: closed', 1]);

    const open = wired();
    open.wire.socket.answers();
    open.client.close(4900);
    expect([open.wire.socket.calls, open.said]).toEqual([['close 4900'], []]);
    open.wire.socket.over(4900);
    await open.wire.clock.advance(600_000);
    expect([open.said, open.wire.sockets.length]).toEqual([['over: closed'], 1]);

    const cut = wired();
    cut.wire.socket.answers();
    cut.client.terminate();
    expect([cut.wire.socket.calls, cut.said]).toEqual([['terminate'], ['over: closed']]);
  });
});

describe('a connection that is silent', () => {
  test('after it has opened is given up in ten seconds, and said to be', async () => {
    const { wire, said, client } = wired();
    wire.socket.answers();
    client.drop();
    await wire.clock.advance(500);
    wire.socket.open();
    await wire.clock.advance(9_999);
    expect(wire.socket.calls).toEqual([]);
    await wire.clock.advance(1);
    expect(wire.socket.calls).toEqual(['terminate']);
    expect(said.at(-1)).toBe('closed 1006 nothing was heard for 10 s, again in 1.0 s');
  });

  test('is sent a heartbeat in every interval that `ready` names, and given up after one that was not answered', async () => {
    const { wire, said } = wired();
    wire.socket.answers({ heartbeat: { intervalMs: 1_000, timeoutMs: 2_500 } });
    for (let n = 1; n < 5; n += 1) {
      await wire.clock.advance(1_000);
      const beats = wire.socket.of('heartbeat');
      expect(beats).toHaveLength(n);
      expect(beats.at(-1)).toEqual({ type: 'heartbeat', ts: wire.clock.now() });
      // Whatever comes is heard.
      wire.socket.says('weather', {});
    }
    await wire.clock.advance(2_000);
    expect(wire.socket.calls).toEqual(['terminate']);
    expect(said).toEqual(['closed 1006 nothing was heard for 1 s, again in 0.5 s']);
    // The reason is of that connection alone.
    await wire.clock.advance(500);
    wire.socket.answers({ resumed: true });
    wire.socket.over(1006);
    expect(said.at(-1)).toBe('closed 1006, again in 1.0 s');
  });

  test('for as long as it is not read is kept', async () => {
    const { wire, client } = wired();
    wire.socket.answers({ heartbeat: { intervalMs: 1_000, timeoutMs: 2_500 } });
    client.pause();
    await wire.clock.advance(60_000);
    expect(wire.socket.calls).toEqual(['pause']);
    client.resume();
    expect(wire.socket.calls).toEqual(['pause', 'resume']);
    await wire.clock.advance(2_000);
    expect(wire.socket.calls.at(-1)).toBe('terminate');
  });

  test('is not asked any more once it has closed', async () => {
    const { wire, client } = wired();
    wire.socket.answers({ heartbeat: { intervalMs: 1_000, timeoutMs: 2_500 } });
    client.close();
    wire.socket.over(1000);
    expect(wire.clock.pendingTimers).toBe(0);
    expect(client.ping()).toBe(false);
  });
});

test('what answers as no gateway does ends it: nothing is sent any more, and nobody is asked again', async () => {
  const { wire, said, client } = wired();
  wire.socket.answers();
  const answer = client.publish(1);
  wire.socket.emit('message', 'hello');
  expect(await answer).toBe('what answers there is no gateway (not JSON)');
  expect(wire.socket.calls).toEqual(['terminate']);
  await wire.clock.advance(600_000);
  expect([said[0], wire.sockets.length]).toEqual(['over: what answers there is no gateway (not JSON)', 1]);
});
