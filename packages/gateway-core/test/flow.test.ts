import { describe, expect, test } from 'vitest';
import { heartbeat, identify, long, presencesOf, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';
import { limits, timings, upTo, withSlow } from './support/slow-member.js';

/** A socket that is always busy: what it takes never brings it to nothing, so it reports no drain. */
const take = (socket: RecordingSocket, bytes: number) => {
  socket.bufferedBytes = Math.max(1, socket.bufferedBytes - bytes);
};

describe('on a link that is always busy, and never drains', () => {
  test('a client that was answered once over the mark is read from again', async () => {
    const { clock, slow, healthy, sayAndSettle } = await withSlow({ limits, timings: { slowConsumerTimeoutMs: 15_000 } });
    await sayAndSettle(...upTo(5));
    slow.send({ type: 'nonsense' });
    expect(slow.reading).toBe(false);
    for (let n = 5; n < 60; n += 1) {
      take(slow, 1_700);
      await sayAndSettle(n);
      await clock.advance(1_000);
      if (slow.reading) slow.send(heartbeat());
      healthy.send(heartbeat());
    }
    expect(slow.flow).toEqual(['pause', 'resume']);
    expect(slow.closes).toEqual([]);
  });

  test('a move comes to its end, with everything of the old group before it', async () => {
    const { clock, slow, healthy, sayAndSettle, numbersOf } = await withSlow({ limits, timings });
    await sayAndSettle(...upTo(8));
    slow.send(identify('new'));
    let said = 8;
    while (said < 60 && !slow.received.some(({ type, groupId }) => type === 'presence_update' && groupId === 'new')) {
      take(slow, 2_000);
      await sayAndSettle(said);
      said += 1;
      await clock.advance(1_000);
    }
    expect(said).toBeLessThan(60);
    const heard = numbersOf(slow.data);
    expect(heard).toEqual(upTo(heard.length));
    expect(heard.length).toBeGreaterThan(8);
    healthy.send(heartbeat());
  });

  test('a goodbye is said once it has everything, inside the grace', async () => {
    const { clock, gateway, slow, sayAndSettle, numbersOf } = await withSlow({ limits, timings });
    await sayAndSettle(...upTo(8));
    const closing = gateway.close({ graceMs: 60_000 });
    for (let n = 0; n < 20 && slow.closes.length === 0; n += 1) {
      take(slow, 2_000);
      await clock.advance(1_000);
    }
    expect(slow.closes).toMatchObject([{ code: 1012 }]);
    expect(numbersOf(slow.data)).toEqual(upTo(8));
    slow.listener.closed(1012, '');
    await closing;
  });

  test('one that stays over the mark is too slow all the same, within slowConsumerTimeoutMs', async () => {
    const { clock, slow, sayAndSettle } = await withSlow({ limits, timings: { ...timings, slowConsumerTimeoutMs: 5_000 } });
    await sayAndSettle(...upTo(8));
    slow.send({ type: 'nonsense' });
    await clock.advance(5_000);
    expect(slow.closes).toMatchObject([{ code: 1013 }]);
  });
});

test('between the mark and half of it nothing is written that the log can keep; at half it reads on', async () => {
  const { slow, sayAndSettle, numbersOf } = await withSlow({ limits, timings });
  await sayAndSettle(...upTo(4));
  const before = slow.data.length;
  slow.bufferedBytes = 2_999;
  await sayAndSettle(4);
  expect(slow.data).toHaveLength(before);
  slow.bufferedBytes = 1_501;
  await sayAndSettle(5);
  expect(slow.data).toHaveLength(before);
  slow.bufferedBytes = 1_500;
  await sayAndSettle(6);
  expect(numbersOf(slow.data).length).toBeGreaterThan(before);
});

test('a sweep finds room in a group where nothing is said', async () => {
  const { clock, slow, sayAndSettle, numbersOf } = await withSlow({ limits, timings });
  await sayAndSettle(...upTo(5));
  slow.stuck = false;
  slow.bufferedBytes = 1;
  await clock.advance(1_000);
  expect(numbersOf(slow.data)).toEqual(upTo(5));
});

describe('silence', () => {
  class Pinged extends RecordingSocket {
    pings = 0;
    answers = true;
    ping(): void {
      this.pings += 1;
      if (this.answers) this.listener.ping();
    }
  }

  test('a quarter of the way from heartbeatIntervalMs to heartbeatTimeoutMs is asked about with a ping, once for each silence [R60]', async () => {
    const { clock, gateway } = setUp({ timings: { heartbeatIntervalMs: 10_000, heartbeatTimeoutMs: 26_000 } });
    const socket = new Pinged(gateway);
    socket.send(identify('g'));
    await clock.advance(13_999);
    expect(socket.pings).toBe(0);
    await clock.advance(1);
    expect(socket.pings).toBe(1);
    await clock.advance(5_000);
    expect(socket.pings).toBe(1);
    await clock.advance(135_000);
    expect(socket.pings).toBe(11);
    expect(socket.closes).toEqual([]);
    socket.answers = false;
    await clock.advance(25_000);
    expect(socket.closes).toEqual([]);
    await clock.advance(1_000);
    expect(socket.closes).toMatchObject([{ code: 4200 }]);
    expect(socket.pings).toBe(12);
  });

  test('of a client that heartbeats is none: it is never pinged, though each beat comes late', async () => {
    const { clock, gateway } = setUp();
    const socket = new Pinged(gateway);
    socket.send(identify('g'));
    for (let beats = 0; beats < 20; beats += 1) {
      await clock.advance(12_000);
      socket.send(heartbeat());
    }
    expect(socket.pings).toBe(0);
  });

  test('does not count while the gateway does not listen, and counts from then on [R62]', async () => {
    let answer = () => {};
    const { clock, gateway } = setUp({
      timings: { partTimeoutMs: 1_000_000 },
      authorize: ({ action }) =>
        action === 'join' ||
        new Promise((resolve) => {
          answer = () => resolve(true);
        }),
    });
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    await clock.settle();
    socket.send(say('in the hook'));
    socket.send(say('waits'));
    expect(socket.reading).toBe(false);
    await clock.advance(100_000);
    expect(socket.closes).toEqual([]);
    answer();
    await clock.settle();
    answer();
    await clock.advance(24_000);
    expect(socket.closes).toEqual([]);
    await clock.advance(1_000);
    expect(socket.closes).toMatchObject([{ code: 4200 }]);
  });
});

describe('a heartbeat with an id asks for a sign of life', () => {
  test('and is answered with the presence of its group, changed or not [R63]', async () => {
    const { clock, join } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    await clock.advance(1_000);
    const [before, others] = [presencesOf(client).length, presencesOf(other).length];
    client.send(heartbeat({ id: '1' }));
    await clock.settle();
    expect(presencesOf(client)).toHaveLength(before + 1);
    expect(presencesOf(client).at(-1)).toEqual(presencesOf(client).at(-2));
    expect(presencesOf(other)).toHaveLength(others);
    client.send(heartbeat());
    await clock.settle();
    expect(presencesOf(client)).toHaveLength(before + 1);
  });

  test('and is no error before a group is joined', async () => {
    const { clock, connect, join } = setUp();
    const clients = [connect(), await join()];
    for (const client of clients) client.send(heartbeat({ id: '1' }));
    await clock.settle();
    for (const { received } of clients) expect(received.every(({ type }) => type === 'ready')).toBe(true);
  });

  test('of a group that it is not in is NOT_A_MEMBER', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    client.send(heartbeat({ id: '1', groupId: 'h' }));
    await clock.settle();
    expect(client.received.at(-1)).toMatchObject({ type: 'error', payload: { code: 'NOT_A_MEMBER', inReplyTo: '1' } });
  });
});

