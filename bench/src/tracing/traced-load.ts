import { ClosedLoop, type Dialect, Fleet } from 'gateway-cli/bench';
import { Bench } from '../bench.js';
import { cpuUs, idle } from '../proc.js';
import type { ServerProcess } from '../server-process.js';

export interface Load {
  groups: number;
  membersPerGroup: number;
  publishersPerGroup: number;
  /** Messages in flight in all. */
  window: number;
  /** Published before anything is measured, and as often all sampled: until then V8 compiles. */
  warmup: number;
  /** In each round. */
  messages: number;
}

/** How the publishers of a load speak. */
export interface TracedDialect extends Dialect {
  /** From now on publishers say of all messages that they are sampled; or again of as many as are to be measured. */
  sampleAll(all: boolean): void;
}

/** A load on a gateway that can be put on it again and again. */
export class TracedLoad {
  readonly #bench: Bench;
  readonly #fleet: Fleet;
  #loop: ClosedLoop | undefined;

  constructor(
    private readonly server: ServerProcess,
    private readonly load: Load,
    private readonly dialect: TracedDialect,
  ) {
    this.#bench = new Bench('gateway', server);
    const { groups, membersPerGroup, publishersPerGroup, window } = load;
    this.#fleet = new Fleet(
      { ...this.#bench.context, dialect },
      {
        groups,
        connections: groups * membersPerGroup,
        publishersPerGroup,
        dataBytes: 128,
        inFlightMax: window,
        groupPrefix: 'g',
      },
    );
  }

  async open(): Promise<void> {
    await this.#bench.guard(this.#fleet.open());
    for (const all of [true, false]) {
      this.dialect.sampleAll(all);
      this.#loop = new ClosedLoop(this.#fleet.publishers(), this.load.window);
      await this.round(this.load.warmup);
    }
  }

  /** Published so far. */
  get messages(): number {
    return this.#fleet.ledgers.reduce((sum, ledger) => sum + ledger.sent, 0);
  }

  /** Messages at full rate within the window. @returns the server's CPU time for each, in microseconds. */
  async round(messages = this.load.messages): Promise<number> {
    await idle(this.server.pid, 50);
    const before = { cpu: cpuUs(this.server.pid), messages: this.messages };
    await this.#bench.run(this.#loop as ClosedLoop, { messages });
    // What is written to the last members, and spans that have ended with them.
    await idle(this.server.pid, 50);
    return (cpuUs(this.server.pid) - before.cpu) / (this.messages - before.messages);
  }
}
