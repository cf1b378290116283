import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { codesOf, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const limits = {
  messagesPerSecondMax: 100,
  messagesBurst: 20,
  bytesPerSecondMax: 100_000,
  bytesBurst: 20_000,
  messageBytesMax: 20_000,
  errorsBurst: 3,
};

/** A gateway whose next publish waits for so long in a hook, and one client. */
async function withSlowHook(waitMs: number, stalling = new FakeClock()) {
  let isSlow = false;
  const set = setUp(
    (clock) => ({
      limits,
      authorize: ({ action }) => {
        if (action === 'join' || !isSlow) return true;
        isSlow = false;
        return new Promise((resolve) => void clock.setTimeout(() => resolve(true), waitMs));
      },
    }),
    stalling,
  );
  const client = await set.join('g');
  await set.clock.advance(1_000);
  isSlow = true;
  return { ...set, client };
}

test.each([
  ['small messages, all that the rate allows', 10, 'x'],
  ['small messages, half of that', 20, 'x'],
  ['long messages, nearly all that the rate allows', 100, long(9_000)],
])('what a client sends at its rate while a hook keeps it waiting is taken: %s [R37]', async (_what, everyMs, text) => {
  const { clock, client } = await withSlowHook(8_000);
  const count = 10_000 / everyMs;
  for (let n = 0; n < count; n += 1) {
    client.send(say(`${n} ${text}`));
    await clock.advance(everyMs);
  }
  expect(codesOf(client)).toEqual([]);
  expect(client.closed).toBeUndefined();
  expect(client.data.map((data) => Number.parseInt(data as string, 10))).toEqual(Array.from({ length: count }, (_, n) => n));
});

test('what is over the rate is refused all the same', async () => {
  const { clock, client } = await withSlowHook(1_000);
  for (let n = 0; n < 1_000; n += 1) {
    client.send(say(n));
    await clock.advance(1);
  }
  await clock.advance(1_000);
  expect(codesOf(client)).toContain('RATE_LIMITED');
  expect(client.data.length).toBeLessThanOrEqual(100 + 20);
  expect(client.closed).toMatchObject({ code: 4100 });
});

test('a wait is made up for once: it makes no later burst longer', async () => {
  const { clock, client } = await withSlowHook(5_000);
  for (let n = 0; n < 500; n += 1) {
    client.send(say(n));
    await clock.advance(10);
  }
  for (let n = 0; n < 20; n += 1) client.send(say(n));
  await clock.settle();
  expect(codesOf(client)).toEqual([]);
  await clock.advance(10_000);
  for (let n = 0; n < 21; n += 1) client.send(say(n));
  await clock.settle();
  expect(codesOf(client)).toEqual(['RATE_LIMITED']);
});

describe('while the gateway itself stands still', () => {
  class StallingClock extends FakeClock {
    #stalledMs = 0;

    /** Time goes by in which no timer runs. */
    stall(ms: number): void {
      this.#stalledMs += ms;
    }

    override monotonicMs(): number {
      return super.monotonicMs() + this.#stalledMs;
    }
  }

  /** A client that has sent at three quarters of its rate until a stall of 5 s, and the messages that piled up in it. */
  async function stalled(first: 'timer' | 'socket', piledUp: number) {
    const clock = new StallingClock();
    const set = setUp({ limits }, clock);
    const client = await set.join('g');
    let n = 0;
    const say1 = () => {
      n += 1;
      client.send(say(n));
    };
    for (let at = 0; at < 3_000; at += 15) {
      say1();
      await clock.advance(15);
    }
    clock.stall(5_000);
    // The timer is due within an interval.
    if (first === 'timer') await clock.advance(1_000);
    for (let more = 0; more < piledUp; more += 1) say1();
    await clock.settle();
    return { ...set, client, sent: () => n };
  }

  test.each(['timer', 'socket'] as const)(
    'what a client sends at its rate is taken, the %s being first afterwards [R37]',
    async (first) => {
      const { clock, client, sent } = await stalled(first, 400);
      await clock.advance(3_000);
      expect(codesOf(client)).toEqual([]);
      expect(client.closed).toBeUndefined();
      expect(client.data).toHaveLength(sent());
    },
  );

  test.each(['timer', 'socket'] as const)('what is over the rate is refused all the same, the %s being first', async (first) => {
    const { client } = await stalled(first, 750);
    expect(codesOf(client)).toContain('RATE_LIMITED');
    expect(client.closed).toMatchObject({ code: 4100 });
  });

  test('a client that a hook keeps waiting meanwhile is made up for it once', async () => {
    const stalling = new StallingClock();
    const { clock, client } = await withSlowHook(5_000, stalling);
    for (const text of ['waits', 'is not read']) client.send(say(text));
    stalling.stall(5_000);
    await clock.advance(5_000);
    expect(client.data).toHaveLength(2);
    await clock.advance(15_000);
    for (let n = 0; n < 1_200; n += 1) client.send(say(n));
    await clock.settle();
    expect(codesOf(client)).toContain('RATE_LIMITED');
  });
});
