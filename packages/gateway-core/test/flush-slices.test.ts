import type { GatewayOptions } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { BusyClock, CostlySocket } from './support/busy-clock.js';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };
/** Nobody is taken for silent, whatever the writes take. */
const timings = { heartbeatTimeoutMs: 1_000_000, identifyTimeoutMs: 1_000_000, slowConsumerTimeoutMs: 0 };
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A group of many members, each write to which takes 50 µs, and one of two. */
async function crowd(members = 1_000, options: GatewayOptions = {}) {
  const clock = new BusyClock();
  const set = setUp({ ...options, limits: { ...limits, ...options.limits }, timings: { ...timings, ...options.timings } }, clock);
  const joined = (groupId: string) => {
    const socket = new CostlySocket(set.gateway, clock, 0.05);
    socket.send(identify(groupId));
    return socket;
  };
  const many = upTo(members).map(() => joined('many'));
  const few = [joined('few'), joined('few')] as const;
  // Every presence update is out.
  await clock.advance(10_000);
  clock.longestMs = 0;
  clock.tasks = 0;
  return { ...set, clock, many, few, joined };
}

describe('one message to a crowd', () => {
  test('holds the event loop for 5 ms at most, and reaches everybody once', async () => {
    const { clock, many } = await crowd();
    many[0]?.send(say('hello'));
    await clock.settle();
    expect(clock.longestMs).toBeLessThanOrEqual(5);
    expect(clock.tasks).toBeGreaterThanOrEqual(10);
    for (const { data } of many) expect(data).toEqual(['hello']);
  });

  test('is one slice where flushSliceMs is 0', async () => {
    const { clock, many } = await crowd(1_000, { timings: { flushSliceMs: 0 } });
    many[0]?.send(say('hello'));
    await clock.settle();
    expect(clock.tasks).toBe(1);
    expect(clock.longestMs).toBeCloseTo(50, 0);
  });

  test('is in slices as long as flushSliceMs says', async () => {
    const { clock, many } = await crowd(1_000, { timings: { flushSliceMs: 20 } });
    many[0]?.send(say('hello'));
    await clock.settle();
    expect(clock.tasks).toBe(3);
  });

  test('of many kilobytes, whose writes take longer, is looked at more often', async () => {
    const { clock, many, joined } = await crowd(64);
    const size = 200_000;
    const dear = upTo(16).map(() => joined('dear'));
    await clock.advance(10_000);
    for (const socket of dear) {
      const { write } = socket;
      socket.write = (frames) => {
        clock.spend(0.5);
        return write.call(socket, frames);
      };
    }
    clock.longestMs = 0;
    dear[0]?.send(say(long(size)));
    await clock.settle();
    expect(clock.longestMs).toBeLessThanOrEqual(5);
    for (const { data } of dear) expect(data).toHaveLength(1);
    expect(many[0]?.data).toEqual([]);
  });

  test('does not hold up another group: groups take turns', async () => {
    const { clock, many, few } = await crowd();
    many[0]?.send(say('to many'));
    few[0].send(say('to few'));
    let whenFewHadIt: number | undefined;
    clock.between = () => {
      if (few[1].data.length > 0) whenFewHadIt ??= many.filter(({ data }) => data.length > 0).length;
    };
    await clock.settle();
    expect(whenFewHadIt).toBeLessThan(150);
    expect(many.at(-1)?.data).toEqual(['to many']);
  });

  test('does not hold up what comes to another group while it is under way', async () => {
    const { clock, many, few } = await crowd();
    many[0]?.send(say('to many'));
    let rounds = 0;
    const waited: number[] = [];
    clock.between = () => {
      rounds += 1;
      if (rounds === 3) few[0].send(say('to few'));
      if (few[1].data.length > 0) waited.push(rounds);
    };
    await clock.settle();
    expect(waited[0]).toBe(4);
  });
});

