import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { createContext } from '../src/context.js';
import { createOutbox, type Outbox } from '../src/outbox.js';

test('an answer that comes before `send` has returned, and sends the next, sends nothing twice', async () => {
  const clock = new FakeClock();
  let ids = 0;
  const context = createContext({ url: '', clock, generateId: () => `id-${ids++}` });
  const sent: string[] = [];
  let isOnline = false;
  const link = {
    isOnline: () => isOnline,
    send(text: unknown) {
      const { id } = JSON.parse(text as string);
      sent.push(id);
      outbox.acked({ id, epoch: 'e', seq: sent.length });
      return true;
    },
  };
  const outbox: Outbox = createOutbox(context, link, () => true);
  const acks = [1, 2, 3].map((data) => outbox.publish('g', data));
  isOnline = true;
  outbox.pump();
  expect(sent).toEqual(['id-0', 'id-1', 'id-2']);
  expect((await Promise.all(acks)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(outbox.pending()).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
