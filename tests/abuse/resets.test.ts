import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { closePayload, frame, OPCODE, textOf } from './support/frames.js';
import { HeldAnswer } from './support/held-answer.js';
import { handshake, type RawClient } from './support/raw-client.js';
import { attacked, POLL, type Rig } from './support/rig.js';

const REQUEST = handshake();
const MESSAGE = textOf({ type: 'data_update', payload: { data: 'x'.repeat(200) } });
const CLOSE = frame({ opcode: OPCODE.close, payload: closePayload(1000, 'bye') });

/** What a client has sent before the upgrade when its connection ends. */
const BEFORE_THE_UPGRADE: [phase: string, bytes: string][] = [
  ['before the request', ''],
  ['in the middle of the request line', 'GET /r'],
  ['in the middle of a header', REQUEST.slice(0, 60)],
  ['before the empty line', REQUEST.slice(0, -2)],
  ['right after the request', REQUEST],
];

/** What a member has sent last when its connection ends. */
const AFTER_THE_UPGRADE: [phase: string, bytes: Uint8Array][] = [
  ['after a frame', MESSAGE],
  ['after one byte of a frame header', MESSAGE.subarray(0, 1)],
  ['in the middle of an extended length', MESSAGE.subarray(0, 3)],
  ['in the middle of a mask', MESSAGE.subarray(0, 6)],
  ['in the middle of a payload', MESSAGE.subarray(0, 100)],
  ['between two fragments', frame({ payload: '{"type":', fin: false })],
  ['in the middle of a close frame', CLOSE.subarray(0, 7)],
  ['right after its close frame', CLOSE],
];

const ENDINGS: [ending: string, end: (client: RawClient) => void][] = [
  ['reset', (client) => client.reset()],
  ['hang-up', (client) => void client.socket.end()],
];

/** Waits until the server has got all bytes that the client has sent. */
async function arrived(rig: Rig, client: RawClient): Promise<void> {
  const { localPort } = client.socket;
  const socket = () => rig.sockets.find(({ remotePort }) => remotePort === localPort);
  await expect.poll(() => socket()?.bytesRead, POLL).toBe(client.socket.bytesWritten);
}

for (const [ending, end] of ENDINGS) {
  test.each(BEFORE_THE_UPGRADE)(`a ${ending} %s leaves nothing behind`, (_phase, bytes) =>
    attacked({}, async (rig) => {
      const client = await rig.tcp();
      client.write(bytes);
      if (bytes !== REQUEST) await arrived(rig, client);
      end(client);
      await client.ended();
    }),
  );

  test(`a ${ending} right after the 101 leaves nothing behind`, () =>
    attacked({}, async (rig) => {
      const client = await rig.open();
      end(client);
      await client.ended();
    }));

  test.each(AFTER_THE_UPGRADE)(`a ${ending} %s ends the connection once`, (_phase, bytes) =>
    attacked({}, async (rig) => {
      const client = await rig.identified('g');
      client.write(bytes);
      await arrived(rig, client);
      end(client);
      await rig.onlyBystanderIsLeft();
      expect(rig.disconnects).toHaveLength(1);
    }),
  );

  test(`a ${ending} instead of an answer to the gateway's close frame ends the connection once`, () =>
    attacked({}, async (rig) => {
      const client = await rig.identified('g');
      const { connectionId } = rig.gateway.connections().at(-1)!;
      rig.gateway.disconnect(connectionId, 4003, 'out');
      expect(await client.closeFrame()).toEqual({ code: 4003, reason: 'out' });
      end(client);
      await rig.onlyBystanderIsLeft();
      expect(rig.disconnects).toMatchObject([{ connectionId, code: 4003, reason: 'out' }]);
    }));
}

test('a reset under a backlog of unsent messages drops the backlog', () =>
  attacked({}, async (rig) => {
    const client = await rig.identified('g');
    client.freeze();
    const socket = rig.sockets.at(-1)!;
    while (socket.writableLength === 0) await rig.gateway.publish('g', 'x'.repeat(200_000));
    client.reset();
    await rig.onlyBystanderIsLeft();
    expect(rig.gateway.groups().find(({ groupId }) => groupId === 'g')).toMatchObject({ connections: 0 });
  }));

test.each([
  ['welcome', handshake('/host')],
  ['refused', handshake('/host').replace('Version: 13', 'Version: 12')],
])('a client that is gone when the host hands it over, and would be %s, harms nobody', (_what, request) =>
  attacked({}, async (rig) => {
    const client = await rig.tcp();
    const handedOver = once(rig.server, 'handed over');
    rig.server.on('upgrade', async (...[upgrade, socket, head]: [IncomingMessage, Duplex, Buffer]) => {
      if (upgrade.url !== '/host') return;
      client.reset();
      await client.ended();
      rig.gateway.handleUpgrade(upgrade, socket, head);
      rig.server.emit('handed over');
    });
    client.write(request);
    await handedOver;
    await rig.onlyBystanderIsLeft();
  }),
);

test.each(['authenticate', 'authorize'] as const)('a reset while %s decides leaves no member behind', (hook) => {
  const answer = new HeldAnswer();
  let strict = false;
  return attacked({ [hook]: () => !strict || answer.wait() }, async (rig) => {
    const client = await rig.open();
    strict = true;
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
    await answer.asked;
    strict = false;
    client.reset();
    await expect.poll(() => rig.disconnects.length, POLL).toBe(1);
    answer.give();
    await rig.bystanderIsServed();
    expect(await rig.gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
    expect(rig.gateway.stats()).toMatchObject({ connections: 1, droppedMembers: 0 });
  });
});
