import { createServer } from 'node:http';
import { MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { describe, expect, test, vi } from 'vitest';
import { oneTurn, waitOn } from './support/asynchronous.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

test('the HTTP server is let go of, and stays as it was', async () => {
  const server = createServer();
  const { emit } = server;
  const { gateway } = setUp({ server });
  expect(server.listenerCount('upgrade')).toBe(1);
  await gateway.close();
  expect(server.listenerCount('upgrade')).toBe(0);
  expect(server.emit).toBe(emit);
});

describe('stores and broker', () => {
  const parts = () => ({
    presence: Object.assign(new MemoryPresenceStore(), { close: vi.fn() }),
    sessions: Object.assign(new MemorySessionStore(), { close: vi.fn() }),
    broker: Object.assign(new MemoryBroker(), { close: vi.fn() }),
  });

  test('are closed once, after the last client has gone', async () => {
    const { presence, sessions, broker } = parts();
    const { clock, gateway, join } = setUp({ presence, sessions, broker });
    const closers = [presence.close, sessions.close, broker.close];
    (await join('g')).vanish();
    const closing = gateway.close({ graceMs: 1_000 });
    await clock.advance(999);
    for (const close of closers) expect(close).not.toHaveBeenCalled();
    await clock.advance(1);
    await closing;
    await gateway.close();
    for (const close of closers) expect(close).toHaveBeenCalledTimes(1);
  });

  test('are waited for', async () => {
    const all = parts();
    const { clock, gateway } = setUp((fake) => {
      all.broker.close.mockImplementation(waitOn(fake, 500));
      return all;
    });
    const closing = gateway.close();
    await clock.advance(499);
    expect(await settled(closing)).toBe(false);
    await clock.advance(1);
    expect(await settled(closing)).toBe(true);
  });

  test.each(['rejects', 'throws'])('are all closed where one %s, which is reported', async (how) => {
    const all = parts();
    all.broker.close.mockImplementation(oneTurn);
    all.presence.close.mockImplementation(() => {
      const error = new Error('will not close');
      if (how === 'rejects') return Promise.reject(error);
      throw error;
    });
    const { gateway, events } = setUp(all);
    await gateway.close();
    for (const { close } of [all.sessions, all.broker]) expect(close).toHaveBeenCalledTimes(1);
    expect(events('error')).toEqual([{ error: new Error('will not close'), where: 'close', connectionId: undefined }]);
  });
});