describe('identify has a rate of its own', () => {
  test('over joinsBurst it is RATE_LIMITED with the time to wait, while messages pass [R38]', async () => {
    const { clock, join } = setUp({ limits: { joinsPerSecondMax: 2, joinsBurst: 4 } });
    const client = await join('g');
    for (let n = 0; n < 5; n += 1) client.send({ ...identify('g', { metadata: { n } }), id: `${n}` });
    client.send(say(long(10)));
    await clock.settle();
    const refused = client.received.flatMap((message) => (message.type === 'error' ? [message.payload] : []));
    expect(refused).toMatchObject([
      { code: 'RATE_LIMITED', retryAfterMs: 500, inReplyTo: '3' },
      { code: 'RATE_LIMITED', inReplyTo: '4' },
    ]);
    expect(client.data).toEqual([long(10)]);
    await clock.advance(500);
    client.send(identify('h'));
    await clock.settle();
    expect(client.received.filter(({ type }) => type === 'error')).toHaveLength(2);
  });

  test.each([
    [{ messagesPerSecondMax: 0 }, 0],
    [{ messagesBurst: 0 }, 0],
    [{ messagesPerSecondMax: 0, joinsPerSecondMax: 5, joinsBurst: 50 }, 51],
    [{ joinsPerSecondMax: 0, messagesBurst: 200 }, 0],
  ])('%j: of 100 at once, %i are refused', async (rates, refusals) => {
    const { clock, gateway, join } = setUp({ limits: { ...rates, errorsBurst: 1_000 } });
    const client = await join('g');
    for (let n = 0; n < 100; n += 1) client.send(identify('g'));
    await clock.settle();
    expect(gateway.stats().errorsSentTotal).toBe(refusals);
  });
});

describe('a client that is kept waiting and takes nothing', () => {
  const stallWithMove = async () => {
    const set = await withSlow({ limits, timings: { slowConsumerTimeoutMs: 15_000 } });
    const { clock, slow, healthy, sayAndSettle } = set;
    await sayAndSettle(...upTo(4));
    // Under the mark again, but not as far as to be written to.
    take(slow, 1_000);
    await clock.advance(1_000);
    slow.send(identify('new'));
    slow.send(heartbeat());
    expect(slow.reading).toBe(false);
    const pass = async (ms: number, each: () => void) => {
      for (let n = 0; n < ms; n += 1_000) {
        each();
        healthy.send(heartbeat());
        await clock.advance(1_000);
      }
    };
    return { ...set, pass };
  };

  test('is closed for its silence, though its own move is what it waits for', async () => {
    const { slow, pass, events } = await stallWithMove();
    await pass(23_000, () => {});
    expect(slow.closes).toEqual([]);
    await pass(4_000, () => {});
    expect(slow.closes).toMatchObject([{ code: 4200 }]);
    expect(events('disconnect')).toHaveLength(1);
  });

  test('stays while it takes anything at all', async () => {
    const { slow, pass } = await stallWithMove();
    await pass(60_000, () => take(slow, 1));
    expect(slow.closes).toEqual([]);
  });
});
