import type { GatewayEvents, GatewayOptions } from 'gateway-core';
import { connectClient, type MemoryClient } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

/** A client without a network that sends in the middle of what the gateway does. */
function meddlesome(options: GatewayOptions = {}) {
  const set = setUp({ limits, ...options });
  const client: MemoryClient = connectClient(set.gateway);
  const heard: string[] = [];
  for (const name of ['identify', 'join', 'leave', 'data'] as const) {
    set.gateway.on(name, (event: GatewayEvents[typeof name]) => heard.push(`${name} ${'groupId' in event ? event.groupId : ''}`));
  }
  const dataOf = () => client.received.flatMap((message) => (message.type === 'data_update' ? [message.payload.data] : []));
  /** Sends once, at the first event of that name. */
  const sendAt = (name: 'identify' | 'join' | 'leave', ...messages: Parameters<MemoryClient['send']>[0][]) => {
    const off = set.gateway.on(name, () => {
      off();
      for (const message of messages) client.send(message);
    });
  };
  return { ...set, client, heard, dataOf, sendAt };
}

describe('what a client sends while the gateway is at its identify', () => {
  test('is handled after it', async () => {
    const { clock, client, heard, sendAt } = meddlesome();
    sendAt('identify', say(1));
    client.send(identify('g'));
    await clock.settle();
    expect(heard).toEqual(['identify g', 'join g', 'data g']);
  });

  test('is handled in order: the first move is over before the second', async () => {
    const { gateway, clock, client, heard, sendAt } = meddlesome({ timings: { resumeTtlMs: 0 } });
    sendAt('identify', identify('h'));
    client.send(identify('g'));
    await clock.settle();
    expect(heard).toEqual(['identify g', 'join g', 'leave g', 'identify h', 'join h']);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    expect(gateway.connections()[0]?.groups).toEqual(['h']);
  });

  test('is not lost, and the client is read from again', async () => {
    for (const name of ['identify', 'join'] as const) {
      const { clock, client, dataOf, sendAt } = meddlesome();
      sendAt(name, identify('h'), say(1));
      client.send(identify('g'));
      await clock.settle();
      client.send(say(2));
      await clock.settle();
      expect(dataOf()).toEqual([1, 2]);
    }
  });
});