describe('between two slices', () => {
  test('more messages come: everybody gets all of them, in order, each once', async () => {
    const { clock, many } = await crowd(500);
    many[0]?.send(say(0));
    let next = 1;
    clock.between = () => {
      if (next < 30) many[next % 7]?.send(say(next++));
    };
    await clock.settle();
    for (const { data } of many) expect(data).toEqual(upTo(30));
  });

  test('members come: they get what is said after that', async () => {
    const { clock, many, joined } = await crowd(500);
    many[0]?.send(say('before'));
    const late: CostlySocket[] = [];
    clock.between = () => {
      if (late.length < 3) late.push(joined('many'));
      if (late.length === 3) many[1]?.send(say('after'));
      if (late.length === 3) clock.between = () => {};
    };
    await clock.advance(10_000);
    expect(late.map(({ data }) => data)).toEqual([['after'], ['after'], ['after']]);
    for (const { data } of many) expect(data).toEqual(['before', 'after']);
  });

  test('a member moves or closes: it is written its last messages first, and the others are not passed over', async () => {
    const { clock, many } = await crowd(500);
    many[0]?.send(say('last'));
    const [mover, closer] = many.slice(-2) as [CostlySocket, CostlySocket];
    clock.between = () => {
      expect(many[250]?.data).toEqual([]);
      mover.send(identify('elsewhere'));
      closer.listener.failed(1002, 'it broke the protocol');
      for (const gone of many.slice(100, 200)) gone.listener.closed(1001, '');
      clock.between = () => {};
    };
    await clock.settle();
    for (const socket of [mover, closer]) expect(socket.data).toEqual(['last']);
    const types = mover.received.map(({ type }) => type);
    expect(types.indexOf('data_update')).toBeLessThan(types.lastIndexOf('ready'));
    for (const { data } of [...many.slice(0, 100), ...many.slice(200)]) expect(data).toEqual(['last']);
  });

  test('the gateway closes: everybody has everything before the close frame', async () => {
    const { clock, gateway, many } = await crowd(500, { limits: { drainsPerSecondMax: 0 } });
    many[0]?.send(say('last'));
    let dataAtClose: unknown[][] | undefined;
    clock.between = () => {
      clock.between = () => {};
      void gateway.close({ graceMs: 1_000 });
      for (const socket of many) {
        const { close } = socket;
        socket.close = (...args) => {
          dataAtClose = [...(dataAtClose ?? []), socket.data];
          close.apply(socket, args);
        };
      }
    };
    await clock.settle();
    expect(dataAtClose).toEqual(many.map(() => ['last']));
  });

  test('a socket throws: it ends alone', async () => {
    const { clock, many } = await crowd(500);
    const [broken] = many.slice(50, 51) as [CostlySocket];
    broken.write = () => {
      throw new Error('no more');
    };
    many[0]?.send(say('hello'));
    await clock.settle();
    for (const socket of many) if (socket !== broken) expect(socket.data).toEqual(['hello']);
  });

  test('an unread member stays behind, and reads on when it has drained', async () => {
    const { clock, many } = await crowd(500, { limits: { socketHighWaterMarkBytes: 2_000 } });
    const slow = many[400] as CostlySocket;
    slow.stuck = true;
    for (let n = 0; n < 10; n += 1) {
      many[0]?.send(say(`${n}${long(1_000)}`));
      await clock.settle();
    }
    expect(slow.data.length).toBeLessThan(4);
    slow.drain();
    expect(slow.data).toEqual(many[0]?.data);
  });
});

describe('the log while a pass is under way', () => {
  test('keeps what has not been written, however little it may hold', async () => {
    const { clock, gateway, many } = await crowd(500, { limits: { logMessagesMax: 4, logBytesMax: 500 } });
    many[0]?.send(say(0));
    let next = 1;
    let most = 0;
    clock.between = () => {
      most = Math.max(most, gateway.groups().find(({ groupId }) => groupId === 'many')?.logMessages ?? 0);
      if (next < 20) many[0]?.send(say(next++));
    };
    await clock.settle();
    for (const { data, closes } of many) {
      expect(closes).toEqual([]);
      expect(data).toEqual(upTo(20));
    }
    expect(most).toBeLessThanOrEqual(8);
  });

  test('keeps it also when it is too old, or when all logs are over their budget', async () => {
    const { clock, many } = await crowd(500, { limits: { logAgeMaxMs: 3, logBytesTotalMax: 1_000 } });
    many[0]?.send(say('hello'));
    let turns = 0;
    clock.between = () => {
      turns += 1;
      if (turns === 2) many[1]?.send(say(long(5_000)));
    };
    await clock.advance(2_000);
    for (const { data, closes } of many) {
      expect(closes).toEqual([]);
      expect(data).toEqual(['hello', long(5_000)]);
    }
  });

  test.each([
    ['bytes, by what one write carries', { socketHighWaterMarkBytes: 20_000 }, long(3_000), 70_000],
    ['messages, by half of logMessagesMax', { logMessagesMax: 20 }, 'x', 10_000],
  ])('is bounded in %s: the pass is then finished at once', async (_what, more, text, bytesMax) => {
    const { clock, gateway, many } = await crowd(1_000, { limits: { ...more, logBytesMax: 1_000 } });
    let sent = 0;
    const sayAFew = () => {
      for (let n = 0; n < 4 && sent < 100; n += 1) {
        sent += 1;
        many[0]?.send(say(`${sent} ${text}`));
      }
    };
    let most = 0;
    clock.between = () => {
      sayAFew();
      most = Math.max(most, gateway.groups()[0]?.logBytes ?? 0);
    };
    sayAFew();
    await clock.settle();
    for (const { data, closes } of many) {
      expect(closes).toEqual([]);
      expect(data).toEqual(upTo(100).map((n) => `${n + 1} ${text}`));
    }
    expect(most).toBeLessThan(bytesMax);
  });
});
