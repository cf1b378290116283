import { type Handshake, MemoryLink } from 'gateway-core/testing';
import type { GatewayHost } from './gateway-host.js';
import type { Plan } from './plan.js';
import { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Schedule } from './schedule.js';

/** Who is at the client's end of connections. */
export interface Caller {
  readonly name: string;
  readonly process: SimProcess;
  /** What becomes of new connections; `connect` where nothing is wrong. */
  readonly handshake: Handshake;
}

/** A connection on its way to a gateway, or open. */
export interface Route {
  /** Whether one of its ends is gone: nothing moves on it any more. */
  isOver(): boolean;
  readonly name: string;
  readonly link: MemoryLink;
  readonly gateway: GatewayHost;
  /** Settles once the handshake is over. */
  readonly handshake: Promise<Handshake>;
}

/** The network between clients and gateways, with a load balancer that knows which of them are up. */
export class Network {
  readonly #clock: SimProcess;
  #connections = 0;

  constructor(
    private readonly schedule: Schedule,
    private readonly random: Random,
    private readonly plan: Plan['network'],
    private readonly gateways: readonly GatewayHost[],
  ) {
    this.#clock = new SimProcess('network', schedule);
  }

  /** A new connection of somebody, to a gateway that is up; where none is, to one that refuses it. */
  dial(caller: Caller): Route {
    this.#connections += 1;
    // Of who dials: the name may go to another one before it is answered.
    const { name, process, handshake: wanted } = caller;
    const random = this.random.fork(`${name} ${this.#connections}`);
    const up = this.gateways.filter(({ isUp }) => isUp);
    const gateway = random.pick(up.length > 0 ? up : this.gateways);
    const { leastMs, mostMs, bytesPerSecond, bufferBytes } = this.plan;
    const latencyMs = () => leastMs + Math.floor(random.next() * (mostMs - leastMs) * 100) / 100;
    const link = new MemoryLink({
      clock: this.#clock,
      latencyMs,
      bytesPerSecond: bytesPerSecond === 0 ? undefined : bytesPerSecond,
      kernelBufferBytes: bufferBytes,
      receiveBufferBytes: bufferBytes,
    });
    // Of TCP and of HTTP: a round trip each.
    const roundTripsMs = 4 * latencyMs();
    const handshake = new Promise<Handshake>((resolve) => {
      this.schedule.after(roundTripsMs, () => {
        if (wanted === 'hang') return;
        // What a client learns it learns once it goes on: by then the gateway may be gone.
        const settle = (settled: Handshake) =>
          process.run(() => resolve(settled === 'connect' && !gateway.serves(link) ? 'refuse' : settled));
        if (wanted === 'refuse' || !gateway.isUp) settle('refuse');
        else gateway.greet(link, () => settle(gateway.isUp ? 'connect' : 'refuse'));
      });
    });
    return {
      name: `${name}#${this.#connections}`,
      link,
      gateway,
      handshake,
      isOver: () => process.isDead || !gateway.serves(link),
    };
  }
}
