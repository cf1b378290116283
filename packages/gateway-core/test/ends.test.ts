import type { GatewaySocket, SocketListener } from 'gateway-core';
import { MemorySocket } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { codesOf, heartbeat, identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp, type TestGateway } from './support/set-up.js';
import { upTo, withSlow } from './support/slow-member.js';

const told = ({ recorded }: TestGateway) => recorded.map(({ name }) => name).filter((name) => name !== 'presence');

describe('a client that is far behind ends for the cause that there is', () => {
  const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 3_000, logMessagesMax: 5 };
  /** One whose cursor the log still reaches, but by the skin of its teeth: any write would show that messages are lost. */
  const behind = async () => {
    const set = await withSlow({ limits, timings: { heartbeatTimeoutMs: 1_000_000, slowConsumerTimeoutMs: 0 } });
    await set.sayAndSettle(...upTo(8));
    expect(set.slow.closes).toEqual([]);
    set.healthy.send(say(long(1_000)));
    return { ...set, slowId: set.gateway.connections()[1]?.connectionId as string };
  };

  test('a kick is a kick: its code, its member gone, and nobody called slow', async () => {
    const { gateway, events, slow, slowId } = await behind();
    expect(gateway.disconnect(slowId, 4003, 'banned')).toBe(true);
    expect(slow.closes).toEqual([{ code: 4003, reason: 'banned' }]);
    expect(events('disconnect')).toMatchObject([{ code: 4003, reason: 'banned', by: 'host' }]);
    expect(gateway.stats()).toMatchObject({ droppedMembers: 0, slowConsumersTotal: 0 });
  });

  test('its own close is its own close', async () => {
    const { gateway, events, slow } = await behind();
    slow.listener.closing(1000, 'bye');
    expect(events('disconnect')).toMatchObject([{ code: 1000, reason: 'bye', by: 'client' }]);
    slow.listener.closed(1000, 'bye');
    expect(events('disconnect')).toHaveLength(1);
    expect(gateway.stats()).toMatchObject({ droppedMembers: 0, slowConsumersTotal: 0, closing: 0 });
  });

  test('too many errors are too many errors', async () => {
    const { clock, events, slow } = await behind();
    for (let n = 0; n < 200 && slow.closes.length === 0; n += 1) {
      slow.bufferedBytes = 0;
      slow.send({ type: 'nonsense' });
    }
    await clock.settle();
    expect(events('disconnect')).toMatchObject([{ code: 4002, by: 'gateway' }]);
  });
});

describe('what a hook or a store answers after its sender was sent away', () => {
  test.each(['authorize', 'sessions'])('%s: the message is not published, and nothing is told after the end', async (part) => {
    const set = setUp((clock) => ({
      authorize: ({ action }) => action === 'join' || part !== 'authorize' || waitOn(clock, 100)().then(() => true),
      ...(part === 'sessions' && {
        sessions: {
          upsert: (session) =>
            waitOn(clock, 100)().then(() => ({ session: { ...session, openedAt: 0, updatedAt: 0 }, created: true })),
          touch: () => waitOn(clock, 100)().then(() => true),
          list: () => [],
          expire: () => [],
        },
      }),
    }));
    const [sender, other] = [await set.join('g'), await set.join('g')];
    sender.send(say('spam', { sessionId: 's' }));
    await set.clock.advance(50);
    set.gateway.disconnect(set.gateway.connections()[0]!.connectionId, 4003, 'banned');
    await set.clock.advance(1_000);
    expect(other.data).toEqual([]);
    expect(set.events('data')).toEqual([]);
    expect(told(set).at(-1)).toBe('disconnect');
  });

  test('or out of the group by the host: NOT_A_MEMBER', async () => {
    const { clock, gateway, join, events } = setUp((fake) => ({
      authorize: ({ action }) => action === 'join' || waitOn(fake, 100)().then(() => true),
    }));
    const [sender, other] = [await join('g'), await join('g')];
    sender.send(say('too late'));
    await clock.advance(50);
    expect(gateway.leave(gateway.connections()[0]!.connectionId, 'g')).toBe(true);
    await clock.advance(1_000);
    expect(codesOf(sender)).toEqual(['NOT_A_MEMBER']);
    expect(other.data).toEqual([]);
    expect(events('data')).toEqual([]);
  });

  test.each(['authenticate', 'authorize', 'presence'])('an identify that waited for %s comes to nothing', async (part) => {
    const set = setUp((clock) => ({
      authenticate: () => part !== 'authenticate' || waitOn(clock, 100)().then(() => true),
      authorize: () => part !== 'authorize' || waitOn(clock, 100)().then(() => true),
    }));
    const client = set.connect();
    client.send(identify('g'));
    client.cut();
    await set.clock.advance(1_000);
    if (part === 'presence') return expect(told(set)).not.toContain('data');
    expect(told(set)).toEqual(['connection', 'disconnect']);
    expect(set.gateway.groups().every(({ connections }) => connections === 0)).toBe(true);
    expect((await set.gateway.presence('g')).details?.members ?? 0).toBe(0);
  });
});

