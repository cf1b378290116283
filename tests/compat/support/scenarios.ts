import { expect } from 'vitest';
import type { Message } from './foreign-client.js';
import type { World } from './world.js';

/** Frames of every length form (RFC 6455 §5.2), and characters of one to four bytes. */
const TEXTS = ['', 'short', 'é€😀'.repeat(40), 'x'.repeat(70_000), '😀'.repeat(50_000)];

/** One thing that a client may count on. */
export type Scenario = (world: World) => Promise<void>;

/** What a client written for the base contract expects, whatever it is written in. */
export const SCENARIOS: Record<string, Scenario> = {
  'is ready right on connect, and told of the heartbeat': async (world) => {
    const client = await world.open();
    expect(await client.message()).toEqual({
      type: 'ready',
      ts: world.clock.now(),
      payload: { connectionId: expect.any(String), heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 } },
    });
  },

  'gets presence_update or ready next after its identify': async (world) => {
    const client = await world.open();
    await client.message();
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1' } });
    const [next, after] = [await client.message(), await client.message()];
    expect([next.type, after.type].sort()).toEqual(['presence_update', 'ready']);
    const { payload } = [next, after].find(({ type }: Message) => type === 'presence_update');
    expect(payload).toEqual({ groupId: 'group-1', info: { status: 'UP', details: { role: 'app-client', members: 1 } } });
  },

  'is sent its own data_update, as everybody in the group is, and nobody else': async (world) => {
    const [sender, other, stranger] = [
      await world.member('group-1'),
      await world.member('group-1'),
      await world.member('group-2'),
    ];
    sender.send({ type: 'data_update', payload: { data: { n: 1 } } });
    const echoed = await sender.nextOf('data_update');
    expect(echoed).toEqual({
      type: 'data_update',
      seq: 1,
      ts: world.clock.now(),
      groupId: 'group-1',
      from: world.gateway.connections()[0]!.memberId,
      payload: { data: { n: 1 } },
    });
    expect(await other.nextOf('data_update')).toEqual(echoed);
    stranger.send({ type: 'data_update', payload: { data: 'own' } });
    expect((await stranger.nextOf('data_update')).payload.data).toBe('own');
  },

  'has ts filled in where it sets none, and kept where it does': async (world) => {
    const client = await world.member('group-1');
    client.send({ type: 'data_update', payload: { data: 1 } });
    client.send({ type: 'data_update', ts: 1_234, payload: { data: 2 } });
    expect((await client.nextOf('data_update')).ts).toBe(world.clock.now());
    expect((await client.nextOf('data_update')).ts).toBe(1_234);
  },

  'gets back every field of the base envelope': async (world) => {
    const client = await world.member('group-1');
    const said = {
      type: 'data_update',
      ts: 5,
      version: '1',
      traceId: 'trace-1',
      groupId: 'group-1',
      sessionId: 'session-1',
      payload: {
        data: { text: 'é€😀\u2028', list: [null, true, 1.5] },
        meta: { label: 'Call', createdBy: 'ada', tags: ['video'] },
      },
    };
    client.send(said);
    expect(await client.nextOf('data_update')).toMatchObject(said);
  },

  'gets whole texts of every length, in order, also when they come at once': async (world) => {
    const client = await world.member('group-1');
    for (const text of TEXTS) client.send({ type: 'data_update', payload: { data: text } });
    for (const text of TEXTS) expect((await client.nextOf('data_update')).payload.data).toBe(text);
    for (let n = 0; n < 500; n += 1) await world.gateway.publish('group-1', n);
    for (let n = 0; n < 500; n += 1) expect((await client.nextOf('data_update')).payload.data).toBe(n);
  },

  'may name its group on the envelope of identify; the payload counts where both do': async (world) => {
    const client = await world.open();
    await client.nextOf('ready');
    client.send({ type: 'identify', groupId: 'outer', payload: { clientType: 'dashboard' } });
    expect((await client.nextOf('ready')).payload.presence).toMatchObject({ status: 'UP' });
    expect(world.gateway.connections()[0]).toMatchObject({ role: 'dashboard', groups: ['outer'] });
    client.send({ type: 'identify', groupId: 'outer', payload: { clientType: 'dashboard', groupId: 'inner' } });
    await client.nextOf('ready');
    expect(world.gateway.connections()[0]).toMatchObject({ groups: ['inner'] });
  },

  'moves to another group by a second identify': async (world) => {
    const [mover, stayer] = [await world.member('group-1'), await world.member('group-1')];
    await world.clock.advance(200);
    mover.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-2' } });
    await mover.nextOf('ready');
    await world.clock.advance(200);
    let presence = await stayer.nextOf('presence_update');
    while (presence.payload.info.details.members !== 1) presence = await stayer.nextOf('presence_update');
    mover.send({ type: 'data_update', payload: { data: 'here' } });
    expect(await mover.nextOf('data_update')).toMatchObject({ groupId: 'group-2', seq: 1 });
  },

  'is told of its mistakes, and stays connected': async (world) => {
    const client = await world.member('group-1');
    client.send('nonsense');
    expect((await client.nextOf('error')).payload).toMatchObject({ code: 'BAD_JSON', message: expect.any(String) });
    client.send({ type: 'nonsense' });
    expect((await client.nextOf('error')).payload).toMatchObject({ code: 'UNKNOWN_TYPE' });
    client.send({ type: 'data_update', groupId: 'group-2', payload: { data: 1 } });
    expect((await client.nextOf('error')).payload).toMatchObject({ code: 'NOT_A_MEMBER' });
    client.send({ type: 'data_update', payload: { data: 1 } });
    await client.nextOf('data_update');
  },

  'stays connected for as long as it heartbeats': async (world) => {
    const client = await world.member('group-1');
    for (let beat = 0; beat < 10; beat += 1) {
      await world.clock.advance(10_000);
      client.send({ type: 'heartbeat' });
      await world.heard();
    }
    expect(world.disconnects).toEqual([]);
  },

  'that says nothing stays connected, for it answers pings by itself': async (world) => {
    await world.member('group-1');
    for (let silence = 0; silence < 10; silence += 1) {
      await world.clock.advance(14_000);
      await world.heard();
    }
    expect(world.disconnects).toEqual([]);
  },

  'leaves at once when it closes': async (world) => {
    const [leaver, stayer] = [await world.member('group-1'), await world.member('group-1')];
    await world.clock.advance(200);
    leaver.close();
    // Whether with 1000 or with no code at all is the client's own way of saying it.
    expect([1000, 1005]).toContain(await leaver.closed);
    await world.left(1);
    expect([1000, 1005]).toContain(world.disconnects[0]?.code);
    await world.clock.advance(200);
    let presence = await stayer.nextOf('presence_update');
    while (presence.payload.info.details.members !== 1) presence = await stayer.nextOf('presence_update');
    expect(presence.payload.info.status).toBe('UP');
    expect(world.gateway.stats().droppedMembers).toBe(0);
  },

  'is closed with 1012 when the gateway closes, after all that was said before': async (world) => {
    const client = await world.member('group-1');
    for (let n = 1; n <= 100; n += 1) void world.gateway.publish('group-1', n);
    const closing = world.gateway.close();
    for (let n = 1; n <= 100; n += 1) expect((await client.nextOf('data_update')).payload.data).toBe(n);
    expect(await client.closed).toBe(1012);
    await closing;
  },

  'is closed with 1009 for a message over messageBytesMax': async (world) => {
    const client = await world.member('group-1');
    client.send({ type: 'data_update', payload: { data: 'x'.repeat(300_000) } });
    expect(await client.closed).toBe(1009);
  },
};

/** What holds besides where the gateway compresses. All of these clients ask for it; whether they compress too is theirs to say (undici does not). */
export const COMPRESSED: Record<string, Scenario> = {
  'gets a long text in a tenth of its bytes': async (world) => {
    const client = await world.member('group-1');
    const before = world.bytesSent();
    const text = 'compressible '.repeat(10_000);
    client.send({ type: 'data_update', payload: { data: text } });
    expect((await client.nextOf('data_update')).payload.data).toBe(text);
    expect(world.bytesSent() - before).toBeLessThan(text.length / 10);
  },
};
