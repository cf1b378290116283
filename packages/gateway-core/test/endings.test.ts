import { describe, expect, test } from 'vitest';
import { identify } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { setUp } from './support/set-up.js';
import { withSlow } from './support/slow-member.js';

describe('a member whose connection the gateway ends may come back as who it was, where it is not to stay away', () => {
  test('too slow', async () => {
    const { clock, gateway, slow, sayAndSettle, events } = await withSlow({ timings: { slowConsumerTimeoutMs: 5_000 } });
    await sayAndSettle(0, 1, 2, 3);
    await clock.advance(5_000);
    expect(slow.closes).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats().droppedMembers).toBe(1);
    expect(events('leave')).toEqual([]);
  });

  test('the log of its group was lost', async () => {
    const broker = new ResettableBroker();
    const { clock, gateway, join, events } = setUp({ broker });
    const clients = [await join('g'), await join('g')];
    broker.lose('g');
    await clock.settle();
    expect(clients.map(({ closed }) => closed?.code)).toEqual([1013, 1013]);
    expect(gateway.stats()).toMatchObject({ droppedMembers: 2, slowConsumersTotal: 0, resetsTotal: 1 });
    expect(await gateway.presence('g')).toMatchObject({ status: 'DEGRADED', details: { members: 2 } });
    expect(events('leave')).toEqual([]);
  });

  test('its socket threw', async () => {
    class Failing extends RecordingSocket {
      override write(frames: Buffer): boolean {
        if (frames.includes('too much')) throw new Error('the network failed');
        return super.write(frames);
      }
    }
    const { clock, gateway, events } = setUp();
    new Failing(gateway).send(identify('g'));
    await clock.settle();
    await gateway.publish('g', 'too much');
    await clock.settle();
    expect(events('disconnect')).toMatchObject([{ code: 1013, by: 'gateway' }]);
    expect(gateway.stats().droppedMembers).toBe(1);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DEGRADED' });
  });

  test('it was silent', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    await clock.advance(25_000);
    expect(client.closed?.code).toBe(4200);
    expect(gateway.stats().droppedMembers).toBe(1);
  });
});

test('a member that is told to go by a drain has left by then, though others are told later [R236]', async () => {
  const { clock, gateway, join, events } = setUp({ limits: { drainsPerSecondMax: 10 } });
  for (let n = 0; n < 3; n += 1) await join('g', { metadata: { n } });
  void gateway.close({ graceMs: 60_000 });
  await clock.settle();
  expect(gateway.stats()).toMatchObject({ connections: 2, droppedMembers: 0 });
  expect(events('leave')).toHaveLength(1);
  expect(await gateway.presence('g')).toMatchObject({ status: 'UP', details: { members: 2, metadata: { n: 0 } } });
});
