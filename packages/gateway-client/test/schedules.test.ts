import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outcomeOf, World } from './support.js';

const STEPS = fc.array(fc.constantFrom('publish', 'publish', 'publish', 'cut', 'deaf', 'mute', 'away', 'time', 'turn'), {
  minLength: 3,
  maxLength: 40,
});

test('whatever the link does: acknowledged is in the log once and in order, what never went is not, and own messages are heard once', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const world = new World({ limits: { logAgeMaxMs: 3_600_000 } });
      const accepted: { data: unknown; seq: number }[] = [];
      world.gateway.on('data', ({ data, seq }) => accepted.push({ data, seq: seq as number }));
      const client = await world.online();
      const group = client.join<number>('g');
      const heard: number[] = [];
      group.on('message', ({ data }) => heard.push(data));
      await world.clock.advance(0);
      const acks: ReturnType<typeof outcomeOf>[] = [];
      for (const step of steps) {
        if (step === 'publish') acks.push(outcomeOf(group.publish(acks.length, { timeoutMs: 3_600_000 })));
        if (step === 'cut') world.socket.cut();
        // What the gateway says, or what it is told, is lost until the link breaks.
        if (step === 'deaf' && world.socket.readyState === 1) world.socket.onmessage = null;
        if (step === 'mute') world.socket.send = () => {};
        if (step === 'away') {
          world.handshake = 'refuse';
          world.socket.cut();
          await world.clock.advance(20_000);
          world.handshake = 'connect';
          world.signals.give('wake');
        }
        if (step === 'time') await world.clock.advance(700);
        if (step === 'turn') await world.clock.settle();
      }
      world.socket.cut();
      await world.clock.advance(60_000);
      expect(client.status.get().state).toBe('online');
      expect(group.status.get()).toMatchObject({ state: 'live' });
      const log = accepted.map(({ data }) => data);
      expect(log).toEqual([...log].sort((one, other) => (one as number) - (other as number)));
      expect(new Set(log).size).toBe(log.length);
      for (const [index, { value, code }] of acks.entries()) {
        if (value !== undefined) expect(accepted.find(({ seq }) => seq === value.seq)?.data).toBe(index);
        else expect(code).toBe('OUTCOME_UNKNOWN');
      }
      // The log reaches back far enough for everything to be recovered.
      expect(acks.filter(({ code }) => code !== undefined)).toEqual([]);
      expect(heard).toEqual(log);
      void client.close();
      await world.clock.advance(0);
      void world.gateway.close();
      await world.clock.advance(10_000);
      expect(world.clock.pendingTimers).toBe(0);
    }),
    { numRuns: 150 },
  );
}, 60_000);
