import { describe, expect, test } from 'vitest';
import { codesOf, errorsOf, heartbeat, identify, presencesOf, say, typesOf } from './support/messages.js';
import { setUp } from './support/set-up.js';

describe('groups are isolated', () => {
  test('a message is heard by the members of its group and by nobody else [R120]', async () => {
    const { clock, join, connect } = setUp();
    const [a, b, elsewhere, nowhere, stranger] = [await join('g'), await join('g'), await join('h'), await join(), connect()];
    a.send(say('in g'));
    elsewhere.send(say('in h'));
    await clock.settle();
    expect([a, b, elsewhere, nowhere, stranger].map(({ data }) => data)).toEqual([['in g'], ['in g'], ['in h'], [], []]);
  });

  test('presence is told to the members of its group and to nobody else', async () => {
    const { clock, join, connect } = setUp();
    const [watched, nowhere, stranger] = [await join('g'), await join(), connect()];
    const before = presencesOf(watched).length;
    const client = await join('h');
    client.close();
    await clock.advance(1_000);
    expect(presencesOf(watched)).toHaveLength(before);
    expect([...typesOf(nowhere), ...typesOf(stranger)]).not.toContain('presence_update');
  });

  test('a message for a group that the sender is not in is NOT_A_MEMBER and is not heard there [R120] [R210]', async () => {
    const { clock, gateway, join } = setUp();
    const [member, outsider] = [await join('g'), await join('h')];
    outsider.send(say('let me in', { groupId: 'g', id: 'm-1' }));
    outsider.send(say('or here', { groupId: 'that nobody is in' }));
    await clock.settle();
    expect(errorsOf(outsider)).toMatchObject([{ code: 'NOT_A_MEMBER', inReplyTo: 'm-1' }, { code: 'NOT_A_MEMBER' }]);
    expect(member.data).toEqual([]);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['g', 'h']);
  });

  test('the group that was moved out of is one that the sender is not in', async () => {
    const { clock, join } = setUp();
    const [other, mover] = [await join('old'), await join('old')];
    mover.send(identify('new'));
    mover.send(say('back here', { groupId: 'old' }));
    mover.send(say('in new', { groupId: 'new' }));
    await clock.settle();
    expect(codesOf(mover)).toEqual(['NOT_A_MEMBER']);
    expect(other.data).toEqual([]);
    expect(mover.data).toEqual(['in new']);
  });

  test('a message without a group from a client in none is NO_GROUP [R209]', async () => {
    const { clock, join } = setUp();
    const client = await join();
    client.send(say('anybody?', { id: 'm-1' }));
    await clock.settle();
    expect(errorsOf(client)).toEqual([
      expect.objectContaining({ code: 'NO_GROUP', status: 400, retryable: false, inReplyTo: 'm-1' }),
    ]);
  });

  test('sessions of a group that the sender is not in are neither opened nor kept alive [R163]', async () => {
    const { clock, gateway, join } = setUp();
    const [member, outsider] = [await join('g'), await join('h')];
    member.send(say(1, { sessionId: 's' }, { meta: { label: 'call' } }));
    outsider.send(say(1, { sessionId: 'other', groupId: 'g' }, { meta: {} }));
    await clock.advance(10_000);
    outsider.send(heartbeat({ sessionId: 's', groupId: 'g' }));
    await clock.settle();
    expect(codesOf(outsider)).toEqual(['NOT_A_MEMBER', 'NOT_A_MEMBER']);
    expect((await gateway.sessions('g')).map(({ sessionId }) => sessionId)).toEqual(['s']);
    await clock.advance(5_000);
    expect(await gateway.sessions('g')).toEqual([]);
  });

  test('a session id of one group names nothing in another', async () => {
    const { clock, gateway, join } = setUp();
    const [a, b] = [await join('g'), await join('h')];
    a.send(say(1, { sessionId: 's' }, { meta: { label: 'of g' } }));
    b.send(say(1, { sessionId: 's' }, { meta: { label: 'of h' } }));
    await clock.settle();
    expect((await gateway.sessions('g')).map(({ meta }) => meta.label)).toEqual(['of g']);
    expect((await gateway.sessions('h')).map(({ meta }) => meta.label)).toEqual(['of h']);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a group like any other [R23]', async (groupId) => {
    const { clock, gateway, join } = setUp();
    const client = await join(groupId);
    client.send(say('hello', { groupId, sessionId: groupId }, { meta: { label: groupId } }));
    await clock.settle();
    expect(client.data).toEqual(['hello']);
    expect(await gateway.presence(groupId)).toMatchObject({ status: 'UP', details: { members: 1 } });
    expect(await gateway.sessions(groupId)).toMatchObject([{ sessionId: groupId }]);
  });
});

describe('before identify', () => {
  test('nothing is fanned out: NOT_IDENTIFIED [R208]', async () => {
    const { clock, join, connect } = setUp();
    const member = await join('g');
    const stranger = connect();
    stranger.send(say('hello', { groupId: 'g', id: 'm-1' }));
    stranger.send({ type: 'join', payload: { groupId: 'g' } });
    stranger.send({ type: 'leave', payload: { groupId: 'g' } });
    await clock.settle();
    expect(errorsOf(stranger)).toMatchObject([
      { code: 'NOT_IDENTIFIED', inReplyTo: 'm-1' },
      { code: 'NOT_IDENTIFIED' },
      { code: 'NOT_IDENTIFIED' },
    ]);
    expect(member.data).toEqual([]);
  });

  test('a heartbeat is taken, and answered by nothing', async () => {
    const { clock, connect } = setUp();
    const client = connect();
    client.send(heartbeat());
    await clock.settle();
    expect(typesOf(client)).toEqual(['ready']);
  });
});

test.each([
  ['{', 'BAD_JSON'],
  ['[]', 'INVALID_ENVELOPE'],
  ['{"type":"hello","id":"m"}', 'UNKNOWN_TYPE'],
  ['{"type":"__proto__"}', 'UNKNOWN_TYPE'],
  ['{"type":"join","payload":{"groupId":"g"}}', 'UNKNOWN_TYPE'],
  ['{"type":"leave","payload":{"groupId":"g"}}', 'UNKNOWN_TYPE'],
  ['{"type":"data_update","payload":{}}', 'INVALID_ENVELOPE'],
  ['{"type":"data_update","groupId":["g"],"payload":{"data":1}}', 'INVALID_ENVELOPE'],
])('%s is answered %s, and the connection stays open [R1] [R20]', async (text, code) => {
  const { clock, join } = setUp();
  const client = await join('g');
  client.sendText(text);
  client.send(say('still here'));
  await clock.settle();
  expect(codesOf(client)).toEqual([code]);
  expect(client.data).toEqual(['still here']);
});
