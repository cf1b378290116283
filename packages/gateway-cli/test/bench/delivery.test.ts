import { beforeEach, describe, expect, test } from 'vitest';
import { Client } from '../../src/bench/generator/client.js';
import type { Fault } from '../../src/bench/generator/fault.js';
import { OPCODE } from '../../src/bench/generator/frame-writer.js';
import { gatewayDialect } from '../../src/bench/generator/gateway-dialect.js';
import { Ledger } from '../../src/bench/generator/ledger.js';
import { Meter } from '../../src/bench/generator/meter.js';
import { dataOfSize, writeNumber } from '../../src/bench/generator/payload.js';

const meter = new Meter();
let faults: string[];
let kinds: string[];
let ledger: Ledger;
/** Of a second publisher in the same group. */
let other: Ledger;
let client: Client;

/** Hands `text` to a client as if a frame had brought it. */
function receive(to: Client, text: string): void {
  to.onFrame(OPCODE.text, Buffer.from(text), 0, Buffer.byteLength(text));
}

/** A `data_update` as the gateway sends it, with the data that carries `number`. */
function delivery(number: number, { seq = number + 1, size = 64, stream = 0 } = {}): string {
  const data = Buffer.from(dataOfSize(size, stream));
  writeNumber(data, 0, number);
  return JSON.stringify({ type: 'data_update', ts: 1_700_000_000_000, groupId: 'g', seq, payload: { data: data.toString() } });
}

function member(lossy = false, ledgers = [ledger]): Client {
  const context = {
    target: { host: '', port: 0, path: '' },
    dialect: gatewayDialect(),
    meter,
    onFault: ({ kind, message }: Fault) => {
      faults.push(message);
      kinds.push(kind);
    },
  };
  const joined = new Client(context, ledgers, { lossy });
  for (const presence of [undefined, { status: 'UP' }])
    receive(joined, JSON.stringify({ type: 'ready', ts: 1, payload: { presence } }));
  return joined;
}

beforeEach(() => {
  meter.reset();
  faults = [];
  kinds = [];
  ledger = new Ledger('g', 8);
  other = new Ledger('g', 8, 1);
  client = member();
});

