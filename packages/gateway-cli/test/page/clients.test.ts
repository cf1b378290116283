// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FeedClient, type FeedState } from '../../page/feed-client.js';
import { withoutTokens } from '../../page/play/player.js';
import type { Events } from '../../src/playground/wire.js';

/** What a browser's WebSocket does, with the test at the other end. Its events are trusted, as those of a network are. */
class FakeWebSocket extends EventTarget {
  static all: FakeWebSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  closed: unknown[] | undefined;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: Event) => void) | null = null;
  onclose: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  constructor(readonly url: string | URL) {
    super();
    FakeWebSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(...closed: unknown[]): void {
    this.closed = closed;
    this.dispatchEvent(Object.assign(new Event('close'), { code: closed[0], reason: closed[1] }));
  }

  says(data: string): void {
    const event = Object.assign(new Event('message'), { data });
    Object.defineProperty(event, 'isTrusted', { value: true });
    this.dispatchEvent(event);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
/** Loads a module whose sockets extend the one that is there then. */
function withFakeSockets<Module>(load: () => Promise<Module>): Promise<Module> {
  vi.resetModules();
  vi.stubGlobal('WebSocket', FakeWebSocket);
  return load();
}
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe('the feed', () => {
  /** A feed whose requests the test answers. */
  function watching() {
    const requests: { url: string; signal: AbortSignal; answer(response: Response | Error): void }[] = [];
    vi.stubGlobal('fetch', (url: string, { signal }: { signal: AbortSignal }) => {
      return new Promise<Response>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        requests.push({ url, signal, answer: (said) => (said instanceof Error ? reject(said) : resolve(said)) });
      });
    });
    const states: FeedState[] = [];
    const events: Events[] = [];
    let changes = 0;
    const feed = new FeedClient({
      changed: () => {
        changes += 1;
      },
      events: (told) => events.push(told),
      state: (state) => states.push(state),
    });
    return { requests, feed, states, events, changes: () => changes };
  }
  const none = { set: [], gone: [] };
  const snapshot = { at: 1, stats: {}, draining: false, connections: none, groups: none, codes: [], events: [] };
  const told = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  /** A stream that stays open until it is ended. */
  function streaming(...texts: string[]) {
    let end = () => {};
    let fail = (_: Error) => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
        end = () => controller.close();
        fail = (error) => controller.error(error);
      },
    });
    return { response: new Response(body), end: () => end(), fail: (error: Error) => fail(error) };
  }

  test('of a group is asked for by its id, and that of all by none', () => {
    const { requests, feed } = watching();
    feed.look(undefined);
    feed.look('a&b=ü');
    expect(requests.map(({ url }) => url)).toEqual(['live', 'live?group=a%26b%3D%C3%BC']);
  });

  test('tells of a snapshot and of changes, and of events by themselves', async () => {
    const { requests, feed, states, events, changes } = watching();
    feed.look(undefined);
    const whole = told('snapshot', snapshot);
    const { response } = streaming(
      whole.slice(0, 20),
      whole.slice(20) + told('events', { events: [{ n: 1 }], left: 0 }),
      told('events', { events: [], left: 2 }),
      told('change', { ...snapshot, at: 2 }),
    );
    requests[0]!.answer(response);
    await settle();
    expect(states).toEqual([{ live: true }]);
    expect(changes()).toBe(2);
    expect(events).toEqual([
      { events: [{ n: 1 }], left: 0 },
      { events: [], left: 2 },
    ]);
    expect(feed.model.change?.at).toBe(2);
  });

  test('of before stays until the new one has told its snapshot, and not longer', async () => {
    const { requests, feed, states } = watching();
    feed.look(undefined);
    const first = streaming(told('snapshot', snapshot));
    requests[0]!.answer(first.response);
    await settle();
    feed.look('g');
    await settle();
    expect(requests[0]!.signal.aborted).toBe(false);
    requests[1]!.answer(streaming(told('snapshot', snapshot)).response);
    await settle();
    expect([requests[0]!.signal.aborted, requests[1]!.signal.aborted]).toEqual([true, false]);
    first.fail(new DOMException('aborted', 'AbortError'));
    await settle(60_000);
    expect(requests).toHaveLength(2);
    // That it was let go is no loss.
    expect(states).toEqual([{ live: true }, { live: true }]);
  });

  test('is asked for again after longer and longer pauses, and says why there is none', async () => {
    const { requests, feed, states } = watching();
    feed.look(undefined);
    const reasons = [
      [new TypeError('fetch failed'), 'the gateway does not answer'],
      [new Response('{"error":{"message":"the password, please"}}', { status: 401 }), 'the password, please'],
      [new Response('<html>', { status: 502 }), 'the gateway answers 502'],
    ] as const;
    for (const [at, [answer, reason]] of reasons.entries()) {
      requests.at(-1)!.answer(answer);
      await settle();
      expect(states.at(-1)).toEqual({ live: false, reason });
      await settle((at + 1) * 1_000 - 1);
      expect(requests).toHaveLength(at + 1);
      await settle(1);
      expect(requests).toHaveLength(at + 2);
    }
    for (let at = 0; at < 20; at += 1) {
      requests.at(-1)!.answer(new TypeError());
      await settle(10_000);
    }
    const { length } = requests;
    expect(length).toBe(24);
    // A snapshot makes it begin anew.
    const stream = streaming(told('snapshot', snapshot));
    requests.at(-1)!.answer(stream.response);
    await settle();
    stream.end();
    await settle();
    expect(states.slice(-2)).toEqual([{ live: true }, { live: false, reason: 'the gateway has ended the feed' }]);
    await settle(1_000);
    expect(requests).toHaveLength(length + 1);
  });

  test('that is left while it is away is not asked for any more', async () => {
    const { requests, feed } = watching();
    feed.look(undefined);
    requests[0]!.answer(new TypeError());
    await settle();
    feed.look('g');
    requests[1]!.answer(new TypeError());
    await settle(1_500);
    // The one before gave up; of the new one there are two.
    expect(requests.map(({ url }) => url).filter((url) => url === 'live')).toHaveLength(1);
  });
});

