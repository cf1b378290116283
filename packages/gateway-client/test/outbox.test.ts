import { getEventListeners } from 'node:events';
import { FakeClock } from 'gateway-core/testing';
import type { ErrorCode, SyncPayload } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { createContext } from '../src/context.js';
import { GatewayClientError } from '../src/errors.js';
import type { PublishOptions } from '../src/group.js';
import type { OutboxOptions } from '../src/options.js';
import { createOutbox, type Outbox } from '../src/outbox.js';
import { createPacing } from '../src/pacing.js';
import { outcomeOf } from './support.js';

/** An outbox whose link and groups the test plays. Ids are `id-0`, `id-1`, … */
function boxed(bounds: Partial<OutboxOptions> = {}, takes = () => true) {
  const clock = new FakeClock();
  let ids = 0;
  const context = createContext({ url: '', clock, outbox: bounds, generateId: () => `id-${ids++}` });
  const sent: string[] = [];
  const wire = { isOnline: true, isOpen: true };
  const link = {
    isOnline: () => wire.isOnline,
    send(text: unknown) {
      sent.push(JSON.parse(text as string).id);
      return takes();
    },
  };
  const outbox = createOutbox(context, link, () => wire.isOpen);
  const publish = (data: unknown = 1, options?: PublishOptions) => outcomeOf(outbox.publish('g', data, options));
  const ack = (...numbers: number[]) => {
    for (const n of numbers) outbox.acked({ id: `id-${n}`, epoch: 'e', seq: n });
  };
  const fails = (n: number, code: ErrorCode, retryAfterMs?: number) =>
    outbox.refused(new GatewayClientError(code, code, { id: `id-${n}`, retryAfterMs }));
  const synced = (outcome: SyncPayload['outcome']) =>
    outbox.synced({ groupId: 'g', epoch: 'e', seq: 0, replayed: 0, outcome } as SyncPayload);
  /** The connection is lost, and there is another one; before its `sync`. */
  const comesBack = (isResumed: boolean) => {
    wire.isOnline = false;
    outbox.offline();
    wire.isOnline = wire.isOpen = false;
    wire.isOnline = true;
    outbox.online(isResumed);
    outbox.pump();
    wire.isOpen = true;
  };
  return { clock, outbox, wire, sent, publish, ack, fails, synced, comesBack };
}

/** Data with which a message has so many bytes. Its id is one of the first ten. */
const dataOf = (bytes: number) =>
  'x'.repeat(bytes - JSON.stringify({ type: 'data_update', groupId: 'g', id: 'id-0', payload: { data: '' } }).length);

