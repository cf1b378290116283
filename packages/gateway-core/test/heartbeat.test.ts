import { type Clock, createGateway, MemoryPresenceStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { heartbeat, identify, say, typesOf } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

describe('heartbeats', () => {
  test('a connection from which nothing was heard for heartbeatTimeoutMs is closed with 4200 [R61]', async () => {
    const { clock, join, events } = setUp();
    const client = await join('g');
    await clock.advance(24_999);
    expect(client.closed).toBeUndefined();
    await clock.advance(1);
    expect(client.closed).toEqual({ code: 4200, reason: 'nothing was heard for `heartbeatTimeoutMs`' });
    expect(events('disconnect')).toMatchObject([{ code: 4200 }]);
  });

  test.each([
    ['a heartbeat', '{"type":"heartbeat"}'],
    ['a data_update', JSON.stringify(say(1))],
    ['a second identify', JSON.stringify(identify())],
    ['a message of a type that nobody knows', '{"type":"hello"}'],
    ['a text that is not JSON', '{'],
  ])('%s counts as life [R58]', async (_name, text) => {
    const { clock, join } = setUp();
    const client = await join('g');
    for (let beats = 0; beats < 5; beats += 1) {
      await clock.advance(20_000);
      client.sendText(text);
    }
    await clock.advance(24_999);
    expect(client.closed).toBeUndefined();
    await clock.advance(1_000);
    expect(client.closed?.code).toBe(4200);
  });

  test('a ping counts as life [R58]', async () => {
    const { clock, gateway } = setUp();
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    for (let beats = 0; beats < 5; beats += 1) {
      await clock.advance(20_000);
      socket.listener.ping();
    }
    expect(socket.closes).toEqual([]);
    await clock.advance(25_000);
    expect(socket.closes).toMatchObject([{ code: 4200 }]);
  });

  test('a message that waits for the one before it counts as life when it comes', async () => {
    const { clock, gateway } = setUp({ authorize: ({ action }) => action === 'join' || new Promise(() => {}) });
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    await clock.settle();
    socket.send(say('pending for ever'));
    await clock.advance(20_000);
    socket.send(heartbeat());
    await clock.advance(20_000);
    expect(socket.closes).toEqual([]);
  });

  test('what others say is no life', async () => {
    const { clock, join } = setUp();
    const [silent, talker] = [await join('g'), await join('g')];
    for (let beats = 0; beats < 6; beats += 1) {
      await clock.advance(5_000);
      talker.send(say(beats));
    }
    expect(silent.closed?.code).toBe(4200);
    expect(talker.closed).toBeUndefined();
  });

  test('a half-open peer is out of its groups within heartbeatTimeoutMs and one sweep, and cut after closeTimeoutMs', async () => {
    const timings = { heartbeatIntervalMs: 5_000, heartbeatTimeoutMs: 10_500, closeTimeoutMs: 3_000, sweepIntervalMs: 1_000 };
    const { clock, gateway, join, events } = setUp({ timings });
    const other = await join('g');
    const client = await join('g');
    client.vanish();
    for (let beats = 0; beats < 2; beats += 1) {
      await clock.advance(5_000);
      other.send(heartbeat());
    }
    await clock.advance(1_500);
    expect(gateway.groups()).toMatchObject([{ connections: 1 }]);
    expect(events('disconnect')).toMatchObject([{ code: 4200 }]);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 1 });
    expect(client.closed).toBeUndefined();
    await clock.advance(3_000);
    expect(client.closed).toEqual({ code: 1006, reason: '' });
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0 });
  });

  test('a client that answers the close frame is not cut', async () => {
    const { clock, gateway } = setUp();
    const socket = new RecordingSocket(gateway);
    await clock.advance(25_000);
    socket.listener.closed(4200, '');
    await clock.advance(25_000);
    expect(socket.terminations).toBe(0);
  });

  test('one timer serves all connections, sessions and groups', async () => {
    const { clock, gateway, join } = setUp();
    const timersOfNobody = clock.pendingTimers;
    for (let n = 0; n < 20; n += 1) (await join(`g${n}`)).send(say(n, { sessionId: 's' }, { meta: {} }));
    await clock.advance(500);
    expect(gateway.stats().connections).toBe(20);
    expect(clock.pendingTimers).toBe(timersOfNobody);
  });
});

