import { expect, test } from 'vitest';
import { attacked, POLL } from './support/rig.js';

const CROWD = 1_000;

test('1,000 clients that identify into one group within 2 s get at most 5 presence messages each, and the last one is right', () =>
  attacked({}, async (rig) => {
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => rig.open()));
    let identified = 0;
    rig.gateway.on('identify', () => {
      identified += 1;
    });
    for (let sent = 1; sent <= CROWD; sent += 1) {
      crowd[sent - 1]?.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'crowd' } });
      // A hundred turns of the loop, so that the end of a turn alone does not bring them together, and ten intervals of
      // `presenceIntervalMs`.
      if (sent % 10 === 0) await expect.poll(() => identified, POLL).toBe(sent);
      if (sent % 100 === 0) await rig.clock.advance(200);
    }
    // The longest interval that 1,000 make: 4 ms for each.
    await rig.clock.advance(4_000);
    await rig.gateway.publish('crowd', 'over');
    const presences = await Promise.all(
      crowd.map(async (client) => {
        const received = [];
        for (let message = await client.message(); message.payload?.data !== 'over'; message = await client.message()) {
          if (message.type === 'presence_update') received.push(message.payload.info);
        }
        return received;
      }),
    );
    for (const received of presences) {
      expect(received.length).toBeLessThanOrEqual(5);
      expect(received.at(-1)).toMatchObject({ status: 'UP', details: { members: CROWD } });
    }
  }));

test('1,000 clients that drop at once cost the one who stays at most 20 presence messages', () =>
  attacked({}, async (rig) => {
    const witness = await rig.identified('crowd');
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => rig.identified('crowd')));
    await rig.clock.advance(400);
    await witness.roundTrip();
    for (const client of crowd) client.reset();
    await expect.poll(() => rig.disconnects.length, POLL).toBe(CROWD);
    await rig.pass(16_000);
    witness.send({ type: 'data_update', payload: { data: 'over' } });
    const received = [];
    for (let message = await witness.message(); message.type !== 'data_update'; message = await witness.message()) {
      received.push(message.payload.info);
    }
    expect(received.length).toBeLessThanOrEqual(20);
    expect(received.at(-1)).toMatchObject({ status: 'UP', details: { members: 1 } });
  }));
