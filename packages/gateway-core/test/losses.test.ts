import { describe, expect, test } from 'vitest';
import { long } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);
const SMALL = {
  limits: { logMessagesMax: 10, socketHighWaterMarkBytes: 2_000, messagesPerSecondMax: 0 },
  timings: { slowConsumerTimeoutMs: 4_000 },
};

async function pair(options: Parameters<typeof setUp>[0] = SMALL, groups: Record<string, object> = { g: {} }) {
  const world = setUp(options);
  const [a, b] = [new ResumingClient(world.gateway), new ResumingClient(world.gateway)];
  for (const client of [a, b]) client.connect(groups, { answersPings: true });
  await world.clock.advance(1_000);
  for (const client of [a, b]) client.take();
  const say = async (count: number, from = 1) => {
    for (const n of upTo(count, from)) {
      b.say('g', `${n} ${long(300)}`);
      await world.clock.settle();
    }
  };
  return { ...world, a, b, say };
}

describe('a client that stops reading for a while', () => {
  test('is told exactly what it has lost, and goes on behind it [R100] [R101] [R102] [R123] [R130]', async () => {
    const { clock, a, b, say } = await pair();
    a.connection.stopReading();
    await say(50);
    a.connection.startReading();
    await clock.settle();
    await say(3, 51);
    const log = a.take().logs.get('g');
    expect(log?.gaps).toHaveLength(1);
    const [[from, to] = [0, 0]] = log?.gaps ?? [];
    expect(log?.seen).toEqual([...upTo(from - 1), ...upTo(53 - to, to + 1)]);
    expect(to - from).toBeGreaterThan(20);
    expect(a.connection.closed).toBeUndefined();
    expect(b.take().logs.get('g')).toMatchObject({ seen: upTo(53), gaps: [] });
  });

  test('may lose more than once, and every loss is told in its place [R102]', async () => {
    const { clock, gateway, a, say } = await pair();
    for (const from of [1, 51, 101]) {
      a.connection.stopReading();
      await say(50, from);
      a.connection.startReading();
      await clock.settle();
    }
    const log = a.take().logs.get('g');
    expect(log?.gaps).toHaveLength(3);
    const lost = new Set(log?.gaps.flatMap(([from, to]) => upTo(to - from + 1, from)));
    expect(log?.seen).toEqual(upTo(150).filter((seq) => !lost.has(seq)));
    expect(gateway.stats()).toMatchObject({ gapsTotal: 3, lostTotal: lost.size });
  });

  test('and is cut before it was told, is told by its next sync', async () => {
    const { clock, a, say } = await pair();
    a.connection.stopReading();
    await say(50);
    a.connection.cut();
    a.connect({}, { answersPings: true });
    await clock.settle();
    expect(a.take().logs.get('g')?.syncs.at(-1)).toMatchObject({ outcome: 'reset', reason: 'trimmed', seq: 50 });
  });
});

describe('a client that stays stuck', () => {
  test('is closed with 4203, and what it resumes then is the truth [R129]', async () => {
    const { clock, a, b, say, events } = await pair();
    const { memberId } = a;
    a.connection.stopReading();
    await say(8);
    await clock.advance(5_500);
    expect(events('disconnect')).toMatchObject([{ memberId, code: 4203 }]);
    a.connection.cut();
    b.say('g', 'after');
    a.connect({}, { answersPings: true });
    await clock.settle();
    expect(a.take().memberId).toBe(memberId);
    expect(a.logs.get('g')).toMatchObject({ seen: upTo(9), gaps: [] });
    expect(a.logs.get('g')?.syncs.at(-1)?.outcome).toBe('recovered');
    expect(events('leave')).toEqual([]);
  });

  test('in the middle of its replay is not told `recovered`, nor is what the log has lost meanwhile [R92]', async () => {
    const { clock, a, b, say } = await pair();
    a.connection.cut();
    await say(10);
    a.connect({}, { answersPings: true });
    a.connection.stopReading();
    await clock.settle();
    await say(30, 11);
    a.connection.startReading();
    await clock.settle();
    const log = a.take().logs.get('g');
    expect(log?.syncs.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['live', undefined],
      ['reset', 'trimmed'],
    ]);
    b.say('g', 'on');
    await clock.settle();
    expect(a.take().logs.get('g')?.seen.at(-1)).toBe(41);
  });
});

describe('a log that the broker has lost', () => {
  async function lost() {
    const broker = new ResettableBroker();
    const world = await pair({ ...SMALL, broker }, { g: {}, h: {} });
    await world.say(5);
    for (const client of [world.a, world.b]) client.take();
    return { ...world, broker };
  }

  test('is told by a sync, and everybody goes on in the new one [R97] [R99]', async () => {
    const { clock, gateway, a, b, broker } = await lost();
    broker.lose('g');
    await clock.settle();
    b.say('g', 'first of the new log');
    await clock.settle();
    const { epoch } = await gateway.position('g');
    for (const client of [a, b]) {
      const log = client.take().logs.get('g');
      expect(client.connection.closed).toBeUndefined();
      expect(log?.epoch).toBe(epoch);
      expect(log?.syncs.slice(1)).toMatchObject([{ outcome: 'reset', reason: 'epoch', seq: 0 }]);
      expect(client.logs.get('h')?.syncs).toHaveLength(1);
      expect(client.of('data_update').at(-1)).toMatchObject({ seq: 1, payload: { data: 'first of the new log' } });
    }
  });

  test('is told to a client that comes back to it, whatever its seq is by now', async () => {
    const { clock, a, b, broker } = await lost();
    a.connection.cut();
    broker.lose('g');
    for (const n of upTo(5)) b.say('g', `new ${n}`);
    await clock.settle();
    a.connect({}, { answersPings: true });
    await clock.settle();
    expect(
      a
        .of('sync')
        .filter(({ groupId }) => groupId === 'g')
        .at(-1)?.payload,
    ).toMatchObject({
      outcome: 'reset',
      reason: 'epoch',
      seq: 5,
    });
  });

  test('closes only who speaks dialect 1', async () => {
    const { clock, join, a, broker } = await lost();
    const one = await join('g');
    broker.lose('g');
    await clock.settle();
    expect(one.closed).toMatchObject({ code: 1013 });
    expect(a.connection.closed).toBeUndefined();
  });

  test('is told in its turn to a client that reads nothing at that moment', async () => {
    const { clock, a, b, broker, say } = await lost();
    a.connection.stopReading();
    await say(9, 6);
    broker.lose('g');
    b.say('g', 'new');
    await clock.settle();
    a.connection.startReading();
    await clock.settle();
    expect(
      a
        .of('sync')
        .filter(({ groupId }) => groupId === 'g')
        .at(-1)?.payload,
    ).toMatchObject({ outcome: 'reset' });
    expect(a.of('data_update').at(-1)).toMatchObject({ seq: 1, payload: { data: 'new' } });
  });
});
