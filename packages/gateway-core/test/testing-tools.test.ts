import { createGateway } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { textsOf } from '../src/testing/texts-of.js';
import { textFrame } from '../src/transport/frame.js';
import { identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

describe('FakeClock', () => {
  test('stands still until it is moved, from 2026 or from when it is told', async () => {
    const clock = new FakeClock();
    expect([clock.now(), clock.monotonicMs()]).toEqual([Date.UTC(2026, 0, 1), 0]);
    await clock.advance(1_500);
    expect([clock.now(), clock.monotonicMs()]).toEqual([Date.UTC(2026, 0, 1) + 1_500, 1_500]);
    expect(new FakeClock(7).now()).toBe(7);
  });

  test('runs timers in the order of their moments, those of one moment in the order in which they were set, each at its own', async () => {
    const clock = new FakeClock();
    const ran: [string, number][] = [];
    const at = (name: string, ms: number) => clock.setTimeout(() => ran.push([name, clock.monotonicMs()]), ms);
    at('c', 30);
    at('a', 10);
    const cleared = at('never', 15);
    at('b 1', 20);
    at('b 2', 20);
    at('later', 31);
    clock.clearTimeout(cleared);
    expect(clock.pendingTimers).toBe(5);
    await clock.advance(30);
    expect(ran).toEqual([
      ['a', 10],
      ['b 1', 20],
      ['b 2', 20],
      ['c', 30],
    ]);
    expect(clock.pendingTimers).toBe(1);
  });

  test('runs what a timer sets, if its moment comes too', async () => {
    const clock = new FakeClock();
    const ran: number[] = [];
    const tick = () => {
      ran.push(clock.monotonicMs());
      clock.setTimeout(tick, 10);
    };
    tick();
    await clock.advance(35);
    expect(ran).toEqual([0, 10, 20, 30]);
  });

  test('settles what needs no time: immediates, and promises between them', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.setImmediate(() => {
      ran.push('first turn');
      void Promise.resolve().then(() => clock.setImmediate(() => ran.push('second turn')));
    });
    await clock.settle();
    expect(ran).toEqual(['first turn', 'second turn']);
  });
});

describe('MemoryClient', () => {
  test('gives messages one by one, those that came before and those to come', async () => {
    const { clock, connect } = setUp();
    const client = connect();
    expect(await client.next()).toMatchObject({ type: 'ready' });
    const next = client.next();
    client.send(identify('g'));
    await clock.settle();
    expect(await next).toMatchObject({ type: 'ready', payload: { presence: {} } });
    expect(await client.next()).toMatchObject({ type: 'presence_update' });
  });

  test('keeps the texts as they were sent', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    client.sendText('{"type":"data_update","payload":{"data":1.0}}');
    await clock.settle();
    expect(client.texts.at(-1)).toContain('"data":1.0');
    expect(client.texts.map((text) => JSON.parse(text))).toEqual(client.received);
  });

  test('sends nothing once it has closed', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    client.close();
    client.send(say(1));
    await clock.settle();
    expect(gateway.stats().messagesInTotal).toBe(1);
  });

  test('works in real time too', async () => {
    const gateway = createGateway();
    const client = connectClient(gateway);
    client.send(identify('g'));
    client.send(say('hello'));
    while (client.data.length === 0) await client.next();
    expect(client.data).toEqual(['hello']);
    await gateway.close();
    expect(client.closed?.code).toBe(1012);
  });
});

describe('frames', () => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('of %i bytes say their length as RFC 6455 §5.2 has it', (length) => {
    const frame = textFrame('x'.repeat(length));
    const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    expect(frame.length).toBe(header + length);
    expect(frame[0]).toBe(0x81);
    expect(frame[1]).toBe(length < 126 ? length : length < 65_536 ? 126 : 127);
    if (header === 4) expect(frame.readUInt16BE(2)).toBe(length);
    if (header === 10) expect(frame.readBigUInt64BE(2)).toBe(BigInt(length));
    expect([...textsOf(frame)]).toEqual(['x'.repeat(length)]);
  });

  test('are read one after the other, and anything else is refused', () => {
    const frames = Buffer.concat(['a', '', 'é'.repeat(100)].map(textFrame));
    expect([...textsOf(frames)]).toEqual(['a', '', 'é'.repeat(100)]);
    expect(() => [...textsOf(Buffer.from([0x82, 0]))]).toThrow('not an unfragmented text frame');
    expect(() => [...textsOf(frames.subarray(0, -1))]).toThrow('ends before its payload does');
  });
});
