import { expect, test } from 'vitest';
import { identify } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

/** A socket without a network: it reports its end in the middle of the write in which it comes. */
class EndingSocket extends RecordingSocket {
  endsWith: ((socket: RecordingSocket) => void) | undefined;

  override write(frames: Buffer): boolean {
    const taken = super.write(frames);
    const end = this.endsWith;
    this.endsWith = undefined;
    end?.(this);
    return taken;
  }
}

test.each([
  ['its close frame', (socket: RecordingSocket) => socket.listener.closing(1000, ''), 1000],
  ['a lost connection', (socket: RecordingSocket) => socket.listener.closed(1006, ''), 1006],
  [
    'both',
    (socket: RecordingSocket) => {
      socket.listener.closing(1000, '');
      socket.listener.closed(1000, '');
    },
    1000,
  ],
])('a client whose last message brings %s leaves once, whoever ends it', async (_what, endsWith, ownCode) => {
  for (const how of ['leave', 'move', 'disconnect', 'nothing'] as const) {
    const { clock, gateway, events } = setUp();
    const socket = new EndingSocket(gateway);
    socket.send(identify('g'));
    await clock.advance(1_000);
    const [connection] = gateway.connections();
    const { connectionId = '' } = connection ?? {};
    await gateway.publish('g', 'owed');
    socket.endsWith = endsWith;
    if (how === 'leave') gateway.leave(connectionId, 'g');
    if (how === 'move') socket.send(identify('h'));
    if (how === 'disconnect') expect(gateway.disconnect(connectionId, 4003)).toBe(true);
    await clock.advance(30_000);
    expect(socket.data, how).toEqual(['owed']);
    expect(events('disconnect'), how).toMatchObject([{ connectionId, code: how === 'disconnect' ? 4003 : ownCode }]);
    expect(events('leave'), how).toMatchObject([{ groupId: 'g' }]);
    expect(gateway.connections(), how).toEqual([]);
    expect(gateway.stats(), how).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0 });
    expect((await gateway.presence('g')).status, how).toBe('DOWN');
  }
});

test.each([
  ['closes', 15_000, 1000],
  ['drops, and cannot come back', 0, 1006],
  ['drops', 15_000, 1006],
])(
  'who %s as it is written the last messages of a group that it may not stay in comes into no other one',
  async (_how, resumeTtlMs, code) => {
    const allowed = new Set(['g', 'h', 'i']);
    const { clock, gateway, events } = setUp({
      timings: { resumeTtlMs },
      authorize: ({ action, groupId }) => action === 'publish' || allowed.has(groupId as string),
    });
    const socket = new EndingSocket(gateway);
    socket.send({ ...identify('g'), version: '2' });
    await clock.advance(1_000);
    allowed.delete('g');
    socket.endsWith = ({ listener }) => listener.closed(code, '');
    const groups = { h: {}, i: {} };
    socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume: { groups } } });
    void gateway.publish('g', 'owed');
    // The steps of the identify, and not the end of the turn, which would write it first.
    for (let n = 0; n < 100; n += 1) await Promise.resolve();
    expect(socket.endsWith).toBeUndefined();
    expect(events('disconnect')).toMatchObject([{ code }]);
    await clock.advance(60_000);
    expect(events('error')).toEqual([]);
    expect(events('leave').map(({ groupId }) => groupId)).toEqual(events('join').map(({ groupId }) => groupId));
    for (const groupId of ['g', 'h', 'i']) expect(await gateway.members(groupId), groupId).toEqual([]);
  },
);
