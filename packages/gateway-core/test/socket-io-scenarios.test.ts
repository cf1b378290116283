import { expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const PER_MS = 5;

/** 5,000 messages a second, half by the server and half by a client, while time is moved. */
async function busy(ms: number) {
  const world = setUp((clock) => {
    const hook = async () => {
      if (ms > 0) await waitOn(clock, ms)();
      return true;
    };
    return {
      authenticate: hook,
      authorize: ({ action }) => action === 'publish' || hook(),
      limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, logMessagesMax: 20_000 },
    };
  });
  const { clock, gateway } = world;
  const talker = new ResumingClient(gateway);
  talker.connect({ g: {} });
  await clock.advance(2 * ms + 1);
  let said = 0;
  const run = async (duration: number) => {
    for (let at = 0; at < duration; at += 1) {
      for (let n = 0; n < PER_MS; n += 1) {
        said += 1;
        if (said % 2 === 0) talker.say('g', said);
        else void gateway.publish('g', said);
      }
      await clock.advance(1);
    }
  };
  return { ...world, talker, run, said: () => said };
}

/** Everything from its first message on, once and in order. */
function expectWhole(client: ResumingClient, from: number, to: number) {
  const seen = client.take().logs.get('g')?.seen ?? [];
  expect({ missing: to - from + 1 - new Set(seen).size, doubled: seen.length - new Set(seen).size }).toEqual({
    missing: 0,
    doubled: 0,
  });
  expect(seen[0]).toBe(from);
  expect(seen.every((seq, index) => index === 0 || seq > (seen[index - 1] as number))).toBe(true);
}

const HOOKS_MS = [0, 10, 30, 100, 500];

test.each(HOOKS_MS)(
  'a drop and a resume under 5,000 messages a second, with hooks of %i ms: 0 missing, 0 doubled, 0 misordered',
  async (ms) => {
    const { clock, gateway, run, said } = await busy(ms);
    const a = new ResumingClient(gateway);
    a.connect({ g: {} });
    await run(2 * ms + 2);
    const first = (a.take().logs.get('g')?.syncs[0]?.seq as number) + 1;
    for (let drop = 0; drop < 3; drop += 1) {
      await run(20);
      a.connection.cut();
      await run(50);
      a.connect();
      await run(2 * ms + 20);
    }
    await clock.settle();
    expect(a.take().resumed).toEqual([false, true, true, true]);
    expectWhole(a, first, said());
    expect(a.logs.get('g')?.syncs.map(({ outcome }) => outcome)).toEqual(['live', 'recovered', 'recovered', 'recovered']);
  },
);

test.each(HOOKS_MS)(
  'a resume while the old socket is half open, with hooks of %i ms: 0 missing, 0 doubled, 0 misordered',
  async (ms) => {
    const { clock, gateway, run, said } = await busy(ms);
    const a = new ResumingClient(gateway);
    a.connect({ g: {} });
    await run(2 * ms + 2);
    const first = (a.take().logs.get('g')?.syncs[0]?.seq as number) + 1;
    for (let drop = 0; drop < 3; drop += 1) {
      await run(20);
      a.take().connection.vanish();
      await run(50);
      a.connect();
      await run(2 * ms + 20);
    }
    await clock.settle();
    expect(a.take().resumed).toEqual([false, true, true, true]);
    expectWhole(a, first, said());
  },
);

test.each(HOOKS_MS)(
  'a first join in the middle of the traffic, with hooks of %i ms: from its sync on nothing is missing',
  async (ms) => {
    const { clock, gateway, run, said } = await busy(ms);
    const a = new ResumingClient(gateway);
    a.connect({});
    await run(ms + 2);
    a.send({ type: 'join', payload: { groupId: 'g', since: { tail: 100 } } });
    await run(ms + 50);
    await clock.settle();
    const log = a.take().logs.get('g');
    const { seq = 0, replayed = 0 } = log?.syncs[0] ?? {};
    expect(replayed).toBe(Math.min(100, seq));
    expectWhole(a, seq - replayed + 1, said());
  },
);
