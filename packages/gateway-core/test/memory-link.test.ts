import { connectClient, FakeClock, MemoryLink } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { amounts, connected, frameOf, linked, textOf } from './support/linked.js';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const NOTHING = { bufferedBytes: 0, kernelBytes: 0, inFlightBytes: 0, unreadBytes: 0 };
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const trimmed = (heard: [what: string, atMs: number][]) => heard.map(([what, atMs]) => [what.trim(), atMs]);
const names = (heard: [what: string, atMs: number][]) => heard.map(([what]) => what.trim());

describe('what travels on a link', () => {
  test('without a rate and a latency arrives in the same turn, both ways', () => {
    const { client, socket, heard, link } = linked();
    expect(socket.write(Buffer.concat([frameOf(100, 1), frameOf(40_000, 2)]))).toBe(true);
    client.sendText('hello');
    expect(client.data).toEqual([1, 2]);
    expect(names(heard)).toEqual(['hello']);
    expect([link.toClient.bufferedBytes, link.toGateway.bufferedBytes]).toEqual([0, 0]);
  });

  test('needs the time that its rate says, frame by frame though they were one write, both ways at once', async () => {
    const { clock, client, socket, heard } = linked({ bytesPerSecond: 1_000 });
    socket.write(Buffer.concat(upTo(3).map((n) => frameOf(1_460, n))));
    for (const name of ['a', 'b']) client.sendText(textOf(500, name));
    for (const n of upTo(3)) {
      await clock.advance(1_459);
      expect(client.data).toEqual(upTo(n));
      await clock.advance(1);
      expect(client.data).toEqual(upTo(n + 1));
    }
    expect(trimmed(heard)).toEqual([
      ['a', 500],
      ['b', 1_000],
    ]);
  });

  test('needs its latency besides, during which the wire takes more', async () => {
    const { clock, client, link, heard } = linked({ bytesPerSecond: 1_000, latencyMs: 5_000 });
    for (const name of ['a', 'b', 'c']) client.sendText(textOf(1_460, name));
    await clock.advance(2_920);
    expect(amounts(link.toGateway)).toEqual({ ...NOTHING, kernelBytes: 1_460, inFlightBytes: 2_920 });
    await clock.advance(10_000);
    expect(trimmed(heard)).toEqual([
      ['a', 6_460],
      ['b', 7_920],
      ['c', 9_380],
    ]);
    expect(amounts(link.toGateway)).toEqual(NOTHING);
  });

  test('stays in order, pings and close frames too', async () => {
    const { clock, client, socket, heard } = linked({ bytesPerSecond: 1_000, latencyMs: 10 });
    client.sendText(textOf(400, 'a'));
    client.ping();
    client.sendText(textOf(400, 'b'));
    client.close(4_000, 'enough');
    client.sendText('nothing follows a close frame');
    socket.write(frameOf(1_000, 1));
    socket.ping();
    socket.write(frameOf(1_000, 2));
    await clock.advance(1_009);
    expect([client.data, client.pings]).toEqual([[], 0]);
    await clock.advance(5_000);
    expect([client.data, client.pings]).toEqual([[1, 2], 1]);
    expect(names(heard)).toEqual(['a', 'ping', 'b', 'closing 4000 enough', 'closed 4000 enough']);
  });

  test('is carried for one client only', () => {
    const clock = new FakeClock();
    const { gateway } = setUp({}, clock);
    const link = new MemoryLink({ clock });
    connectClient(gateway, { link });
    expect(() => connectClient(gateway, { link })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test.each([
    ['bytesPerSecond', [0, -1, Number.NaN, '10']],
    ['kernelBufferBytes', [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10']],
    ['receiveBufferBytes', [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10']],
    ['latencyMs', [-1, Number.NaN, '10']],
  ])('goes by a %s that a link can have', (name, values) => {
    for (const value of values) {
      const make = () => new MemoryLink({ clock: new FakeClock(), [name]: value });
      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }));
    }
  });
});

describe('a socket on a link', () => {
  /** Its kernel holds one frame, and one more leaves it in each second. */
  const slow = () => linked({ bytesPerSecond: 1_000, kernelBufferBytes: 1_000 });

  test('answers a write with false once it holds more than 16 KiB, as net.Socket does, but not for what its kernel has taken', () => {
    const big = linked({ bytesPerSecond: 1_000, kernelBufferBytes: 100_000 });
    expect([big.socket.write(frameOf(50_000)), big.socket.bufferedBytes]).toEqual([true, 0]);
    const { socket } = slow();
    const answers = upTo(20).map(() => [socket.write(frameOf(1_000)), socket.bufferedBytes]);
    expect(answers).toEqual(upTo(20).map((n) => [n * 1_000 < 16 * 1_024, n * 1_000]));
  });

  test('has drained when its kernel has taken everything, which it says once', async () => {
    const { clock, socket, heard } = slow();
    for (const _ of upTo(20)) socket.write(frameOf(1_000));
    await clock.advance(18_999);
    expect(heard).toEqual([]);
    expect(socket.bufferedBytes).toBeGreaterThan(0);
    await clock.advance(10_000);
    expect(heard).toEqual([['drain', 19_000]]);
    expect(socket.bufferedBytes).toBe(0);
  });

  test('that is written to in time never drains, however little it holds in between', async () => {
    const { clock, client, socket, heard } = slow();
    for (const n of upTo(20)) socket.write(frameOf(1_000, n));
    let least = Number.POSITIVE_INFINITY;
    for (let n = 20; n < 120; n += 1) {
      await clock.advance(n < 40 ? 1_800 : 1_000);
      least = Math.min(least, socket.bufferedBytes);
      socket.write(frameOf(1_000, n));
    }
    expect(least).toBeLessThan(5_000);
    expect(least).toBeGreaterThan(0);
    expect(heard).toEqual([]);
    expect(client.data).toEqual(upTo(client.data.length));
  });

  test('of a client that does not read fills the client’s buffer, then its own kernel, then itself', async () => {
    const { clock, client, socket, link, heard } = linked({
      bytesPerSecond: 1_000_000,
      kernelBufferBytes: 10_000,
      receiveBufferBytes: 5_000,
    });
    client.stopReading();
    for (const n of upTo(40)) socket.write(frameOf(1_000, n));
    await clock.advance(10_000);
    expect(link.toClient.reading).toBe(false);
    // Node asks for what has waited as one write, and counts it until all of it was taken: 29 frames, of which the kernel has 4.
    expect(amounts(link.toClient)).toEqual({ bufferedBytes: 29_000, kernelBytes: 10_000, inFlightBytes: 0, unreadBytes: 5_000 });
    expect(client.data).toEqual([]);
    client.startReading();
    await clock.advance(10_000);
    expect(link.toClient.reading).toBe(true);
    expect(amounts(link.toClient)).toEqual(NOTHING);
    expect(client.data).toEqual(upTo(40));
    expect(names(heard)).toEqual(['drain']);
  });

  test('that is paused keeps what the client sends in its buffer, then in the client’s kernel, then at the client', async () => {
    const { clock, client, socket, link, heard } = linked({
      bytesPerSecond: 1_000_000,
      kernelBufferBytes: 10_000,
      receiveBufferBytes: 5_000,
    });
    socket.pause();
    for (const n of upTo(40)) client.sendText(textOf(1_000, String(n)));
    client.ping();
    await clock.advance(10_000);
    expect(heard).toEqual([]);
    expect(link.toGateway.reading).toBe(false);
    expect(amounts(link.toGateway)).toMatchObject({ bufferedBytes: 29_006, kernelBytes: 10_000, unreadBytes: 5_000 });
    socket.resume();
    expect(heard).toEqual([]);
    await clock.advance(10_000);
    expect(names(heard)).toEqual([...upTo(40).map(String), 'ping']);
  });

  test('that pauses in the middle of a read is given the rest of it, as by ws, and nothing more', async () => {
    const { clock, client, socket, heard, listener } = linked({ receiveBufferBytes: 10_000 });
    socket.pause();
    for (const n of upTo(20)) client.sendText(textOf(1_000, String(n)));
    const { message } = listener;
    listener.message = (text, byteLength) => {
      message(text, byteLength);
      socket.pause();
    };
    socket.resume();
    await clock.settle();
    expect(names(heard)).toEqual(upTo(10).map(String));
    socket.resume();
    await clock.settle();
    expect(names(heard)).toEqual(upTo(20).map(String));
  });
});

describe('an end of a link', () => {
  const latencyMs = 100;

  test('that closes first ends when the other end’s close frame and the end of its stream have come', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs });
    client.close(1000, 'bye');
    await clock.advance(100);
    expect(heard).toEqual([['closing 1000 bye', 100]]);
    expect(socket.write(frameOf(100))).toBe(true);
    await clock.advance(99);
    expect(client.closed).toBeUndefined();
    await clock.advance(1_000);
    expect(client.closed).toEqual({ code: 1000, reason: 'bye' });
    expect(client.data).toEqual([]);
    expect(heard.slice(1)).toEqual([['closed 1000 bye', 300]]);
  });

  test('that the gateway closes is told after what was written before', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs });
    socket.write(frameOf(100, 'last'));
    socket.close(1012, 'drains');
    socket.write(frameOf(100, 'too late'));
    socket.close(1000, 'again');
    await clock.advance(1_000);
    expect(client.data).toEqual(['last']);
    expect(client.closed).toEqual({ code: 1012, reason: 'drains' });
    // There, back, and the end of each stream.
    expect(heard).toEqual([['closed 1012 drains', 400]]);
  });

  test('is answered from within `closing` as it is without', async () => {
    const { clock, client, socket, heard, listener } = linked({ latencyMs });
    listener.closing = (code, reason) => {
      heard.push(['closing', 0]);
      socket.close(code, reason);
    };
    client.close(1000);
    await clock.advance(1_000);
    expect(names(heard)).toEqual(['closing', 'closed 1000']);
    expect(client.closed).toEqual({ code: 1000, reason: '' });
  });

  test('that closes without a code is seen so', async () => {
    const { clock, client, heard } = linked({ latencyMs });
    client.close(1005);
    await clock.advance(1_000);
    expect(names(heard)).toEqual(['closing 1005', 'closed 1005']);
  });

  test('that is cut is told of after its latency, and after what was on the way', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs });
    client.sendText('on the way');
    await clock.advance(50);
    socket.write(frameOf(100, 'never arrives'));
    client.cut();
    client.sendText('too late');
    expect(client.closed).toEqual({ code: 1006, reason: '' });
    await clock.advance(1_000);
    expect(trimmed(heard)).toEqual([
      ['on the way', 100],
      ['closed 1006', 150],
    ]);
    expect(client.data).toEqual([]);
  });

  test('that the gateway cuts is told of after the latency, and what it had not sent is lost', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs, bytesPerSecond: 1_000 });
    socket.write(Buffer.concat([frameOf(1_460, 'sent'), frameOf(1_000, 'unsent')]));
    await clock.advance(1_500);
    socket.terminate();
    socket.terminate();
    client.sendText('too late');
    await clock.advance(10_000);
    expect(heard).toEqual([['closed 1006 ', 1_500]]);
    expect(client.data).toEqual(['sent']);
    expect(client.closed).toEqual({ code: 1006, reason: '' });
  });

  test('that is cut after a close frame came has ended with that', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs });
    client.close(4_321, 'x');
    await clock.advance(150);
    socket.terminate();
    await clock.advance(1_000);
    expect(names(heard)).toEqual(['closing 4321 x', 'closed 4321 x']);
  });

  test('is reset with the other one, at once', async () => {
    const { clock, client, socket, heard, link } = linked({ latencyMs });
    client.sendText('lost');
    socket.write(frameOf(100));
    await clock.advance(50);
    link.reset();
    expect(client.closed?.code).toBe(1006);
    link.reset();
    await clock.advance(1_000);
    expect(heard).toEqual([['closed 1006 ', 50]]);
    expect(client.data).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('leaves no timer behind, however it ended', async () => {
    for (const ending of ['close', 'cut', 'terminate', 'reset', 'vanish'] as const) {
      const { clock, client, socket, link } = linked({ latencyMs, bytesPerSecond: 100 });
      client.sendText(long(5_000));
      socket.write(frameOf(5_000));
      await clock.advance(1_000);
      if (ending === 'terminate') socket.terminate();
      else if (ending === 'reset') link.reset();
      else client[ending]();
      await clock.advance(200_000);
      expect(clock.pendingTimers, ending).toBe(0);
    }
  });
});