describe('a client that never identifies', () => {
  test('though it was refused for good is told to stay away, and not to come back and be refused again [R56]', async () => {
    const { clock, connect, events } = setUp({ authorize: () => false });
    const client = connect();
    client.send(identify('g'));
    for (let beats = 0; beats < 5 && client.closed === undefined; beats += 1) {
      client.send(heartbeat());
      await clock.advance(5_000);
    }
    expect(client.closed?.code).toBe(4003);
    expect(events('disconnect')).toMatchObject([{ code: 4003, by: 'gateway' }]);
  });

  test('because the gateway failed on it has its time anew', async () => {
    let fails = true;
    const { clock, connect } = setUp({ authenticate: () => (fails ? Promise.reject(new Error('no database')) : true) });
    const client = connect();
    await clock.advance(20_000);
    client.send(identify('g'));
    await clock.advance(20_000);
    expect(client.closed).toBeUndefined();
    fails = false;
    client.send(identify('g'));
    await clock.advance(20_000);
    client.send(heartbeat());
    await clock.advance(10_000);
    expect(client.closed).toBeUndefined();
  });

  test('while a hook keeps it waiting is not at fault', async () => {
    const { clock, connect } = setUp((fake) => ({
      timings: { partTimeoutMs: 60_000 },
      authenticate: () => waitOn(fake, 40_000)().then(() => true),
    }));
    const client = connect();
    client.send(identify('g'));
    for (let beats = 0; beats < 9; beats += 1) {
      await clock.advance(5_000);
      client.send(heartbeat());
    }
    await clock.settle();
    expect(client.closed).toBeUndefined();
    expect(client.received.map(({ type }) => type)).toContain('presence_update');
  });
});