describe('identify timeout', () => {
  const timings = { identifyTimeoutMs: 10_000 };

  test('a connection that has not identified after identifyTimeoutMs is closed with 4201, heartbeats or not [R57]', async () => {
    const { clock, connect } = setUp({ timings });
    const client = connect();
    await clock.advance(5_000);
    client.send(heartbeat());
    await clock.advance(4_999);
    expect(client.closed).toBeUndefined();
    await clock.advance(1);
    expect(client.closed).toEqual({ code: 4201, reason: 'no `identify` came for `identifyTimeoutMs`' });
  });

  test('one that could not be read as an identify is none [R57]', async () => {
    const { clock, connect } = setUp({ timings });
    const client = connect();
    client.send({ type: 'identify', version: 2, payload: { clientType: 'app-client' } });
    await clock.advance(10_000);
    expect(client.closed?.code).toBe(4201);
  });

  test('who has identified in time stays, in a group or in none', async () => {
    const { clock, join } = setUp({ timings });
    const clients = [await join('g'), await join()];
    await clock.advance(20_000);
    expect(clients.map(({ closed }) => closed)).toEqual([undefined, undefined]);
  });
});

describe('clocks', () => {
  test('a jump of the wall clock ends nobody', async () => {
    const clock = new (class extends FakeClock {
      jump = 0;
      override now = () => super.now() + this.jump;
    })();
    const { join } = setUp({}, clock);
    const client = await join('g');
    for (const jump of [365, -365]) {
      clock.jump = jump * 24 * 3600 * 1000;
      await clock.advance(20_000);
      client.send(heartbeat());
      expect(client.closed).toBeUndefined();
    }
  });

  test('a stall is nobody’s silence: what came meanwhile is read first, and who said nothing is asked for a sign of life [R62]', () => {
    const tasks: (() => void)[] = [];
    const immediates: (() => void)[] = [];
    let now = 0;
    const clock: Clock = {
      now: () => now,
      monotonicMs: () => now,
      setTimeout: (task) => tasks.push(task),
      clearTimeout: () => {},
      setImmediate: (task) => immediates.push(task),
    };
    const gateway = createGateway({ clock, timings: { identifyTimeoutMs: 300_000 } });
    let pings = 0;
    const ping = () => {
      pings += 1;
    };
    const [alive, silent] = [new RecordingSocket(gateway), Object.assign(new RecordingSocket(gateway), { ping })];
    // Node runs due timers first, then reads from sockets, then runs immediates.
    const turn = (at: number) => {
      now = at;
      for (const task of tasks.splice(0)) task();
      alive.send(heartbeat());
      for (const task of immediates.splice(0)) task();
    };
    for (let at = 1_000; at < 10_000; at += 1_000) turn(at);
    turn(60_000);
    expect([...alive.closes, ...silent.closes]).toEqual([]);
    expect(pings).toBe(0);
    for (let at = 61_000; at < 75_000; at += 1_000) turn(at);
    expect([...alive.closes, ...silent.closes]).toEqual([]);
    expect(pings).toBe(1);
    turn(75_000);
    turn(76_000);
    expect(alive.closes).toEqual([]);
    expect(silent.closes).toMatchObject([{ code: 4200 }]);
  });
});

test('a heartbeat that asks for a sign of life gets one though the store failed on the presence of its group before', async () => {
  const store = new MemoryPresenceStore();
  let calls = 0;
  // The first answers the identify, the second would be its announcement.
  const info = (groupId: string) => {
    calls += 1;
    if (calls === 2) throw new Error('no store');
    return MemoryPresenceStore.prototype.info.call(store, groupId);
  };
  const { clock, join, events } = setUp({ presence: Object.assign(store, { info }) });
  const client = await join('g');
  await clock.advance(500);
  expect(events('error')).toMatchObject([{ where: 'presence.info' }]);
  expect(typesOf(client)).toEqual(['ready', 'ready']);
  client.send(heartbeat({ id: 'alive?' }));
  await clock.advance(500);
  expect(typesOf(client)).toEqual(['ready', 'ready', 'presence_update']);
});