describe('a link that stalls', () => {
  test('goes on where it stood: late, whole and in order', async () => {
    const { clock, client, socket, heard, link } = linked({ bytesPerSecond: 1_000, latencyMs: 500 });
    for (const n of upTo(4)) {
      socket.write(frameOf(1_000, n));
      client.sendText(textOf(1_000, String(n)));
    }
    await clock.advance(1_600);
    link.stall();
    await clock.advance(100_000);
    expect([client.data, names(heard)]).toEqual([[0], ['0']]);
    link.restore();
    await clock.advance(10_000);
    expect([client.data, names(heard)]).toEqual([upTo(4), upTo(4).map(String)]);
    expect(heard.slice(1).every(([, at]) => at >= 101_600)).toBe(true);
  });

  test('fills the gateway’s socket', async () => {
    const { clock, socket, link } = linked({ kernelBufferBytes: 1_000 });
    link.stall();
    socket.write(frameOf(20_000));
    await clock.advance(100_000);
    expect([link.toClient.kernelBytes, socket.bufferedBytes]).toEqual([1_000, 20_000]);
  });

  test('is half-open: an end that is cut is alone in knowing', async () => {
    const one = linked({ latencyMs: 10 });
    one.link.stall();
    one.client.cut();
    await one.clock.advance(1_000_000);
    expect([one.client.closed?.code, one.heard]).toEqual([1006, []]);
    one.link.restore();
    await one.clock.advance(10);
    expect(names(one.heard)).toEqual(['closed 1006']);

    const other = linked({ latencyMs: 10 });
    other.link.stall();
    other.socket.terminate();
    await other.clock.advance(1_000_000);
    expect([other.client.closed, names(other.heard)]).toEqual([undefined, ['closed 1006']]);
  });

  test('is that of a client that has vanished: no pong comes, and no answer to a close frame', async () => {
    const { clock, client, socket, heard } = linked({ latencyMs: 10 });
    socket.ping();
    await clock.advance(20);
    expect(heard).toEqual([['ping', 20]]);
    client.vanish();
    socket.ping();
    socket.close(1000, '');
    await clock.advance(1_000_000);
    expect(heard).toHaveLength(1);
    expect([client.pings, client.closed]).toEqual([1, undefined]);
  });
});

