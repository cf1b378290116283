import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import { onTestFinished } from 'vitest';
import { withBooks } from '../../../gateway-core/test/support/books.js';
import { Feed, type FeedInfo } from '../../src/playground/feed.js';
import { EventParser } from '../../src/playground/sse.js';
import type { Change, Events, FeedEvent, Snapshot } from '../../src/playground/wire.js';

/** Takes what the feed writes to one viewer. */
export class FakeResponse extends EventEmitter {
  text = '';
  /** Whether its socket takes what is written. */
  takes = true;
  ended = false;
  destroyed = false;

  write(text: string): boolean {
    this.text += text;
    return this.takes;
  }

  end(): void {
    this.ended = true;
    this.emit('close');
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  of<Kind>(name: string): Kind[] {
    return new EventParser().push(this.text).flatMap((event) => (event.name === name ? [JSON.parse(event.data) as Kind] : []));
  }

  get snapshots(): Snapshot[] {
    return this.of('snapshot');
  }

  get changes(): Change[] {
    return this.of('change');
  }

  get events(): FeedEvent[] {
    return this.of<Events>('events').flatMap(({ events }) => events);
  }

  get left(): number {
    return this.of<Events>('events').reduce((sum, { left }) => sum + left, 0);
  }
}

export interface Watched {
  clock: FakeClock;
  gateway: Gateway;
  feed: Feed;
  /** Listeners that are added and not removed. */
  listeners: () => number;
  look: (groupId?: string) => Promise<FakeResponse>;
  join: (groupId: string, payload?: object) => Promise<MemoryClient>;
}

/** A gateway in virtual time with a feed. */
export function watched(info: Partial<FeedInfo> = {}, options: GatewayOptions = {}, clock = new FakeClock()): Watched {
  const gateway = withBooks(createGateway({ clock, ...options }));
  let listening = 0;
  const on = gateway.on.bind(gateway) as (name: never, listener: never) => () => void;
  gateway.on = (name: unknown, listener: unknown) => {
    const off = on(name as never, listener as never);
    listening += 1;
    return () => {
      listening -= 1;
      off();
    };
  };
  const feed = new Feed(gateway, clock, { readOnly: false, hideMetadata: false, startedAt: clock.now(), settings: [], ...info });
  onTestFinished(async () => {
    feed.close();
    const closing = gateway.close({ graceMs: 0 });
    await clock.advance(60_000);
    await closing;
  });
  return {
    clock,
    gateway,
    feed,
    listeners: () => listening,
    look: async (groupId) => {
      const response = new FakeResponse();
      feed.add(response as unknown as ServerResponse, groupId);
      await clock.settle();
      return response;
    },
    join: async (groupId, payload = {}) => {
      const client = connectClient(gateway);
      client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId, ...payload } });
      await clock.settle();
      return client;
    },
  };
}