describe('a receiver', () => {
  test('takes each message once and in order, wherever the envelope moves the data', () => {
    for (const seq of [1, 10, 100, 1000]) {
      const number = ledger.publish(0);
      receive(client, delivery(number, { seq }));
    }
    expect({ faults, received: client.receipts.received, completed: ledger.completed }).toEqual({
      faults: [],
      received: 4,
      completed: 4,
    });
    expect(meter.deliveries).toBe(4);
  });

  test('takes messages of changing sizes', () => {
    for (const size of [64, 128, 64, 4096]) receive(client, delivery(ledger.publish(0), { size }));
    expect({ faults, received: client.receipts.received }).toEqual({ faults: [], received: 4 });
  });

  test('notices a lost message', () => {
    for (let i = 0; i < 3; i++) ledger.publish(0);
    receive(client, delivery(0));
    receive(client, delivery(2));
    expect(faults).toEqual(['message 2 where message 1 of 3 was due in g']);
    expect(client.receipts).toMatchObject({ received: 2, lost: 1 });
    expect(ledger.completed).toBe(3);
  });

  test('notices a message that comes twice', () => {
    ledger.publish(0);
    receive(client, delivery(0));
    receive(client, delivery(0));
    expect(faults).toEqual(['message 0 where message 1 of 1 was due in g']);
    expect(client.receipts).toMatchObject({ received: 1, repeated: 1 });
  });

  test('tells a message that comes late from one that comes twice', () => {
    for (let i = 0; i < 5; i++) ledger.publish(0);
    for (const number of [0, 4, 2, 2, 3]) receive(client, delivery(number));
    expect(client.receipts).toMatchObject({ received: 4, lost: 1, late: 2, repeated: 1 });
    expect(kinds).toEqual(['lost', 'late', 'repeated', 'late']);
    expect([meter.deliveries, ledger.completed]).toEqual([2, 5]);
  });

  test('holds every publisher of its group to an order of its own', () => {
    const both = member(false, [ledger, other]);
    ledger.publish(0);
    for (let i = 0; i < 3; i++) other.publish(0);
    receive(both, delivery(0, { stream: 1 }));
    receive(both, delivery(0));
    receive(both, delivery(1, { stream: 1 }));
    expect({ faults, outstanding: both.receipts.outstanding }).toEqual({ faults: [], outstanding: 1 });
    receive(both, delivery(1));
    receive(both, delivery(2, { stream: 1 }));
    receive(both, delivery(0, { stream: 2 }));
    expect(kinds).toEqual(['mangled', 'mangled']);
    expect([both.receipts.received, other.completed]).toEqual([4, 3]);
  });

  test('forgets the oldest of a thousand gaps', () => {
    const wide = new Ledger('g', 4096);
    const far = member(false, [wide]);
    for (let i = 0; i < 2003; i++) wide.publish(0);
    for (let number = 1; number < 2003; number += 2) receive(far, delivery(number));
    expect(far.receipts).toMatchObject({ received: 1001, lost: 1001 });
    receive(far, delivery(2000));
    receive(far, delivery(0));
    expect(far.receipts).toMatchObject({ lost: 1000, late: 1, repeated: 1 });
  });

  test('notices a message that nobody sent', () => {
    receive(client, delivery(0));
    expect(faults).toEqual(['message 0 where message 0 of 0 was due in g']);
  });

  test('notices data that is cut', () => {
    ledger.publish(0);
    receive(client, delivery(0).replace('xxx~', 'xxx'));
    expect(faults).toEqual(['mangled data in g']);
  });

  test('notices data whose number is overwritten', () => {
    ledger.publish(0);
    receive(client, delivery(0).replace('~#000000', '~#000a00'));
    receive(client, delivery(0).replace('~#00000000', '~#00000a00'));
    expect(faults).toEqual(['mangled data in g', 'message -1 where message 0 of 1 was due in g']);
  });

  test('notices an error of the server', () => {
    receive(client, '{"type":"error","payload":{"code":"RATE_LIMITED"}}');
    expect(faults).toEqual(['the server said {"type":"error","payload":{"code":"RATE_LIMITED"}}']);
  });

  test('notices that it was disconnected', () => {
    client.onFrame(OPCODE.close, Buffer.from([0x10, 0x6b]), 0, 2);
    client.onEnd(new Error('closed'));
    expect(faults).toEqual(['closed by the server with 4203']);
  });

  test('that may lose messages counts them and is waited for by nobody', () => {
    const slow = member(true);
    for (let i = 0; i < 3; i++) receive(client, delivery(ledger.publish(0)));
    expect(ledger.completed).toBe(3);
    receive(slow, delivery(2));
    expect({ faults, lost: slow.receipts.lost, isCurrent: slow.isCurrent }).toEqual({ faults: [], lost: 2, isCurrent: false });
  });
});

describe('a ledger', () => {
  test('completes a message when the last member has it', () => {
    const second = member();
    receive(client, delivery(ledger.publish(0)));
    expect(ledger.completed).toBe(0);
    receive(second, delivery(0));
    expect(ledger.completed).toBe(1);
  });

  test('waits neither for who is gone nor, with what was sent before, for who has just come', () => {
    const second = member();
    ledger.publish(0);
    receive(client, delivery(0));
    member();
    second.onEnd(new Error('gone'));
    expect(ledger.completed).toBe(1);
  });

  test('refuses more messages in flight than it has room for', () => {
    for (let i = 0; i < 8; i++) ledger.publish(0);
    expect(() => ledger.publish(0)).toThrow(RangeError);
  });
});

test('a meter keeps percentiles of short and of long latencies until it is reset', () => {
  const own = new Meter();
  own.now = 1000;
  for (let i = 0; i < 90; i++) own.record(999);
  for (let i = 0; i < 10; i++) own.record(0);
  const { p50, p90, p99, max } = own.latency();
  expect([p50, p90]).toEqual([1000, 1000]);
  // Three significant digits.
  for (const long of [p99, max]) expect(Math.abs(long - 1_000_000)).toBeLessThan(1000);
  expect(own.latency().p50).toBe(1000);
  own.reset();
  own.record(998);
  expect([own.deliveries, own.latency().max]).toEqual([1, 2000]);
});

test('the recent latency is of what came since it was last asked for, and the whole keeps it', () => {
  const own = new Meter();
  own.now = 1000;
  own.record(999);
  expect(own.recentLatency().max).toBe(1000);
  own.record(990);
  expect(own.recentLatency()).toMatchObject({ p50: 10_000, max: 10_000 });
  own.record(999);
  const { p50, max } = own.latency();
  expect([p50, max]).toEqual([1000, 10_000]);
});
