import { browserSignals, createClient } from 'gateway-client';
import { FakeClock } from 'gateway-core/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { World } from './support.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A page: a document and a window, as far as the client looks at them. */
function page() {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const counts = { listeners: 0 };
  for (const target of [window, document]) {
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      counts.listeners += 1;
      addEventListener.apply(target, args);
    };
    target.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      counts.listeners -= 1;
      removeEventListener.apply(target, args);
    };
  }
  vi.stubGlobal('document', document);
  vi.stubGlobal('addEventListener', window.addEventListener);
  vi.stubGlobal('removeEventListener', window.removeEventListener);
  const give = (target: EventTarget, type: string, fields: object = {}) =>
    target.dispatchEvent(Object.assign(new Event(type), fields));
  return { window, document, counts, give };
}

test('events of a page are signals', () => {
  const { window, document, counts, give } = page();
  const told: string[] = [];
  const end = browserSignals.subscribe((signal) => told.push(signal));
  document.visibilityState = 'hidden';
  give(document, 'visibilitychange');
  document.visibilityState = 'visible';
  give(document, 'visibilitychange');
  give(document, 'freeze');
  give(document, 'resume');
  give(window, 'pagehide', { persisted: true });
  give(window, 'pageshow', { persisted: true });
  give(window, 'pageshow', { persisted: false });
  give(window, 'pagehide', { persisted: false });
  give(window, 'offline');
  give(window, 'online');
  expect(told).toEqual(['hide', 'wake', 'freeze', 'wake', 'freeze', 'wake', 'leave', 'offline', 'online']);
  end();
  expect(counts.listeners).toBe(0);
  give(window, 'online');
  expect(told).toHaveLength(9);
});

test('the client listens to its page while it is active, and to nothing before and after', async () => {
  const { window, counts, give } = page();
  const world = new World();
  const client = world.client({ signals: undefined });
  expect(counts.listeners).toBe(0);
  void client.connect();
  await world.clock.advance(0);
  expect(counts.listeners).toBeGreaterThan(5);
  // The page goes into the back/forward cache, and comes back.
  const member = client.memberId;
  give(window, 'pagehide', { persisted: true });
  expect(world.socket.closedWith).toBe(4900);
  await world.clock.advance(5_000);
  give(window, 'pageshow', { persisted: true });
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  expect(client.memberId).toBe(member);
  void client.close();
  await world.clock.advance(0);
  expect(counts.listeners).toBe(0);
});

test('a path is a URL of the page, and https becomes wss', async () => {
  const urls: string[] = [];
  class Watched {
    constructor(url: string) {
      urls.push(url);
    }
    close() {}
  }
  vi.stubGlobal('location', { href: 'https://app.example/start?x=1' });
  const clock = new FakeClock();
  for (const url of ['/rt', 'https://gateway.example/rt', new URL('ws://gateway.example/rt')]) {
    void createClient({ url, WebSocket: Watched as never, clock, signals: null }).connect();
  }
  await clock.advance(0);
  expect(urls).toEqual(['wss://app.example/rt', 'wss://gateway.example/rt', 'ws://gateway.example/rt']);
});
