import { createGateway } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import type { OutgoingToClient2 } from 'gateway-protocol';
import { expect, test } from 'vitest';

test.each([4900, 4901, 4902, 4903, 4999])(
  'a client that closes with %i has dropped: it is still there, and is resumed',
  async (code) => {
    const clock = new FakeClock();
    const gateway = createGateway({ clock });
    const come = async (resume?: object) => {
      const client = connectClient<OutgoingToClient2>(gateway);
      client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g', resume } });
      await clock.settle();
      const ready = client.received.flatMap((message) => (message.type === 'ready' ? [message.payload] : [])).at(-1);
      return { client, ready };
    };
    const first = await come();
    first.client.close(code);
    await clock.advance(10_000);
    expect((await gateway.members('g')).map(({ memberId }) => memberId)).toEqual([first.ready?.memberId]);
    const second = await come({ token: first.ready?.resume?.token });
    expect(second.ready).toMatchObject({ resumed: true, memberId: first.ready?.memberId });
    void gateway.close();
    await clock.advance(10_000);
  },
);
