import { describe, expect, test } from 'vitest';
import { oneTurn } from './support/asynchronous.js';
import { handshake } from './support/handshake.js';
import { setUp } from './support/set-up.js';

describe('connectionsMax', () => {
  test('refuses one more with 503, and has room again when one has gone [R219]', async () => {
    const { gateway, connect } = setUp({ limits: { connectionsMax: 2 } });
    const client = connect();
    expect(await handshake(gateway).status).toBe(101);
    expect(await handshake(gateway).status).toBe(503);
    client.close();
    expect(await handshake(gateway).status).toBe(101);
    expect(gateway.stats()).toMatchObject({ connections: 2, connectionsTotal: 3, refusedTotal: 1 });
  });

  test('counts those that are closing until they are closed', async () => {
    const { clock, gateway, connect } = setUp({ limits: { connectionsMax: 1 } });
    connect().vanish();
    gateway.disconnect(gateway.connections()[0]!.connectionId);
    expect(await handshake(gateway).status).toBe(503);
    await clock.advance(10_000);
    expect(await handshake(gateway).status).toBe(101);
  });

  test('0 is no bound', async () => {
    const { gateway } = setUp({ limits: { connectionsMax: 0 } });
    for (let n = 0; n < 20; n += 1) expect(await handshake(gateway).status).toBe(101);
  });
});

describe('connectionsPerAddressMax', () => {
  test('refuses one more from an address with 429, and none from another [R219]', async () => {
    const { gateway } = setUp({ limits: { connectionsPerAddressMax: 2 } });
    const first = handshake(gateway, '10.0.0.1');
    for (const [address, status] of [
      ['10.0.0.1', 101],
      ['10.0.0.1', 429],
      ['10.0.0.2', 101],
    ] as const) {
      expect(await handshake(gateway, address).status).toBe(status);
    }
    first.socket.end();
    while (gateway.stats().connections === 3) await oneTurn();
    expect(await handshake(gateway, '10.0.0.1').status).toBe(101);
  });

  test('is no bound by default', async () => {
    const { gateway } = setUp();
    for (let n = 0; n < 20; n += 1) expect(await handshake(gateway, '10.0.0.1').status).toBe(101);
  });
});

test('a gateway that is closing refuses with 503 [R106]', async () => {
  const { gateway } = setUp();
  const closing = gateway.close();
  expect(await handshake(gateway).status).toBe(503);
  await closing;
  expect(gateway.stats()).toMatchObject({ connectionsTotal: 0, refusedTotal: 1 });
});

test('a handshake that is refused for its subprotocols is counted like any other', async () => {
  const { gateway } = setUp();
  expect(await handshake(gateway, '10.0.0.1', { 'sec-websocket-protocol': 'a, a' }).status).toBe(400);
  expect(gateway.stats()).toMatchObject({ connectionsTotal: 0, refusedTotal: 1 });
});
