import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { dataIn, linesOf } from '../../src/connect/lines.js';
import { runConnect } from '../../src/connect/run-connect.js';
import { MemoryIo } from '../memory-io.js';
import { FakeWire, OPTIONS } from './fake-wire.js';

/** The program on a network that the test plays, with a stdout that takes what the test says. */
function running(execute: string[] = [], more: Partial<typeof OPTIONS> = {}, json = false) {
  const wire = new FakeWire();
  const io = new MemoryIo();
  const drains = new EventEmitter();
  const out = { takes: true, writes: 0, drains };
  const write = io.stdout.write.bind(io.stdout);
  io.stdout = Object.assign(io.stdout, {
    once: drains.once.bind(drains),
    write: (text: string) => {
      out.writes += 1;
      write(text);
      return out.takes;
    },
  });
  let code: number | undefined;
  const ended = runConnect({ ...OPTIONS, ...more }, io, json, execute, wire.parts).then((exitCode) => {
    code = exitCode;
  });
  return { wire, io, out, ended, code: () => code };
}

const message = (seq: number) => ['data_update', { data: seq }, { groupId: 'g', seq }] as const;

test('an output that is full stops the reading until it drains, also on the connection after', async () => {
  const { wire, io, out } = running();
  wire.socket.answers();
  const [first] = wire.sockets;
  expect(first!.calls).toEqual([]);
  out.takes = false;
  for (let seq = 1; seq <= 5; seq += 1) first!.says(...message(seq));
  expect(io.out).toContain('< g 1');
  expect(io.out).not.toContain('< g 2');
  expect(first!.calls).toEqual(['pause']);
  // What was read before the pause takes no further listener.
  first!.emit('message', JSON.stringify({ type: 'weather' }));
  expect(out.drains.listenerCount('drain')).toBe(1);

  first!.over(1006);
  await wire.clock.advance(500);
  const { writes } = out;
  wire.socket.open();
  wire.socket.ready({ resumed: true });
  for (let seq = 6; seq <= 99; seq += 1) wire.socket.says(...message(seq));
  expect(wire.socket.calls).toEqual(['pause']);
  expect(out.writes).toBe(writes + 1);
  expect(out.drains.listenerCount('drain')).toBe(1);

  out.takes = true;
  out.drains.emit('drain');
  expect(wire.socket.calls).toEqual(['pause', 'resume']);
  expect(io.out).toContain('< g 99');
  // And once more.
  out.takes = false;
  wire.socket.says(...message(100));
  expect(wire.socket.calls).toEqual(['pause', 'resume', 'pause']);
  expect(out.drains.listenerCount('drain')).toBe(1);
  io.signals.emit('SIGINT', 'SIGINT');
  await wire.clock.advance(1_000);
});

test('what is not shown holds nothing up', async () => {
  const { wire, io, out } = running();
  out.takes = false;
  wire.socket.open();
  wire.socket.ready({ memberId: undefined, resume: undefined });
  wire.socket.says('weather', {});
  expect([wire.socket.calls, out.writes]).toEqual([[], 0]);
  io.signals.emit('SIGINT', 'SIGINT');
  await wire.clock.advance(1_000);
});

test('lines are read as they are acknowledged: of an endless input no more than are unanswered', async () => {
  const { wire, io, ended, code } = running();
  let taken = 0;
  Object.defineProperty(io, 'stdin', {
    value: (async function* () {
      for (; taken < 1_000; taken += 1) yield `${taken}\n`;
    })(),
  });
  wire.socket.answers();
  await wire.clock.settle();
  const sent = () => wire.socket.of('data_update');
  expect([taken, sent().length]).toEqual([63, 64]);
  await wire.clock.advance(60_000);
  expect([taken, sent().length]).toEqual([63, 64]);
  // Whichever is answered makes room for one.
  for (const at of [63, 0, 5]) {
    wire.socket.says('ack', { id: sent()[at]!.id, epoch: 'e', seq: at });
    await wire.clock.settle();
  }
  expect([taken, sent().length]).toEqual([66, 67]);
  for (let at = 0; at < sent().length; at += 1) {
    wire.socket.says('ack', { id: sent()[at]!.id, epoch: 'e', seq: at });
    await wire.clock.settle();
  }
  expect(sent()).toHaveLength(1_000);
  await wire.clock.advance(1);
  wire.socket.over(1000);
  await ended;
  expect(code()).toBe(0);
});

test('after the last line it stays for as long as it is told to, then closes, and cuts what does not close', async () => {
  const { wire, ended, code } = running(['1'], { waitMs: 5_000 });
  wire.socket.answers();
  await wire.clock.advance(10_000);
  expect(wire.socket.calls).toEqual([]);
  const [first] = wire.socket.of('data_update');
  wire.socket.says('ack', { id: first!.id, epoch: 'e', seq: 1 });
  await wire.clock.advance(4_999);
  expect(wire.socket.calls).toEqual([]);
  await wire.clock.advance(1);
  expect(wire.socket.calls).toEqual(['close 1000']);
  await wire.clock.advance(999);
  expect([wire.socket.calls, code()]).toEqual([['close 1000'], undefined]);
  await wire.clock.advance(1);
  expect(wire.socket.calls).toEqual(['close 1000', 'terminate']);
  await ended;
  expect(code()).toBe(0);
});

