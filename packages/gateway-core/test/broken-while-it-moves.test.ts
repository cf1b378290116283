import { expect, test } from 'vitest';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

class BreakingSocket extends RecordingSocket {
  isBroken = false;

  override write(frames: Buffer): boolean {
    if (this.isBroken) throw new Error('EPIPE');
    return super.write(frames);
  }
}

test.each(['1', '2'])(
  'a socket that breaks as its member makes room for another user leaves neither of them behind: dialect %s',
  async (version) => {
    const { clock, gateway, events } = setUp({ authenticate: ({ token }) => ({ principal: String(token) }) });
    const socket = new BreakingSocket(gateway);
    const identify = (token: string, groupId: string) =>
      socket.send({ type: 'identify', version, payload: { clientType: 'app-client', token, groupId } });
    identify('ada', 'g');
    await clock.advance(1_000);
    identify('bob', 'h');
    // Owed to the first one as the other one comes, and not written yet.
    const publishing = gateway.publish('g', 'last');
    socket.isBroken = true;
    await publishing;
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await clock.settle();
    socket.listener.closed(1006, '');
    await clock.advance(20_000);
    expect(events('error').map(({ where }) => where)).toEqual(['socket']);
    expect(await gateway.members('g')).toEqual([]);
    expect(await gateway.members('h')).toEqual([]);
    expect(gateway.groups().map(({ connections }) => connections)).toEqual(gateway.groups().map(() => 0));
    expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0 });
    expect(events('join').length).toBe(events('leave').length);
  },
);