describe('a client without a link', () => {
  test('answers a ping in the same turn, unless it has vanished, and one that it has not read when it reads it', async () => {
    const { clock, client, socket, heard } = connected(new FakeClock());
    socket.ping();
    await clock.settle();
    expect([client.pings, heard]).toEqual([1, [['ping', 0]]]);
    client.stopReading();
    socket.ping();
    await clock.advance(10);
    expect([client.pings, heard.length]).toEqual([1, 1]);
    client.startReading();
    await clock.settle();
    expect([client.pings, names(heard)]).toEqual([2, ['ping', 'drain', 'ping']]);
    client.vanish();
    socket.ping();
    await clock.advance(10);
    expect([client.pings, heard.length]).toEqual([2, 3]);
  });

  test('that closes is told of as closing, and then as closed; one that is cut, or answers a close frame, only as closed', async () => {
    const [leaves, isCut, answers] = [1, 2, 3].map(() => connected(new FakeClock()));
    leaves?.client.close(1000, 'bye');
    expect(leaves?.heard.map(([what]) => what)).toEqual(['closing 1000 bye', 'closed 1000 bye']);
    isCut?.client.cut();
    expect(isCut?.heard.map(([what]) => what)).toEqual(['closed 1006 ']);
    answers?.socket.close(1012, '');
    await answers?.clock.settle();
    expect(answers?.heard.map(([what]) => what)).toEqual(['closed 1012 ']);
  });

  test('is heard pinging, as soon as the gateway reads, in its place', () => {
    const { client, socket, heard } = connected(new FakeClock());
    client.ping();
    socket.pause();
    client.ping();
    client.sendText('after it');
    expect(names(heard)).toEqual(['ping']);
    socket.resume();
    expect(names(heard)).toEqual(['ping', 'ping', 'after it']);
  });
});

test('a gateway serves clients at the end of links as it does others', async () => {
  const { clock, gateway, join } = setUp();
  const near = await join('g');
  const far = connectClient(gateway, { link: new MemoryLink({ clock, bytesPerSecond: 100_000, latencyMs: 200 }) });
  far.send(identify('g'));
  await clock.advance(1_000);
  near.send(say('from near'));
  far.send(say('from far'));
  await clock.advance(1_000);
  expect(far.data).toEqual(['from near', 'from far']);
  expect(near.data).toEqual(['from near', 'from far']);
  far.close();
  await clock.advance(1_000);
  expect(far.closed).toEqual({ code: 1000, reason: '' });
  expect(gateway.connections()).toHaveLength(1);
});
