import { createGateway } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import type { OutgoingToClient } from 'gateway-protocol';
import { seededIds } from './seeded.js';
import type { EchoClient, World } from './world.js';

/** How far time moves between two looks at what was received. */
const STEP_MS = 10;

/** A gateway without sockets, in time that moves only when the scenario waits: every run of a seed is the same. */
export function virtualWorld(seed: number): World {
  const clock = new FakeClock();
  const newId = seededIds(seed);
  const gateway = createGateway({ clock, generateId: newId });
  return {
    title: `a gateway in virtual time, seed ${seed}`,
    gateway,
    newId,
    connect: (name) => new VirtualClient(name, connectClient(gateway)),
    elapsedMs: () => clock.monotonicMs(),
    pass: (ms) => clock.advance(ms),
    until: async (probe, timeoutMs) => {
      await clock.settle();
      for (let waited = 0; !probe(); waited += STEP_MS) {
        if (waited >= timeoutMs) return false;
        await clock.advance(STEP_MS);
      }
      return true;
    },
    dispose: async () => {
      const closed = gateway.close({ graceMs: 0 });
      await clock.advance(STEP_MS);
      await closed;
    },
  };
}

class VirtualClient implements EchoClient {
  #seen = 0;
  readonly #inbox: OutgoingToClient[] = [];

  constructor(
    readonly name: string,
    private readonly client: MemoryClient,
  ) {}

  get inbox(): OutgoingToClient[] {
    const { received } = this.client;
    this.#inbox.push(...received.slice(this.#seen));
    this.#seen = received.length;
    return this.#inbox;
  }

  get ended(): { code: number; why: string } | undefined {
    const { closed } = this.client;
    return closed && { code: closed.code, why: `closed with ${closed.code}` };
  }

  send(envelope: object): void {
    this.client.send(envelope);
  }

  close(): void {
    this.client.close();
  }
}