describe('a network that is broken by hand', () => {
  async function connected() {
    const { FaultyNetwork: Faulty } = await withFakeSockets(() => import('../../page/play/faults.js'));
    const network = new Faulty();
    const socket = new network.WebSocket('ws://h/rt') as unknown as FakeWebSocket;
    const heard: string[] = [];
    socket.onmessage = (event) => heard.push((event as MessageEvent).data);
    await settle();
    return { network, socket, heard };
  }

  test('half-open swallows both directions, and gives nothing back', async () => {
    const { network, socket, heard } = await connected();
    network.setHalfOpen(true);
    socket.says('in');
    socket.send('out');
    network.setHalfOpen(false);
    socket.says('later');
    socket.send('more');
    expect([heard, socket.sent]).toEqual([['later'], ['more']]);
  });

  test('frozen holds back what comes, and delivers it in order when it thaws', async () => {
    const { network, socket, heard } = await connected();
    network.setFrozen(true);
    socket.says('one');
    network.setFrozen(true);
    socket.says('two');
    socket.send('out');
    expect([heard, socket.sent]).toEqual([[], ['out']]);
    network.setFrozen(false);
    expect(heard).toEqual(['one', 'two']);
    network.setFrozen(false);
    expect(heard).toHaveLength(2);
  });

  test('a refused token is one `identify` that is answered UNAUTHORIZED and closed with 4001', async () => {
    const { network, socket, heard } = await connected();
    network.refuseToken();
    expect(socket.closed).toEqual([4900, 'dropped by hand']);
    socket.send('{"type":"heartbeat"}');
    socket.send('{"type":"identify"}');
    expect(JSON.parse(heard[0] ?? '')).toMatchObject({ type: 'error', payload: { code: 'UNAUTHORIZED' } });
    expect([socket.closed, socket.sent]).toEqual([[4001, 'unauthorized'], ['{"type":"heartbeat"}']]);
    socket.send('{"type":"identify","again":1}');
    expect(socket.sent).toHaveLength(2);
    // What does not come from the network is not held back there.
    network.setFrozen(true);
    network.refuseToken();
    socket.send('{"type":"identify"}');
    expect(heard).toHaveLength(2);
  });

  test('drops all that are open, and tells signals to those that listen', async () => {
    const { network, socket } = await connected();
    const said: string[] = [];
    const off = network.signals.subscribe((signal) => said.push(signal));
    network.signal('freeze');
    off();
    network.signal('wake');
    expect(said).toEqual(['freeze']);
    network.drop();
    expect(socket.closed).toEqual([4900, 'dropped by hand']);
    socket.closed = undefined;
    network.drop();
    expect(socket.closed).toBeUndefined();
  });
});