describe('the bounds are kept to the message and to the byte', () => {
  test('of what waits or is unanswered', async () => {
    const { clock, outbox, publish, ack } = boxed({ bytesMax: 200 });
    const first = publish(dataOf(100));
    const second = publish(dataOf(100));
    const over = publish(dataOf(82));
    await clock.settle();
    expect([first, second].map(({ settled }) => settled)).toEqual([false, false]);
    expect(over.code).toBe('OUTBOX_FULL');
    ack(0);
    // One byte more than there is room for; then as many.
    const [more, fits] = [publish(dataOf(101)), publish(dataOf(100))];
    await clock.settle();
    expect([more.code, fits.settled]).toEqual(['OUTBOX_FULL', false]);
    ack(1, 4);
    expect(outbox.pending()).toBe(0);
    const few = boxed({ messagesMax: 3 });
    const four = [1, 2, 3, 4].map(() => few.publish());
    await clock.settle();
    expect(four.map(({ code }) => code)).toEqual([undefined, undefined, undefined, 'OUTBOX_FULL']);
  });

  test('of what is on its way', () => {
    const { sent, publish, ack } = boxed({ inFlightMax: 3 });
    for (let n = 0; n < 6; n += 1) publish();
    expect(sent).toEqual(['id-0', 'id-1', 'id-2']);
    ack(1);
    expect(sent.slice(3)).toEqual(['id-3']);
    ack(0, 2, 3);
    expect(sent.slice(4)).toEqual(['id-4', 'id-5']);
  });

  test('of the bytes that are on their way; what is larger than all of them goes alone', () => {
    const { sent, publish, ack } = boxed({ inFlightBytesMax: 200 });
    for (const bytes of [100, 100, 82, 201, 82]) publish(dataOf(bytes));
    expect(sent).toEqual(['id-0', 'id-1']);
    ack(0);
    expect(sent.slice(2)).toEqual(['id-2']);
    ack(1);
    expect(sent.slice(3)).toEqual([]);
    ack(2);
    expect(sent.slice(3)).toEqual(['id-3']);
    ack(3);
    expect(sent.slice(4)).toEqual(['id-4']);
  });

  test('and room is made by what was never sent, the oldest first, and only for what can have it', async () => {
    const { clock, wire, sent, publish } = boxed({ overflow: 'drop-oldest', messagesMax: 3, bytesMax: 1_000, inFlightMax: 1 });
    const outcomes = [publish(), publish(), publish()];
    expect(sent).toEqual(['id-0']);
    const huge = publish(dataOf(1_001));
    await clock.settle();
    expect(huge.code).toBe('OUTBOX_FULL');
    expect(outcomes.map(({ settled }) => settled)).toEqual([false, false, false]);
    outcomes.push(publish());
    await clock.settle();
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, 'DROPPED', undefined, undefined]);
    // What was sent stays also where its answer is not awaited on this connection any more.
    wire.isOnline = false;
    outcomes.push(publish(), publish(), publish());
    await clock.settle();
    expect(outcomes.map(({ code }) => code)).toEqual([
      undefined,
      'DROPPED',
      'DROPPED',
      'DROPPED',
      'DROPPED',
      undefined,
      undefined,
    ]);
  });
});

describe('after a loss', () => {
  test('what was never sent is sent, whoever came back and whatever was lost', () => {
    for (const isResumed of [true, false]) {
      for (const outcome of ['live', 'recovered', 'reset'] as const) {
        const { wire, sent, publish, synced, comesBack } = boxed();
        wire.isOpen = false;
        publish();
        comesBack(isResumed);
        synced(outcome);
        expect(sent, `${isResumed} ${outcome}`).toEqual(['id-0']);
      }
    }
  });

  test('what the gateway had failed on is sent again by the same member, and by another one cannot be known', async () => {
    for (const isResumed of [true, false]) {
      const { clock, sent, publish, fails, synced, comesBack } = boxed();
      const outcome = publish();
      fails(0, 'INTERNAL', 1_000);
      comesBack(isResumed);
      synced('recovered');
      await clock.settle();
      expect([sent.length, outcome.code]).toEqual(isResumed ? [2, undefined] : [1, 'OUTCOME_UNKNOWN']);
      const again = boxed();
      const other = again.publish();
      again.fails(0, 'INTERNAL', 1_000);
      await again.clock.advance(1_000);
      again.comesBack(isResumed);
      again.synced('recovered');
      await clock.settle();
      expect([again.sent.length, other.code]).toEqual(isResumed ? [3, undefined] : [2, 'OUTCOME_UNKNOWN']);
    }
  });

  test('what is sent again after a `reset`, and refused then, may have been accepted before', async () => {
    const { clock, sent, publish, fails, synced, comesBack } = boxed();
    const [asked, other] = [publish(1, { whenUnknown: 'resend' }), publish()];
    comesBack(true);
    synced('reset');
    await clock.settle();
    expect([asked.settled, other.code]).toEqual([false, 'OUTCOME_UNKNOWN']);
    expect(sent).toEqual(['id-0', 'id-1', 'id-0']);
    fails(0, 'FORBIDDEN');
    await clock.settle();
    expect(asked.code).toBe('OUTCOME_UNKNOWN');
    // After `recovered` it was not accepted before.
    const recovered = boxed();
    const refused = recovered.publish(1, { whenUnknown: 'resend' });
    recovered.comesBack(true);
    recovered.synced('recovered');
    recovered.fails(0, 'FORBIDDEN');
    await clock.settle();
    expect(refused.code).toBe('FORBIDDEN');
  });

  test('a `sync` decides nothing of what is on its way on the connection that it came on', async () => {
    for (const outcome of ['recovered', 'reset'] as const) {
      const { clock, sent, publish, ack, synced } = boxed();
      const answer = publish();
      synced(outcome);
      await clock.settle();
      expect([sent.length, answer.settled]).toEqual([1, false]);
      ack(0);
      await clock.settle();
      expect(answer.value).toMatchObject({ duplicate: false });
    }
  });

  test('a pause that the gateway asked for ends with its connection', async () => {
    const { clock, sent, publish, fails, synced, comesBack } = boxed();
    publish();
    fails(0, 'RATE_LIMITED', 60_000);
    comesBack(true);
    synced('recovered');
    await clock.settle();
    expect(sent).toHaveLength(2);
  });

  test('what a socket did not take is not on its way, and is decided as what was', () => {
    let takes = false;
    const { sent, publish, synced, comesBack } = boxed({ inFlightMax: 1 }, () => takes);
    publish();
    publish();
    expect(sent).toEqual(['id-0', 'id-1']);
    takes = true;
    comesBack(true);
    synced('recovered');
    expect(sent.slice(2)).toEqual(['id-0']);
  });
});

