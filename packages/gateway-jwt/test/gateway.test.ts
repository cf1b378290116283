import { createGateway } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import { jwtAuthenticate } from 'gateway-jwt';
import type { OutgoingToClient2 } from 'gateway-protocol';
import type { JWTPayload } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { inSeconds, Log, rsa, SECRET, tokenOf } from './asking.js';

function rig() {
  const clock = new FakeClock();
  const log = new Log();
  const jwt = jwtAuthenticate({ secret: SECRET, clock, logger: log, timings: { clockToleranceMs: 0 } });
  const gateway = createGateway({ ...jwt.hooks, clock });
  onTestFinished(async () => {
    const closed = gateway.close();
    await clock.advance(60_000);
    await closed;
  });
  const token = (claims: JWTPayload & Record<string, unknown>) => tokenOf({ exp: inSeconds(60, clock), ...claims });
  const connect = () => new Talk(connectClient<OutgoingToClient2>(gateway), clock);
  return { clock, gateway, log, token, connect };
}

/** A client that waits for what it is answered: signatures are checked on other threads, which no clock of a test waits for. */
class Talk {
  #hasIdentified = false;

  constructor(
    readonly client: MemoryClient<OutgoingToClient2>,
    private readonly clock: FakeClock,
  ) {}

  /** The next message of one of these types. */
  async next(...types: string[]): Promise<Record<string, unknown> & { payload: Record<string, unknown> }> {
    for (;;) {
      const message = await this.#after(this.client.next());
      if (types.includes(message.type)) return message as never;
    }
  }

  /** Lets turns of the event loop end for as long as it takes; time stands still. */
  async #after<T>(awaited: Promise<T>): Promise<T> {
    let isThere = false;
    void awaited.then(() => {
      isThere = true;
    });
    while (!isThere) await this.clock.settle();
    return awaited;
  }

  async identify(token: string | undefined, payload: object = {}, version?: '2') {
    // The first one is said to whoever connects.
    if (!this.#hasIdentified) await this.next('ready');
    this.#hasIdentified = true;
    this.client.send({ type: 'identify', version, payload: { clientType: 'app-client', token, ...payload } });
    return this.next('ready', 'error');
  }

  publish(groupId: string, data: unknown): void {
    this.client.send({ type: 'data_update', groupId, payload: { data } });
  }
}

test('in dialect 1 a good token identifies, and its groups are what may be joined', async () => {
  const { connect, token, gateway } = rig();
  const ada = connect();
  expect(await ada.identify(await token({ groups: ['room-*'] }), { groupId: 'room-1' })).toMatchObject({ type: 'ready' });
  expect(await gateway.members('room-1')).toMatchObject([{ principal: 'ada' }]);
  expect(await ada.identify(await token({ groups: ['room-*'] }), { groupId: 'hall' })).toMatchObject({
    type: 'error',
    payload: { code: 'FORBIDDEN', message: 'not allowed to join this group' },
  });
});

test.each([undefined, 'rubbish'])('a client sees the ordinary refusal: %s', async (text) => {
  const { connect, log, clock } = rig();
  const eve = connect();
  expect(await eve.identify(text, { groupId: 'room-1' })).toMatchObject({
    type: 'error',
    payload: { code: 'UNAUTHORIZED', message: 'payload.token: refused' },
  });
  await clock.settle();
  expect(eve.client.closed?.code).toBe(4001);
  expect(log.reasons).toHaveLength(1);
});

test('who may only read is refused to publish, and receives', async () => {
  const { connect, token, gateway } = rig();
  const reader = connect();
  await reader.identify(await token({ publish: false }), { groupId: 'room-1' });
  reader.publish('room-1', 'mine');
  expect(await reader.next('error', 'data_update')).toMatchObject({
    payload: { code: 'FORBIDDEN', message: 'not allowed to publish to this group' },
  });
  await gateway.publish('room-1', 'theirs');
  expect(await reader.next('error', 'data_update')).toMatchObject({ type: 'data_update', payload: { data: 'theirs' } });
});

test('a connection ends with its token, unless it was renewed', async () => {
  const { connect, token, clock } = rig();
  const [stays, goes] = [connect(), connect()];
  await goes.identify(await token({}), { groupId: 'room-1' }, '2');
  const ready = await stays.identify(await token({}), { groupId: 'room-1' }, '2');
  expect(ready.payload).toMatchObject({ resumed: false, expiresAt: clock.now() + 60_000 });
  await clock.advance(10_000);
  stays.client.send({ type: 'heartbeat' });
  goes.client.send({ type: 'heartbeat' });
  const renewed = await stays.identify(await token({}), {}, '2');
  expect(renewed).toMatchObject({
    type: 'ready',
    payload: { memberId: ready.payload.memberId, resumed: true, groups: ['room-1'], expiresAt: clock.now() + 60_000 },
  });
  for (let i = 0; i < 5; i++) {
    await clock.advance(10_000);
    for (const { client } of [stays, goes]) client.send({ type: 'heartbeat' });
  }
  await clock.advance(1_000);
  expect(goes.client.closed?.code).toBe(4001);
  expect(stays.client.closed).toBeUndefined();
});

test('a renewal whose token has fewer groups leaves the others, and one that may no longer publish does not', async () => {
  const { connect, token, gateway, clock } = rig();
  const ada = connect();
  await ada.identify(await token({ groups: ['a', 'b'] }), { groupId: 'a' }, '2');
  ada.client.send({ type: 'join', payload: { groupId: 'b' } });
  await ada.next('sync');
  const renewed = await ada.identify(await token({ groups: ['b'], publish: false }), {}, '2');
  expect(renewed).toMatchObject({ type: 'ready', payload: { resumed: true, groups: ['b'] } });
  expect(await ada.next('error')).toMatchObject({ groupId: 'a', payload: { code: 'FORBIDDEN' } });
  await clock.settle();
  expect(await gateway.members('a')).toEqual([]);
  expect(await gateway.members('b')).toHaveLength(1);
  ada.publish('b', 'x');
  expect(await ada.next('error')).toMatchObject({ payload: { code: 'FORBIDDEN' } });
});

test('a renewal that is refused ends the connection, and one of somebody else is another member', async () => {
  const { connect, token, clock } = rig();
  const ada = connect();
  const { payload } = await ada.identify(await token({}), { groupId: 'a' }, '2');
  const other = await ada.identify(await token({ sub: 'bob' }), { groupId: 'a' }, '2');
  expect(other.payload.memberId).not.toBe(payload.memberId);
  expect(await ada.identify(await token({ exp: inSeconds(-1, clock) }), {}, '2')).toMatchObject({
    payload: { code: 'UNAUTHORIZED' },
  });
  await clock.settle();
  expect(ada.client.closed?.code).toBe(4001);
});

test('while no key is known a client is answered INTERNAL, and may ask again', async () => {
  const clock = new FakeClock();
  const jwt = jwtAuthenticate({ jwksUrl: 'http://127.0.0.1:1/', audience: 'rt', clock });
  const gateway = createGateway({ ...jwt.hooks, clock });
  const ada = new Talk(connectClient<OutgoingToClient2>(gateway), clock);
  const answer = await ada.identify(await tokenOf({ aud: 'rt' }, rsa().privateKey, { alg: 'RS256' }), { groupId: 'a' });
  expect(answer.payload).toMatchObject({ code: 'INTERNAL', message: 'the gateway failed on this message' });
  expect(ada.client.closed).toBeUndefined();
  ada.client.close();
  await clock.settle();
  await gateway.close();
});
