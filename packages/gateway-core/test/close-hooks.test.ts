import { MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { asynchronous, waitOn } from './support/asynchronous.js';
import { identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

test('clients that go on sending while hooks decide hold nobody up, nor what was asked before', async () => {
  const { clock, gateway, join } = setUp((fake) => ({
    authorize: ({ action }) => action === 'join' || waitOn(fake, 100)().then(() => true),
  }));
  const [quiet, ...busy] = [await join('g'), await join('g'), await join('g')];
  // Of the two, one always has a message with the hook.
  for (const client of busy) {
    for (let n = 0; n < 50; n += 1) client.send(say(n));
    await clock.advance(50);
  }
  const closing = gateway.close();
  await clock.advance(99);
  expect(quiet?.closed).toBeUndefined();
  await clock.advance(1);
  expect([quiet?.data, quiet?.closed?.code]).toEqual([[0, 0, 1], 1012]);
  expect(await settled(closing)).toBe(true);
});

describe('a closed gateway holds no group, though', () => {
  test('a hook answers only then', async () => {
    let allow = (_yes: boolean) => {};
    const { clock, gateway, join, events } = setUp({
      authorize: ({ action }) =>
        action === 'join' ||
        new Promise<boolean>((resolve) => {
          allow = resolve;
        }),
    });
    (await join('g')).send(say('too late'));
    const closing = gateway.close({ graceMs: 1_000 });
    await clock.advance(1_000);
    await closing;
    allow(true);
    await clock.settle();
    expect(gateway.groups()).toEqual([]);
    expect(events('data')).toEqual([]);
  });

  test('the broker answers only then', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({
      broker: asynchronous(new MemoryBroker(), ['subscribe'], waitOn(fake, 5_000)),
    }));
    connect().send(identify('g'));
    await clock.settle();
    const closing = gateway.close({ graceMs: 1_000 });
    await clock.advance(1_000);
    await closing;
    await clock.advance(10_000);
    expect(gateway.groups()).toEqual([]);
  });
});
