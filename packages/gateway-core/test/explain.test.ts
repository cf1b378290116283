import { GatewayError, type MessageFate } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { long } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const SMALL = { logMessagesMax: 10, socketHighWaterMarkBytes: 2_000, messagesPerSecondMax: 0 };
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

/** Ada, of whom it is asked, and Bob, who says everything. */
async function pair(options: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(options);
  const [ada, bob] = [new ResumingClient(world.gateway), new ResumingClient(world.gateway)];
  for (const client of [ada, bob]) client.connect({ g: {} }, { answersPings: true });
  await world.clock.advance(1_000);
  for (const client of [ada, bob]) client.take();
  const say = async (count: number, extra: object = {}) => {
    for (const n of upTo(count)) {
      bob.send({ type: 'data_update', groupId: 'g', ...extra, payload: { data: `${n} ${long(300)}` } });
      await world.clock.settle();
    }
  };
  const why = (seq: number) => world.gateway.explain({ groupId: 'g', seq, memberId: ada.memberId as string });
  const fates = (seqs: readonly number[]): MessageFate[] => seqs.map((seq) => why(seq).fate);
  return { ...world, ada, bob, say, why, fates };
}

describe('why a member got a message, or did not', () => {
  test('written, and when it came into the log; before it joined; not published', async () => {
    const { clock, gateway, ada, say, why } = await pair();
    await say(3);
    const cyd = new ResumingClient(gateway);
    cyd.connect({ g: {} });
    await clock.settle();
    cyd.take();
    const saidAt = clock.now();
    await say(1);
    await clock.advance(500);
    expect(ada.take().logs.get('g')?.seen).toEqual([1, 2, 3, 4]);
    expect(why(4)).toMatchObject({ fate: 'written', loggedAt: saidAt, position: { seq: 4 }, ended: undefined });
    const cydsFate = (seq: number) => gateway.explain({ groupId: 'g', seq, memberId: cyd.memberId as string }).fate;
    expect(upTo(5).map(cydsFate)).toEqual(['before', 'before', 'before', 'written', 'not_published']);
  });

  test('pending, while its socket is full; written once it has drained', async () => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    ada.connection.stopReading();
    await say(40);
    const before = fates(upTo(40));
    const written = before.lastIndexOf('written') + 1;
    expect(written).toBeGreaterThan(0);
    expect(before).toEqual(upTo(40).map((seq) => (seq <= written ? 'written' : 'pending')));
    ada.connection.startReading();
    await clock.settle();
    expect(new Set(fates(upTo(40)))).toEqual(new Set(['written']));
    expect(ada.take().logs.get('g')?.seen).toEqual(upTo(40));
  });

  test('lost in a gap, each of several, and what was told; nothing else is said to be lost', async () => {
    const { clock, ada, say, fates, why } = await pair({ limits: SMALL });
    for (const _ of upTo(3)) {
      ada.connection.stopReading();
      await say(50);
      ada.connection.startReading();
      await clock.settle();
    }
    const log = ada.take().logs.get('g');
    const lost = new Set(log?.gaps.flatMap(([from, to]) => upTo(to - from + 1, from)));
    expect(log?.gaps).toHaveLength(3);
    expect(fates(upTo(150))).toEqual(upTo(150).map((seq) => (lost.has(seq) ? 'lost' : 'written')));
    const [[from, to] = [0, 0]] = log?.gaps ?? [];
    expect(why(from).gap).toEqual({ from, to, at: expect.any(Number) });
  });

  test('a gap from before it was brought to another position is none of what it has lost since', async () => {
    const { clock, ada, say, why } = await pair({ limits: SMALL });
    ada.connection.stopReading();
    await say(50);
    ada.connection.startReading();
    await clock.settle();
    expect(ada.take().logs.get('g')?.gaps).toHaveLength(1);
    ada.send({ type: 'join', payload: { groupId: 'g', since: { tail: 1 } } });
    await clock.settle();
    expect(why(49).fate).toBe('before');
    await say(1);
    expect(why(51).fate).toBe('written');
  });

  test('a gap is the one member’s that was told it, in the log that it was told of', async () => {
    const broker = new ResettableBroker();
    const { clock, gateway, ada, bob, say, why } = await pair({ limits: SMALL, broker });
    ada.connection.stopReading();
    await say(50);
    ada.connection.startReading();
    await clock.settle();
    const [[from] = [0]] = ada.take().logs.get('g')?.gaps ?? [];
    expect(why(from).fate).toBe('lost');
    expect(gateway.explain({ groupId: 'g', seq: from, memberId: bob.memberId as string }).fate).toBe('written');
    broker.lose('g');
    await clock.settle();
    await say(from);
    expect(why(from).fate).toBe('written');
  });

  test('of ends, the newest are remembered: a member that ends again is no longer the one that ended first', async () => {
    const { clock, gateway, ada, bob } = await pair({ limits: { recentEndsMax: 2 } });
    const cyd = new ResumingClient(gateway);
    cyd.connect({ g: {} });
    await clock.settle();
    const ends = async (client: ResumingClient) => {
      client.take().connection.cut();
      await clock.settle();
    };
    await ends(ada);
    await ends(bob);
    ada.connect();
    await clock.settle();
    await ends(ada);
    await ends(cyd);
    const codeOf = ({ memberId }: ResumingClient) =>
      gateway.explain({ groupId: 'g', seq: 1, memberId: memberId as string }).ended?.code;
    expect([ada, bob, cyd].map(codeOf)).toEqual([1006, undefined, 1006]);
  });

  test('so it is of who has left: one that leaves again is no longer the one that left first', async () => {
    const { clock, gateway, ada, bob } = await pair({ limits: { recentEndsMax: 2 } });
    const cyd = new ResumingClient(gateway);
    cyd.connect({ g: {} });
    await clock.settle();
    cyd.take();
    const leaves = async (client: ResumingClient) => {
      client.send({ type: 'leave', payload: { groupId: 'g' } });
      await clock.settle();
    };
    await leaves(ada);
    await leaves(bob);
    ada.send({ type: 'join', payload: { groupId: 'g' } });
    await clock.settle();
    await leaves(ada);
    await leaves(cyd);
    const hasLeft = ({ memberId }: ResumingClient) =>
      gateway.explain({ groupId: 'g', seq: 1, memberId: memberId as string }).leftAt !== undefined;
    expect([ada, bob, cyd].map(hasLeft)).toEqual([true, false, true]);
  });

  test('passed over for a newer one of its key, or as volatile', async () => {
    const { clock, ada, say, fates, why } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    ada.connection.stopReading();
    await say(20);
    await say(5, { delivery: 'latest', key: 'k' });
    await say(5, { delivery: 'volatile' });
    ada.connection.startReading();
    await clock.settle();
    const updates = ada.connection.received.filter(({ type }) => type === 'data_update') as unknown as { seq: number }[];
    const seen = new Set(updates.map(({ seq }) => seq));
    expect(seen).toEqual(new Set([...upTo(20), 25]));
    expect(fates(upTo(30))).toEqual(upTo(30).map((seq) => (seen.has(seq) ? 'written' : 'passed_over')));
    expect(why(21)).toMatchObject({ passedOverAs: 'latest', newer: 25 });
    expect(why(26)).toMatchObject({ passedOverAs: 'volatile', newer: undefined });
  });

  test('where the counts do not say which were passed over, it says so', async () => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    await say(1, { delivery: 'volatile' });
    ada.connection.stopReading();
    await say(20);
    await say(1, { delivery: 'volatile' });
    ada.connection.startReading();
    await clock.settle();
    expect(ada.take().logs.get('g')?.seen).toEqual(upTo(21));
    expect(fates([1, 2, 21, 22])).toEqual(['uncertain', 'written', 'written', 'uncertain']);
  });

  test.each([
    ['volatile', { delivery: 'volatile' }],
    ['latest', { delivery: 'latest', key: 'k' }],
  ])('so it does of %s ones where those that it was past are not all in the log any more', async (_, extra) => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 30 } });
    ada.connection.stopReading();
    await say(10);
    await say(4, extra);
    ada.connection.startReading();
    await clock.settle();
    // As many as it was passed over are in the log now, and it was written them.
    await say(35);
    await say(4, extra);
    const seen = new Set(
      ada.connection.received.flatMap(({ type, ...rest }) => (type === 'data_update' ? [(rest as { seq?: number }).seq] : [])),
    );
    expect(upTo(4, 50).filter((seq) => seen.has(seq))).toEqual(upTo(4, 50));
    expect(upTo(4, 11).filter((seq) => seen.has(seq)).length).toBeLessThan(2);
    expect(fates(upTo(3, 50))).toEqual(['uncertain', 'uncertain', 'uncertain']);
    expect(fates([49])).toEqual(['written']);
  });

  test('so it does where the gaps that were told are not remembered any more', async () => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, recentEndsMax: 1 } });
    for (const _ of upTo(2)) {
      ada.connection.stopReading();
      await say(50);
      ada.connection.startReading();
      await clock.settle();
    }
    const [[first] = [0], [second] = [0]] = ada.take().logs.get('g')?.gaps ?? [];
    expect(fates([first, second, 100])).toEqual(['uncertain', 'lost', 'uncertain']);
  });

  test('what the log no longer has was passed over, perhaps: a superseded one that was written is not taken for it', async () => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 30 } });
    ada.connection.stopReading();
    await say(20);
    await say(2, { delivery: 'latest', key: 'k' });
    ada.connection.startReading();
    await clock.settle();
    // 21 was passed over, and leaves the log; 22 and 43 were written, and are superseded.
    await say(20);
    await say(1, { delivery: 'latest', key: 'k' });
    await say(20);
    await say(1, { delivery: 'latest', key: 'k' });
    const updates = ada.connection.received.filter(({ type }) => type === 'data_update') as unknown as { seq: number }[];
    expect(updates.map(({ seq }) => seq)).toEqual(upTo(64).filter((seq) => seq !== 21));
    expect(fates([21, 42, 43, 64])).toEqual(['uncertain', 'written', 'uncertain', 'written']);
  });

  test('one that is of a kind of which it has passed over none was written', async () => {
    const { clock, ada, say, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    await say(2, { delivery: 'latest', key: 'k' });
    ada.connection.stopReading();
    await say(20);
    await say(1, { delivery: 'volatile' });
    ada.connection.startReading();
    await clock.settle();
    expect(ada.take().logs.get('g')?.seen).toEqual(upTo(22));
    expect(fates([1, 2, 23])).toEqual(['written', 'written', 'passed_over']);
  });

  test('passed over are those since it joined, up to where it stands', async () => {
    const { clock, gateway, ada, bob, say } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    await say(1, { delivery: 'volatile' });
    const cyd = new ResumingClient(gateway);
    cyd.connect({ g: {} }, { answersPings: true });
    await clock.settle();
    cyd.take().connection.stopReading();
    await say(20);
    await say(1, { delivery: 'volatile' });
    cyd.connection.startReading();
    await clock.settle();
    cyd.connection.stopReading();
    // The first one that waits is one that may be passed over.
    const isFull = () =>
      gateway.connections().some(({ memberId, unsentBytes }) => memberId === cyd.memberId && unsentBytes > 2_000);
    while (!isFull()) await say(1);
    await say(1, { delivery: 'volatile' });
    const { seq: head } = await gateway.position('g');
    expect(gateway.ledger('g').find(({ memberId }) => memberId === cyd.memberId)?.pending).toBe(1);
    const of = (seq: number, { memberId }: ResumingClient) =>
      gateway.explain({ groupId: 'g', seq, memberId: memberId as string }).fate;
    expect([1, 22, head].map((seq) => of(seq, cyd))).toEqual(['before', 'passed_over', 'pending']);
    expect([ada, bob].map((client) => of(22, client))).toEqual(['written', 'written']);
  });

  test('inside its resume window: how its connection ended, and what it may come back for', async () => {
    const { clock, ada, say, why } = await pair();
    await say(2);
    const droppedAt = clock.now();
    ada.connection.cut();
    await clock.settle();
    await say(1);
    expect(why(2)).toMatchObject({ fate: 'written', ended: { at: droppedAt, code: 1006, by: 'client' } });
    expect(why(3)).toMatchObject({ fate: 'pending', ended: { code: 1006 }, text: expect.stringContaining('1006') });
    ada.connect();
    await clock.settle();
    expect(ada.take().logs.get('g')?.seen).toEqual([1, 2, 3]);
    expect(why(3)).toMatchObject({ fate: 'written', ended: undefined });
  });

  test('after it has left: what it had been written, what it had not, and what came later', async () => {
    const { clock, ada, say, why, fates } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    ada.connection.stopReading();
    await say(40);
    const written = fates(upTo(40)).lastIndexOf('written') + 1;
    const leftAt = clock.now();
    ada.connection.close(4900, 'enough');
    ada.connection.cut();
    await clock.advance(60_000);
    await say(1);
    expect(fates([written, written + 1, 40, 41])).toEqual(['written', 'unsent', 'unsent', 'after']);
    expect(why(40).leftAt).toBeGreaterThanOrEqual(leftAt);
    expect(why(40).ended?.code).toBeGreaterThan(1000);
  });

  test('one that has come again is told of as it is now, not as it was when it left', async () => {
    const { clock, ada, say, why } = await pair();
    await say(2);
    ada.send({ type: 'leave', payload: { groupId: 'g' } });
    await clock.settle();
    await say(2);
    expect(why(3)).toMatchObject({ fate: 'after', leftAt: clock.now() });
    ada.send({ type: 'join', payload: { groupId: 'g' } });
    await clock.settle();
    await say(1);
    expect([2, 3, 5].map((seq) => why(seq).fate)).toEqual(['before', 'before', 'written']);
    expect(why(5).leftAt).toBeUndefined();
  });

  test('what it has not been written yet it waits for, or may come back for; and who has ended its connection is said', async () => {
    const { clock, gateway, ada, say, why } = await pair({ limits: { ...SMALL, logMessagesMax: 100 } });
    ada.connection.stopReading();
    await say(40);
    expect(why(40).text).toContain('its socket is full, or its turn has not come');
    const { connectionId } = gateway.connections()[0] as { connectionId: string };
    ada.connection.cut();
    await clock.settle();
    expect(why(40).text).toMatch(
      /may come back for the rest\. Its last connection ended with 1006, by the client or its network\.$/,
    );
    ada.connect();
    await clock.settle();
    const [again] = gateway.connections().filter((one) => one.connectionId !== connectionId && one.memberId === ada.memberId);
    gateway.disconnect(again?.connectionId as string, 4003, 'enough');
    await clock.settle();
    expect(why(1).text).toMatch(/ Its last connection ended with 4003 \(enough\), by the host\.$/);
  });

  test('a client of dialect 1 is told of too, connected and inside its resume window', async () => {
    const { clock, gateway, join } = setUp();
    const old = await join('g');
    const [{ memberId } = {}] = gateway.connections();
    await gateway.publish('g', 1);
    await clock.settle();
    const of = (seq: number) => gateway.explain({ groupId: 'g', seq, memberId: memberId as string });
    expect(of(1)).toMatchObject({ fate: 'written', ended: undefined });
    old.cut();
    await clock.settle();
    await gateway.publish('g', 2);
    expect([of(1), of(2)]).toMatchObject([{ fate: 'written' }, { fate: 'pending', ended: { code: 1006 } }]);
  });

  test('the books have each member once, also while it has dropped and while its earlier connection is replaced', async () => {
    const { clock, gateway, ada, bob, say } = await pair();
    const ids = [ada.memberId, bob.memberId].sort();
    const listed: unknown[] = [];
    const list = () =>
      listed.push(
        gateway
          .ledger('g')
          .map(({ memberId }) => memberId)
          .sort(),
      );
    for (const name of ['resumed', 'disconnect', 'detached'] as const) gateway.on(name, list);
    await say(1);
    ada.connect();
    list();
    await clock.settle();
    ada.take().connection.cut();
    await clock.settle();
    list();
    expect(listed.length).toBeGreaterThan(4);
    expect(listed).toEqual(listed.map(() => ids));
  });

  test('not a member: of somebody who was never there, and of one that is not remembered', async () => {
    const { clock, gateway, ada, bob, say, why } = await pair({ limits: { recentEndsMax: 1 } });
    await say(1);
    expect(gateway.explain({ groupId: 'g', seq: 1, memberId: 'nobody' }).fate).toBe('not_a_member');
    expect(gateway.explain({ groupId: 'nowhere', seq: 1, memberId: ada.memberId as string })).toMatchObject({
      fate: 'not_a_member',
      position: undefined,
    });
    gateway.remove(ada.memberId as string, 'g');
    expect(why(1)).toMatchObject({ fate: 'written', leftAt: clock.now() });
    gateway.remove(bob.memberId as string, 'g');
    expect(why(1).fate).toBe('not_a_member');
  });

  test('a log that was lost is another one', async () => {
    const broker = new ResettableBroker();
    const { clock, gateway, ada, say, why } = await pair({ broker });
    await say(2);
    const { epoch } = await gateway.position('g');
    broker.lose('g');
    await clock.settle();
    await say(1);
    const of = (asked: string | undefined) =>
      gateway.explain({ groupId: 'g', seq: 1, memberId: ada.memberId as string, epoch: asked }).fate;
    expect(of(epoch)).toBe('other_log');
    expect(of((await gateway.position('g')).epoch)).toBe(why(1).fate);
  });

  test('who has left a log that was lost since is told of by that log, and by nothing of the one that is there now', async () => {
    const broker = new ResettableBroker();
    const { clock, gateway, ada, say, why } = await pair({ broker });
    await say(2);
    const { epoch } = await gateway.position('g');
    gateway.remove(ada.memberId as string, 'g');
    await say(1);
    broker.lose('g');
    await clock.settle();
    await say(4, { delivery: 'volatile' });
    const of = (seq: number) => gateway.explain({ groupId: 'g', seq, memberId: ada.memberId as string, epoch });
    expect(of(2)).toMatchObject({ fate: 'written', loggedAt: undefined });
    // The log of then may have had them: what it had when it was lost is not known.
    expect([3, 4, 9].map((seq) => of(seq).fate)).toEqual(['after', 'after', 'after']);
    expect(why(2).fate).toBe('other_log');
  });

  test.each([
    [{ seq: 0 }, 'seq'],
    [{ seq: 1.5 }, 'seq'],
    [{ seq: '1' }, 'seq'],
    [{ groupId: 7 }, 'groupId'],
    [{ memberId: undefined }, 'memberId'],
    [{ epoch: 7 }, 'epoch'],
  ])('%j is refused', async (wrong, field) => {
    const { gateway } = setUp();
    const ask = () => gateway.explain({ groupId: 'g', seq: 1, memberId: 'm', ...wrong } as never);
    expect(ask).toThrow(GatewayError);
    expect(ask).toThrow(`${field}: must be`);
  });

  test.each([[undefined], [null], ['g'], [7]])('%j instead of an object is refused', (explained) => {
    const ask = () => setUp().gateway.explain(explained as never);
    expect(ask).toThrow(GatewayError);
    expect(ask).toThrow('explained: must be an object');
  });
});