describe('a player', () => {
  test.each([
    ['{"token":"secret"}', '{"token":"…"}'],
    ['{"a":1,"token":"se\\"cret","b":"token"}', '{"a":1,"token":"…","b":"token"}'],
    ['{"resumeToken":"m.secret","token":"\\\\"}', '{"resumeToken":"…","token":"…"}'],
    ['{"token":7}', '{"token":7}'],
  ])('%s is shown as %s', (text, shown) => {
    expect(withoutTokens(text)).toBe(shown);
  });

  test('shows so many frames of so many characters, without its token, and wakes by itself', async () => {
    const { Player: Playing } = await withFakeSockets(() => import('../../page/play/player.js'));
    const player = new Playing({ url: 'ws://h/rt', name: 'ada', clientType: 'app-client', group: 'g', token: 'secret' });
    let changes = 0;
    player.onChange(() => {
      changes += 1;
    });
    for (let n = 0; n < 250; n += 1) player.sleep(1_000);
    expect(player.frames).toHaveLength(200);
    expect(player.frames.at(-1)?.n).toBe(250);
    expect(changes).toBeGreaterThanOrEqual(250);
    expect(player.asleepUntil).toBe(Date.now() + 1_000);
    await settle(1_000);
    expect(player.asleepUntil).toBeUndefined();
    expect(FakeWebSocket.all).toHaveLength(1);
    expect(player.frames.filter(({ text }) => text === 'awake')).toHaveLength(1);
    await player.say('x', 'volatile', '');
    expect(player.frames.at(-1)?.text).toBe('not sent: volatile and not online');
    void player.say({ text: 'waits' }, 'reliable', '');
    expect(player.pending).toBe(1);
    void player.end();
    await settle(2_000);
    expect(player.pending).toBe(0);
    expect(player.frames.at(-1)?.text).toMatch(/^not published: /);
  });

  test.each(['', 'secret'])('with the token %j identifies with it, and shows what it says and hears, cut', async (token) => {
    const { Player: Playing } = await withFakeSockets(() => import('../../page/play/player.js'));
    const player = new Playing({ url: 'ws://h/rt', name: 'ada', clientType: 'app-client', group: 'g', token });
    await settle();
    const [socket] = FakeWebSocket.all;
    socket!.dispatchEvent(new Event('open'));
    expect(JSON.parse(socket!.sent[0] ?? '').payload.token).toBe(token === '' ? undefined : token);
    socket!.says(`{"type":"weather","resumeToken":"secret","long":"${'x'.repeat(5_000)}"}`);
    const [out, came] = player.frames.filter(({ kind }) => kind !== 'note');
    expect([out?.kind, came?.kind, came?.text.length]).toEqual(['out', 'in', 2_000]);
    expect(player.frames.map(({ text }) => text).join()).not.toContain('secret');
    await player.end();
  });
});
