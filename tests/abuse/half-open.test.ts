import { expect, test } from 'vitest';
import { closePayload, frame, OPCODE } from './support/frames.js';
import { attacked, POLL } from './support/rig.js';

/** `heartbeatTimeoutMs` and one sweep; `closeTimeoutMs` and one sweep. */
const SILENCE_MS = 26_000;
const CLOSING_MS = 6_000;

test.each([
  ['that has nothing to read', 0],
  ['under a backlog', 20],
])(
  'a half-open peer %s is closed within heartbeatTimeoutMs and one sweep, and cut within closeTimeoutMs and one more',
  (_what, backlog) =>
    // A slow consumer is another matter, and has a timeout of its own.
    attacked({ timings: { slowConsumerTimeoutMs: 0 }, limits: { logBytesMax: 0 } }, async (rig) => {
      const peer = await rig.identified('g');
      const socket = rig.sockets.at(-1)!;
      peer.freeze();
      for (let index = 0; index < backlog; index += 1) await rig.gateway.publish('g', 'x'.repeat(250_000));
      await rig.pass(24_999);
      expect(rig.disconnects).toEqual([]);
      await rig.pass(SILENCE_MS - 24_999);
      expect(rig.disconnects).toMatchObject([{ code: 4200 }]);
      expect(rig.gateway.stats()).toMatchObject({ connections: 1, closing: 1 });
      expect(socket.destroyed).toBe(false);
      await rig.pass(CLOSING_MS);
      expect(socket.destroyed).toBe(true);
      await rig.onlyBystanderIsLeft();
      // It dropped, so it could come back: the group does not know it gone before resumeTtlMs.
      expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DEGRADED' });
      await rig.pass(15_000);
      expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    }),
);

test('100 half-open peers are reaped by the same sweep', () =>
  attacked({}, async (rig) => {
    const peers = await Promise.all(Array.from({ length: 100 }, () => rig.identified('g')));
    for (const peer of peers) peer.freeze();
    await rig.pass(SILENCE_MS);
    expect(rig.disconnects.map(({ code }) => code)).toEqual(Array(100).fill(4200));
    await rig.pass(CLOSING_MS);
    await rig.onlyBystanderIsLeft();
  }));

test('a peer that answers no close frame, and goes on talking, is cut within closeTimeoutMs and one sweep', () =>
  attacked({}, async (rig) => {
    const peer = await rig.identified('g');
    rig.gateway.disconnect(rig.gateway.connections().at(-1)!.connectionId, 4003);
    await peer.closeFrame();
    for (let second = 0; second < 6; second += 1) {
      peer.send({ type: 'data_update', payload: { data: 'still here' } });
      peer.write(frame({ opcode: OPCODE.ping }));
      await rig.pass(1_000);
    }
    await peer.ended();
    // Nothing that it said after the close was heard, or answered.
    expect(peer.frames).toEqual([]);
    expect(rig.gateway.groups().find(({ groupId }) => groupId === 'g')?.position.seq).toBe(0);
  }));

test('a peer leaves with its close frame, and where it never ends its side of TCP it is cut after closeTimeoutMs [R178]', () =>
  attacked({ timings: { closeTimeoutMs: 30 } }, async (rig) => {
    const peer = await rig.identified('g');
    const socket = rig.sockets.at(-1)!;
    peer.socket.allowHalfOpen = true;
    peer.write(frame({ opcode: OPCODE.close, payload: closePayload(1000) }));
    await peer.closeFrame();
    expect(rig.disconnects).toMatchObject([{ code: 1000, by: 'client' }]);
    expect(rig.gateway.groups().find(({ groupId }) => groupId === 'g')).toMatchObject({ connections: 0 });
    expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    expect(rig.gateway.stats().closing).toBe(1);
    await expect.poll(() => socket.destroyed, POLL).toBe(true);
  }));

test.each([
  ['without a code', Buffer.alloc(0), 1005, 'DOWN'],
  ['with 1001, as a page that goes', closePayload(1001), 1001, 'DOWN'],
  ['with a code of its own', closePayload(4999), 4999, 'DEGRADED'],
])('a close frame %s is the end, whenever TCP ends [R178]', (_what, payload, code, status) =>
  attacked({}, async (rig) => {
    const peer = await rig.identified('g');
    peer.socket.allowHalfOpen = true;
    peer.write(frame({ opcode: OPCODE.close, payload }));
    await peer.closeFrame();
    expect(rig.disconnects).toMatchObject([{ code, by: 'client' }]);
    expect(await rig.gateway.presence('g')).toMatchObject({ status });
    peer.socket.destroy();
    await expect.poll(() => rig.gateway.stats().closing, POLL).toBe(0);
    expect(rig.disconnects).toHaveLength(1);
  }),
);

test.each([
  ['a ping', frame({ opcode: OPCODE.ping })],
  ['a pong', frame({ opcode: OPCODE.pong })],
  ['a heartbeat', frame({ payload: '{"type":"heartbeat"}' })],
  ['a message that is refused', frame({ payload: 'nonsense' })],
])('a peer that sends %s in time is not half-open [R58]', (_what, bytes) =>
  attacked({}, async (rig) => {
    const peer = await rig.identified('g');
    const heard = () => rig.gateway.connections().at(-1)!.lastSeenAt;
    for (let round = 0; round < 3; round += 1) {
      await rig.pass(24_000);
      peer.write(bytes);
      await expect.poll(heard).toBe(rig.clock.now());
    }
    expect(rig.disconnects).toEqual([]);
    await peer.roundTrip();
  }),
);
