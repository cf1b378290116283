import type { SocketListener } from 'gateway-core';
import { expect, test } from 'vitest';
import { identify } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

/** A socket that reports something as soon as there is somebody to report to. */
class Early extends RecordingSocket {
  static report: (listener: SocketListener) => void = () => {};

  override bind(listener: SocketListener): void {
    super.bind(listener);
    Early.report(listener);
  }
}

test.each<[what: string, report: (listener: SocketListener) => void]>([
  ['closed', (listener) => listener.closed(1006, '')],
  [
    'closing and closed',
    (listener) => {
      listener.closing(1000, '');
      listener.closed(1000, '');
    },
  ],
  [
    'failed and closed',
    (listener) => {
      listener.failed(1002, 'no frame');
      listener.closed(1002, '');
    },
  ],
])('a socket that reports %s in its bind has come and gone: it takes nobody’s place', async (_, report) => {
  const { clock, gateway, join, events } = setUp({ limits: { connectionsMax: 2 } });
  Early.report = report;
  for (let n = 0; n < 3; n += 1) new Early(gateway);
  await clock.settle();
  expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
  expect(gateway.connections()).toEqual([]);
  expect(events('connection')).toHaveLength(3);
  expect(events('disconnect')).toHaveLength(3);
  const clients = [await join('g'), await join('g'), await join('g')];
  expect(clients.map(({ closed }) => closed?.code)).toEqual([undefined, undefined, 4101]);
});

test('what a socket reports in its bind while it lives harms nothing', async () => {
  Early.report = (listener) => {
    const text = JSON.stringify(identify('g'));
    listener.message(text, text.length);
    listener.drain();
    listener.ping();
  };
  const { clock, gateway, events } = setUp();
  const socket = new Early(gateway);
  await clock.settle();
  expect(gateway.stats()).toMatchObject({ connections: 1 });
  expect(events('error')).toEqual([]);
  expect(socket.received[0]).toMatchObject({ type: 'ready' });
  socket.listener.closed(1006, '');
});

test.each([{ connectionsMax: 2 }, { connectionsPerAddressMax: 2 }])(
  'a socket that reports its end twice frees one place: %j',
  async (limits) => {
    const { clock, gateway, join, events } = setUp({ limits });
    const socket = new RecordingSocket(gateway);
    for (let n = 0; n < 3; n += 1) socket.listener.closed(1006, '');
    await clock.settle();
    expect(events('disconnect')).toHaveLength(1);
    const clients = [await join('g'), await join('g'), await join('g')];
    expect(clients.map(({ closed }) => closed?.code)).toEqual([undefined, undefined, 4101]);
  },
);
