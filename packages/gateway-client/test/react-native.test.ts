import { type AppStateLike, appSignals, type NetInfoLike } from 'gateway-client/react-native';
import { expect, test } from 'vitest';
import { World } from './support.js';

/** What a React Native application imports, for a test that says what the telephone does. */
class Phone implements AppStateLike, NetInfoLike {
  readonly #listeners = { app: new Set<(state: string) => void>(), net: new Set<(state: never) => void>() };

  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
  addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void;
  addEventListener(first: unknown, second?: unknown) {
    const { app, net } = this.#listeners;
    if (first === 'change') {
      const listener = second as (state: string) => void;
      app.add(listener);
      return { remove: () => app.delete(listener) } as never;
    }
    const listener = first as (state: { isConnected: boolean | null }) => void;
    net.add(listener);
    listener({ isConnected: null });
    return (() => net.delete(listener)) as never;
  }

  is(state: 'active' | 'inactive' | 'background'): void {
    for (const listener of this.#listeners.app) listener(state);
  }

  network(isConnected: boolean | null): void {
    for (const listener of this.#listeners.net) listener({ isConnected } as never);
  }

  get listeners(): number {
    return this.#listeners.app.size + this.#listeners.net.size;
  }
}

test('[B82] the states of the application, and what NetInfo says, as signals', () => {
  const phone = new Phone();
  const heard: string[] = [];
  const end = appSignals(phone, phone).subscribe((signal) => heard.push(signal));
  phone.is('inactive');
  phone.is('background');
  phone.is('active');
  phone.network(true);
  phone.network(false);
  phone.network(null);
  phone.network(false);
  phone.network(true);
  expect(heard).toEqual(['hide', 'wake', 'offline', 'online']);
  end();
  expect(phone.listeners).toBe(0);
});

test('[B82] a client in the background waits longer between attempts, and comes back at once when it is active', async () => {
  const phone = new Phone();
  const world = new World();
  const client = await world.online({ signals: appSignals(phone) });
  phone.is('background');
  world.handshake = 'refuse';
  world.socket.cut();
  await world.clock.advance(29_000);
  const attempts = world.sockets.sockets.length;
  expect(client.status.get().state).toBe('reconnecting');
  expect(attempts).toBeLessThanOrEqual(2);
  world.handshake = 'connect';
  phone.is('active');
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  void client.close();
  await world.clock.advance(1_000);
  expect(phone.listeners).toBe(0);
});

test('[B82] a link that the telephone has killed is noticed by the probe when the application is active', async () => {
  const phone = new Phone();
  const world = new World();
  const client = await world.online({ signals: appSignals(phone) });
  phone.is('background');
  world.socket.vanish();
  phone.is('active');
  await world.clock.advance(4_000);
  expect(world.sockets.sockets).toHaveLength(2);
  expect(client.status.get().state).toBe('online');
});