describe('a socket that calls back in the middle of a call to it', () => {
  test.each([
    [1, ['connection', 'disconnect']],
    [2, ['connection', 'identify', 'join', 'leave', 'disconnect']],
  ])('and closes as it gets ready number %i: all is told in order', async (number, order) => {
    const set = setUp();
    const socket = new MemorySocket();
    let readies = 0;
    socket.connect({
      frames: (bytes) => {
        if (!bytes.includes('"ready"')) return;
        readies += 1;
        if (readies === number) socket.end(1000, '');
      },
      closing: () => {},
      closed: () => {},
    });
    set.gateway.accept(socket, { remoteAddress: 'a' });
    socket.send(JSON.stringify(identify('g')));
    await set.clock.settle();
    expect(told(set)).toEqual(order);
    expect(set.gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
  });

  test('and closes as it gets the last messages of the group that it moves from', async () => {
    const set = setUp();
    const other = await set.join('old');
    const socket = new MemorySocket();
    socket.connect({
      frames: (bytes) => bytes.includes('last words') && socket.end(1006, ''),
      closing: () => {},
      closed: () => {},
    });
    set.gateway.accept(socket, { remoteAddress: 'a' });
    socket.send(JSON.stringify(identify('old')));
    await set.clock.settle();
    other.send(say('last words'));
    socket.send(JSON.stringify(identify('new')));
    await set.clock.advance(20_000);
    other.send(heartbeat());
    expect(set.events('join').map(({ groupId }) => groupId)).toEqual(['old', 'old']);
    expect(set.events('leave').map(({ groupId }) => groupId)).toEqual(['old']);
    expect((await set.gateway.presence('old')).details?.members).toBe(1);
    expect((await set.gateway.presence('new')).details?.members ?? 0).toBe(0);
  });
});

/** A socket of a host's own transport whose named method throws from now on. */
class Broken extends RecordingSocket {
  throwing: keyof GatewaySocket | undefined;

  override write(frames: Buffer): boolean {
    mayThrow(this, 'write');
    return super.write(frames);
  }
  override pause(): void {
    mayThrow(this, 'pause');
    super.pause();
  }
  override resume(): void {
    mayThrow(this, 'resume');
    super.resume();
  }
  override close(code: number, reason: string): void {
    mayThrow(this, 'close');
    super.close(code, reason);
  }
  override terminate(): void {
    mayThrow(this, 'terminate');
    super.terminate();
  }
  ping(): void {
    mayThrow(this, 'ping');
  }
}

function mayThrow({ throwing }: Broken, method: keyof GatewaySocket): void {
  if (throwing === method) throw new Error(`${method} failed`);
}

describe('a socket that does not keep to its contract harms nobody else', () => {
  test.each(['write', 'close', 'pause', 'resume', 'terminate', 'ping'] as const)('%s throws', async (method) => {
    const set = setUp({
      limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 1_000, logMessagesMax: 20 },
      timings: { heartbeatTimeoutMs: 30_000 },
    });
    const { clock, gateway, events } = set;
    const broken = new Broken(gateway);
    broken.send(identify('g'));
    const [talker, other] = [await set.join('g'), await set.join('h')];
    await clock.advance(1_000);
    broken.throwing = method;
    broken.stuck = method !== 'ping';
    // Over its mark, then an answer (paused), then room (resumed), then too slow or silent (closed, cut).
    for (let n = 0; n < 60; n += 1) {
      talker.send(say(`${n} ${long(600)}`));
      other.send(say(n));
      if (n === 3) broken.send({ type: 'nonsense' });
      if (n === 4 && method === 'resume') broken.bufferedBytes = 0;
      await clock.advance(1_000);
    }
    expect(other.data).toEqual(upTo(60));
    expect(talker.data).toHaveLength(60);
    expect(events('disconnect')).toHaveLength(1);
    expect(events('error').length).toBeGreaterThan(0);
    for (const event of events('error')) expect(event).toMatchObject({ where: 'socket', error: new Error(`${method} failed`) });
    expect((await gateway.presence('g')).details?.members).toBe(1);
    expect(gateway.stats()).toMatchObject({ connections: 2, closing: 0, droppedMembers: 0 });
  });

  test('bind throws: the host is told, and there is no connection', async () => {
    const { gateway, events } = setUp();
    class Unbound extends MemorySocket {
      override bind(_: SocketListener): void {
        throw new Error('no listener');
      }
    }
    expect(() => gateway.accept(new Unbound(), { remoteAddress: 'a' })).toThrow('no listener');
    expect(gateway.stats()).toMatchObject({ connections: 0, connectionsTotal: 0 });
    expect(events('connection')).toEqual([]);
  });

  test('it never says that it has closed: it is given up, also while the gateway closes', async () => {
    class Silent extends RecordingSocket {
      override terminate(): void {
        this.terminations += 1;
      }
    }
    const { clock, gateway, events } = setUp();
    const sockets = [new Silent(gateway), new Silent(gateway)];
    gateway.disconnect(gateway.connections()[0]!.connectionId);
    await clock.advance(10_000);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0 });
    const closing = gateway.close({ graceMs: 1_000 });
    await clock.advance(3_000);
    await closing;
    expect(sockets.map(({ terminations }) => terminations)).toEqual([1, 1]);
    expect(events('disconnect')).toHaveLength(2);
  });
});

describe('gateway.accept keeps to the limits on connections', () => {
  test.each([
    ['in all', { connectionsMax: 2 }, ['a', 'b', 'c', 'd']],
    ['from one address', { connectionsPerAddressMax: 2 }, ['a', 'a', 'a', 'a']],
  ])('%s: one too many is closed with 4101, and counted as refused [R219]', async (_name, limits, addresses) => {
    const { gateway, events } = setUp({ limits });
    const sockets = addresses.map((remoteAddress) => new RecordingSocket(gateway, { remoteAddress }));
    expect(sockets.map(({ closes }) => closes[0]?.code)).toEqual([undefined, undefined, 4101, 4101]);
    expect(gateway.stats()).toMatchObject({ connections: 2, refusedTotal: 2, connectionsTotal: 2 });
    expect(events('connection')).toHaveLength(2);
    // Deaf: nothing that it says is heard.
    sockets[3]?.send(identify('g'));
    sockets[3]?.listener.closed(4101, '');
    expect(events('identify')).toEqual([]);
    expect(events('disconnect')).toEqual([]);
  });
});
