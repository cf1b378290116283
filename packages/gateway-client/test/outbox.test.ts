import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import type { Context } from '../src/context.js';
import { Deadlines } from '../src/deadlines.js';
import { Dispatcher } from '../src/dispatcher.js';
import { Outbox } from '../src/outbox.js';
import { Session } from '../src/session.js';

test('an answer that comes before `send` has returned, and sends the next, sends nothing twice', async () => {
  const clock = new FakeClock();
  const session = new Session();
  session.memberId = 'm';
  let ids = 0;
  const context = {
    options: { url: '' },
    clock,
    session,
    deadlines: new Deadlines(clock),
    dispatcher: new Dispatcher(() => {}),
    generateId: () => `id-${ids++}`,
  } as unknown as Context;
  const sent: string[] = [];
  const link = {
    isOnline: false,
    send(text: string) {
      const { id } = JSON.parse(text);
      sent.push(id);
      outbox.acked({ id, epoch: 'e', seq: sent.length });
      return true;
    },
  };
  const outbox: Outbox = new Outbox(context, link, { isOpen: () => true });
  const acks = [1, 2, 3].map((data) => outbox.publish('g', data));
  link.isOnline = true;
  outbox.pump();
  expect(sent).toEqual(['id-0', 'id-1', 'id-2']);
  expect((await Promise.all(acks)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(outbox.pending).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