test('who has stopped reading its output ends it with 0, and the input is let go', async () => {
  const { wire, io, out, ended, code } = running();
  wire.socket.answers();
  out.drains.emit('error', new Error('EPIPE'));
  expect(wire.socket.calls).toEqual(['close 1000']);
  wire.socket.over(1000);
  await ended;
  // What the input says of that is told nobody.
  await wire.clock.settle();
  expect([code(), io.err, io.stdin.destroyed, io.signals.eventNames()]).toEqual([0, '', true, []]);
});

test('a second signal ends the process at once', async () => {
  const { wire, io, ended } = running();
  wire.socket.answers();
  io.signals.emit('SIGTERM', 'SIGTERM');
  io.signals.emit('SIGINT', 'SIGINT');
  expect(io.exits).toEqual([1]);
  await wire.clock.advance(1_000);
  await ended;
});

test('what was not acknowledged when a signal came is no failure that is told', async () => {
  const { wire, io, ended, code } = running(['1']);
  wire.socket.answers();
  await wire.clock.settle();
  io.signals.emit('SIGTERM', 'SIGTERM');
  await wire.clock.settle();
  wire.socket.over(1000);
  await ended;
  expect([code(), io.err]).toEqual([0, '']);
});

test('nor is what is refused after that', async () => {
  const { wire, io, ended } = running(['1']);
  wire.socket.answers();
  await wire.clock.settle();
  io.signals.emit('SIGTERM', 'SIGTERM');
  await wire.clock.settle();
  wire.socket.says('error', { code: 'FORBIDDEN', message: 'no', inReplyTo: wire.socket.of('data_update')[0]!.id });
  await wire.clock.settle();
  wire.socket.over(1000);
  await ended;
  expect(io.err).toBe('');
});

test('/leave takes the group that is named, else the first', async () => {
  const { wire, io } = running([], { groups: ['g', 'h', 'i'] });
  wire.socket.answers();
  io.stdin.write('/leave  h \n/leave\n');
  await expect.poll(() => wire.socket.of('leave').map(({ payload }) => payload.groupId)).toEqual(['h', 'g']);
  io.signals.emit('SIGTERM', 'SIGTERM');
  await wire.clock.advance(1_000);
});

test('with -x a line that begins with / is published as any other', async () => {
  const { wire, io } = running(['/drop', '   ']);
  wire.socket.answers();
  await wire.clock.settle();
  expect(wire.socket.of('data_update').map(({ payload }) => payload.data)).toEqual(['/drop']);
  io.signals.emit('SIGTERM', 'SIGTERM');
  await wire.clock.advance(1_000);
});

test.each([
  ['/close 999', undefined],
  ['/close 1000', 'close 1000'],
  ['/close', 'close 1000'],
  ['/close 1001', undefined],
  ['/close 2999', undefined],
  ['/close 3000', 'close 3000'],
  ['/close 3000.5', undefined],
  ['/close 4999', 'close 4999'],
  ['/close 5000', undefined],
  ['/close x', undefined],
])('%s', async (line, call) => {
  const { wire, io } = running();
  wire.socket.answers();
  io.stdin.write(`${line}\n`);
  await expect.poll(() => wire.socket.calls.length + io.err.length).toBeGreaterThan(0);
  expect(wire.socket.calls).toEqual(call === undefined ? [] : [call]);
  expect(io.err).toBe(call === undefined ? '/close takes 1000, or 3000 to 4999\n' : '');
  io.signals.emit('SIGTERM', 'SIGTERM');
  await wire.clock.advance(1_000);
});

test('an input that never ends a line ends it with 1, and says so', async () => {
  const { wire, io, ended, code } = running();
  wire.socket.answers();
  io.stdin.write('x'.repeat(4 * 1024 * 1024 + 1));
  await expect.poll(() => wire.socket.calls).toEqual(['close 1000']);
  wire.socket.over(1000);
  await ended;
  expect([code(), io.err]).toEqual([1, 'gateway-cli: a line is too long\n']);
});

/** The lines of these chunks. */
async function lines(...chunks: (string | Buffer)[]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of linesOf(
    (async function* () {
      yield* chunks;
    })(),
  ))
    all.push(line);
  return all;
}

test('lines are the same wherever chunks begin and end', async () => {
  const text = 'one\r\ntwo\n\nü 👩‍🚀\r\n\r\nlast\rof all';
  const expected = ['one', 'two', '', 'ü 👩‍🚀', '', 'last\rof all'];
  const whole = Buffer.from(text);
  expect(await lines(text)).toEqual(expected);
  expect(await lines(`${text}\r\n`)).toEqual(expected);
  for (let at = 0; at <= whole.length; at += 1)
    expect(await lines(whole.subarray(0, at), whole.subarray(at)), `cut at ${at}`).toEqual(expected);
  expect(await lines(...Array.from(whole, (_, at) => whole.subarray(at, at + 1)))).toEqual(expected);
});

test('a line may be as long as any message, and not longer; input that ends inside a character says so', async () => {
  const max = 4 * 1024 * 1024;
  expect(await lines('x'.repeat(max - 1), 'x', '\nnext')).toEqual(['x'.repeat(max), 'next']);
  await expect(lines('x'.repeat(max), 'x')).rejects.toThrow('a line is too long');
  expect(await lines(Buffer.from('ü').subarray(0, 1))).toEqual(['\ufffd']);
  expect(await lines()).toEqual([]);
});

test('what is typed is JSON where it is', () => {
  for (const [text, data] of [
    ['{"a":1}', { a: 1 }],
    ['"7"', '7'],
    ['7', 7],
    ['null', null],
    ['{a:1}', '{a:1}'],
    ['  x ', '  x '],
  ])
    expect(dataIn(text as string)).toEqual(data);
});
