import { describe, expect, test } from 'vitest';
import { Client } from '../../src/bench/generator/client.js';
import { ClosedLoop } from '../../src/bench/generator/closed-loop.js';
import { gatewayDialect } from '../../src/bench/generator/gateway-dialect.js';
import { Ledger } from '../../src/bench/generator/ledger.js';
import { Meter } from '../../src/bench/generator/meter.js';
import { Paced } from '../../src/bench/generator/paced.js';
import { findData, readNumber, readSize } from '../../src/bench/generator/payload.js';
import { Publisher } from '../../src/bench/generator/publisher.js';
import { unmask } from './frames.js';

const dialect = gatewayDialect();

/** A client that keeps what it is to write, one entry per write. */
class Writer extends Client {
  readonly writes: Buffer[] = [];
  /** Whether there is a connection. */
  present = true;
  constructor(ledger: Ledger) {
    super({ target: { host: '', port: 0, path: '' }, dialect, meter: new Meter(), onFault: () => {} }, [ledger]);
  }
  override get isMember(): boolean {
    return this.present;
  }
  override write(frames: Buffer): void {
    this.writes.push(frames);
  }
}

function publisher(inFlightMax: number, group = 'g') {
  const ledger = new Ledger(group, inFlightMax);
  ledger.enter();
  const writer = new Writer(ledger);
  return { ledger, writer, publisher: new Publisher(writer, ledger, dialect, 200) };
}

function publishedIn(write: Buffer): { number: number; size: number; type: string }[] {
  return unmask(write).map(({ payload }) => {
    const at = findData(Buffer.from(payload), 0, payload.length, -1);
    return {
      number: readNumber(Buffer.from(payload), at),
      size: readSize(Buffer.from(payload), at),
      type: JSON.parse(payload).type,
    };
  });
}

describe('a publisher', () => {
  test('sends what was published in a turn as one write of numbered messages', () => {
    const { publisher: one, writer } = publisher(8);
    for (let i = 0; i < 3; i++) one.publish(0);
    one.flush();
    one.publish(0);
    one.flush();
    one.flush();
    const type = 'data_update';
    expect(writer.writes.map(publishedIn)).toEqual([
      [0, 1, 2].map((number) => ({ number, size: 200, type })),
      [{ number: 3, size: 200, type }],
    ]);
  });
});

describe('a closed loop', () => {
  test('keeps the window full over all groups in turns, and ends when everything has arrived', async () => {
    const groups = Array.from({ length: 3 }, (_, i) => publisher(2, `g${i}`));
    let most = 0;
    const inFlight = () => groups.reduce((sum, { ledger }) => sum + ledger.inFlight, 0);
    for (const { writer, ledger } of groups) {
      writer.write = (frames) => {
        writer.writes.push(frames);
        most = Math.max(most, inFlight());
        // Arrives in a later turn, as from a socket.
        setImmediate(() => {
          for (const { number } of publishedIn(frames)) ledger.arrived(number);
        });
      };
    }
    const loop = new ClosedLoop(
      groups.map((group) => group.publisher),
      4,
    );
    await loop.run({ messages: 31 });
    await loop.run({ messages: 2 });
    expect(most).toBe(4);
    expect(inFlight()).toBe(0);
    expect(groups.map(({ ledger }) => ledger.sent).sort()).toEqual([11, 11, 11]);
  });
});

describe('a paced load', () => {
  test('publishes as many messages as the rate and the duration say, over all groups in turns', async () => {
    const groups = Array.from({ length: 4 }, (_, i) => publisher(100, `g${i}`));
    await new Paced(
      groups.map((group) => group.publisher),
      2000,
    ).run(20);
    expect(groups.map(({ ledger }) => ledger.sent)).toEqual([10, 10, 10, 10]);
  });

  test('leaves out publishers that are gone, and counts what nobody is left to publish', async () => {
    const groups = Array.from({ length: 2 }, (_, i) => publisher(100, `g${i}`));
    const paced = new Paced(
      groups.map((group) => group.publisher),
      1000,
    );
    groups[0]!.writer.present = false;
    await paced.run(10);
    expect(groups.map(({ ledger }) => ledger.sent)).toEqual([0, 10]);
    groups[1]!.writer.present = false;
    await paced.run(10);
    expect(paced.skipped).toBe(10);
  });

  test('the latency of what could not leave counts from when it was due, so a generator that stood still is seen', async () => {
    const { publisher: one, writer } = publisher(200);
    const countedFrom: number[] = [];
    const publish = one.publish.bind(one);
    one.publish = (at) => {
      countedFrom.push(at);
      publish(at);
    };
    const write = writer.write.bind(writer);
    writer.write = (frames) => {
      const until = performance.now() + (writer.writes.length === 0 ? 60 : 0);
      while (performance.now() < until);
      write(frames);
    };
    await new Paced([one], 1_000).run(100);
    const apart = countedFrom.slice(1).map((at, n) => at - countedFrom[n]!);
    // All that was due while it stood still, but for the last 5 ms of it.
    expect(apart.filter((ms) => Math.abs(ms - 1) < 1e-6).length).toBeGreaterThanOrEqual(40);
    // What left in time does not count from before that.
    expect(apart.filter((ms) => ms < -1e-6)).toEqual([]);
  });

  test('ends when it is told to', async () => {
    const { publisher: one } = publisher(5);
    const stop = new AbortController();
    const run = new Paced([one], 1).run(1e9, stop.signal);
    stop.abort();
    await run;
    await new Paced([one], 1).run(1e9, stop.signal);
  });

  test('skips and counts what a group has no room for, instead of waiting', async () => {
    const { publisher: one, ledger } = publisher(5);
    const paced = new Paced([one], 1000);
    await paced.run(20);
    expect({ sent: ledger.sent, skipped: paced.skipped }).toEqual({ sent: 5, skipped: 15 });
  });
});
