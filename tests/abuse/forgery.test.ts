import { expect, test } from 'vitest';
import type { RawClient } from './support/raw-client.js';
import { attacked, type Rig } from './support/rig.js';

const memberIdOf = (rig: Rig, index: number) => rig.gateway.connections().at(index)!.memberId;

/** Two members of group `g` who have heard of each other, and one of group `h`. */
async function cast(rig: Rig): Promise<{ a: RawClient; b: RawClient; h: RawClient }> {
  const [a, b, h] = [await rig.identified('g'), await rig.identified('g'), await rig.identified('h')];
  return { a, b, h };
}

test.each([
  ['plain', '"seq":999,"from":"somebody"'],
  ['twice', '"seq":1,"seq":2,"from":"a","from":"b"'],
  ['with escapes', '"\\u0073eq":999,"fr\\u006fm":"somebody"'],
  ['of wrong types', '"seq":"1","from":{"id":"somebody"}'],
  [
    'together with the rest of what the gateway says',
    '"seq":7,"from":"x","epoch":"e","connectionId":"c","memberId":"m","status":1',
  ],
])('seq and from are the gateway’s, whatever a client says of them: %s [R12]', (_how, forged) =>
  attacked({}, async (rig) => {
    const { a, b } = await cast(rig);
    for (const seq of [1, 2, 3]) {
      a.send(`{${forged},"type":"data_update","payload":{"data":${seq}},${forged}}`);
      const update = await b.nextOf('data_update');
      expect(update).toEqual({
        type: 'data_update',
        seq,
        ts: rig.clock.now(),
        groupId: 'g',
        from: memberIdOf(rig, 1),
        payload: { data: seq },
      });
    }
  }),
);

test.each([
  ['a string that looks like the end of the envelope', '"\\"}},\\"seq\\":99,\\"from\\":\\"x\\"}"'],
  ['an object that looks like an envelope', '{"type":"data_update","seq":99,"from":"x","payload":{"data":1}}'],
  ['an earlier data of the same payload', '1,"data":{"seq":99}'],
  ['an earlier payload', '1},"payload":{"data":{"seq":99}'],
  ['a key with escapes', '1,"d\\u0061ta":[99]'],
  ['white space around it', ' \t\r\n 1 \t\r\n '],
])('data cannot reach out of its place by %s [R122]', (_how, json) =>
  attacked({}, async (rig) => {
    const { a, b } = await cast(rig);
    const text = `{"type":"data_update","payload":{"data":${json}}}`;
    a.send(text);
    const update = await b.nextOf('data_update');
    // What JSON.parse makes of the message is what the others get.
    expect(update).toEqual({ ...JSON.parse(text), seq: 1, ts: rig.clock.now(), groupId: 'g', from: memberIdOf(rig, 1) });
  }),
);

test.each([
  ['absent', '', undefined],
  ['0', '"ts":0,', 0],
  ['half a millisecond', '"ts":0.5,', 0.5],
  ['in the year 287396', '"ts":9007199254740991,', 9_007_199_254_740_991],
  ['the greatest number that there is', '"ts":1.7976931348623157e308,', Number.MAX_VALUE],
  ['minus zero', '"ts":-0,', 0],
])('a ts that is %s is carried, or filled in, as a number [R2]', (_what, field, ts) =>
  attacked({}, async (rig) => {
    const { a, b } = await cast(rig);
    a.send(`{"type":"data_update",${field}"payload":{"data":1}}`);
    const update = await b.nextOf('data_update');
    expect(update.ts === (ts ?? rig.clock.now())).toBe(true);
  }),
);

test('an old or a future ts moves neither order nor deadlines', () =>
  attacked({}, async (rig) => {
    const { a, b } = await cast(rig);
    for (const ts of [8e15, 0, 4e15]) a.send({ type: 'data_update', ts, payload: { data: ts } });
    for (const [index, ts] of [8e15, 0, 4e15].entries())
      expect(await b.nextOf('data_update')).toMatchObject({ seq: index + 1, ts });
    a.send({ type: 'heartbeat', ts: 8e15 });
    await a.roundTrip();
    await rig.pass(26_000);
    expect((await a.closeFrame()).code).toBe(4200);
  }));