test('of a group that was left, what is on its way is answered, and what waits is not sent', async () => {
  const { clock, outbox, publish, ack } = boxed({ inFlightMax: 1 });
  const [sent, waits] = [publish(), publish()];
  outbox.end(new GatewayClientError('LEFT', 'left'), 'g');
  await clock.settle();
  expect([sent.settled, waits.code]).toEqual([false, 'LEFT']);
  ack(0);
  await clock.settle();
  expect(sent.value).toMatchObject({ seq: 0 });
});

test('an `ack` that names no place in the log answers no message', async () => {
  const { clock, outbox, publish } = boxed();
  const answer = publish();
  outbox.acked({ id: 'id-0' });
  outbox.acked({ id: 'id-0', seq: 1 });
  outbox.acked({ id: 'id-0', epoch: 'e' });
  await clock.settle();
  expect(answer.settled).toBe(false);
});

test('what is settled has no timer and no listener any more', async () => {
  const { clock, publish, ack } = boxed();
  const { signal } = new AbortController();
  publish(1, { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  ack(0);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});

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

describe('messages leave at nine tenths of the rate that `ready` names, after half a second of it at once', () => {
  test.each([
    [{ messagesPerSecondMax: 100 }, 1, 46, 90],
    [{ bytesPerSecondMax: 10_000 }, 100, 46, 90],
    [{ messagesPerSecondMax: 1_000, bytesPerSecondMax: 10_000 }, 100, 46, 90],
    [{ messagesPerSecondMax: 100, bytesPerSecondMax: 1_000_000 }, 100, 46, 90],
    [{ messagesPerSecondMax: 0, bytesPerSecondMax: 0 }, 100, 1_000, 0],
  ])('%j, of %i bytes', async (limits, bytes, atOnce, perSecond) => {
    const clock = new FakeClock();
    const context = createContext({ url: '', clock });
    Object.assign(context.session, { limits });
    let wanted = 1_000;
    let taken = 0;
    const pump = () => {
      while (wanted > 0 && pacing.take(bytes)) {
        wanted -= 1;
        taken += 1;
      }
    };
    const pacing = createPacing(context, pump);
    pump();
    expect(taken).toBe(atOnce);
    await clock.advance(10_000);
    expect(Math.abs(taken - atOnce - 10 * perSecond)).toBeLessThanOrEqual(1);
  });
});