test('a message to a group that the sender is not in is refused, and nobody there hears it', () =>
  attacked({}, async (rig) => {
    const { a, h } = await cast(rig);
    a.send({ type: 'data_update', groupId: 'h', id: 'm-1', payload: { data: 'intruder' } });
    expect((await a.nextOf('error')).payload).toMatchObject({ code: 'NOT_A_MEMBER', inReplyTo: 'm-1' });
    // The next thing in that group's log is what its own member says.
    expect(await h.roundTrip()).toMatchObject({ seq: 1 });
  }));

test('a message to a group that nobody is in makes no group', () =>
  attacked({}, async (rig) => {
    const { a } = await cast(rig);
    a.send({ type: 'data_update', groupId: 'nowhere', payload: { data: 1 } });
    expect((await a.nextOf('error')).payload.code).toBe('NOT_A_MEMBER');
    expect(rig.gateway.groups().map(({ groupId }) => groupId)).not.toContain('nowhere');
  }));

test('a client that has not identified reaches nobody', () =>
  attacked({}, async (rig) => {
    const { h } = await cast(rig);
    const stranger = await rig.open();
    stranger.send({ type: 'data_update', groupId: 'h', payload: { data: 'intruder' } });
    expect((await stranger.nextOf('error')).payload.code).toBe('NOT_IDENTIFIED');
    expect(await h.roundTrip()).toMatchObject({ seq: 1 });
  }));

test('a member without a group has nobody to speak to', () =>
  attacked({}, async (rig) => {
    const member = await rig.open();
    await member.nextOf('ready');
    member.send({ type: 'identify', payload: { clientType: 'service-node' } });
    await member.nextOf('ready');
    member.send({ type: 'data_update', payload: { data: 1 } });
    expect((await member.nextOf('error')).payload.code).toBe('NO_GROUP');
  }));

test('who has moved to another group neither hears nor reaches the old one', () =>
  attacked({}, async (rig) => {
    const { a, b, h } = await cast(rig);
    a.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'h' } });
    await a.nextOf('ready');
    b.send({ type: 'data_update', payload: { data: 'secret' } });
    await b.nextOf('data_update');
    a.send({ type: 'data_update', groupId: 'g', payload: { data: 'echo' } });
    expect((await a.nextOf('error')).payload.code).toBe('NOT_A_MEMBER');
    h.send({ type: 'data_update', payload: { data: 'welcome' } });
    expect((await a.nextOf('data_update')).payload.data).toBe('welcome');
  }));

test('a session of another group can neither be kept alive nor written', () =>
  attacked({}, async (rig) => {
    const { a, h } = await cast(rig);
    h.send({ type: 'data_update', sessionId: 's', payload: { data: 1, meta: { label: 'of h' } } });
    await h.nextOf('data_update');
    const before = await rig.gateway.sessions('h');
    await rig.pass(1_000);
    a.send({ type: 'heartbeat', groupId: 'h', sessionId: 's' });
    expect((await a.nextOf('error')).payload.code).toBe('NOT_A_MEMBER');
    a.send({ type: 'data_update', groupId: 'h', sessionId: 's', payload: { data: 1, meta: { label: 'of a' } } });
    expect((await a.nextOf('error')).payload.code).toBe('NOT_A_MEMBER');
    // The same name in one's own group is another session.
    a.send({ type: 'data_update', sessionId: 's', payload: { data: 1, meta: { label: 'of g' } } });
    await a.nextOf('data_update');
    expect(await rig.gateway.sessions('h')).toEqual(before);
    await rig.pass(15_000);
    expect(await rig.gateway.sessions('h')).toEqual([]);
  }));
