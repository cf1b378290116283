import { type Client, createClient, GatewayClientError, type Group } from 'gateway-client';
import type { FrontDoor } from './front-door.js';

/** How one client's account stands. */
export interface Account {
  name: string;
  /** Messages of its own that were acknowledged, and that were not, by the code that said so. */
  accepted: number;
  refused: Record<string, number>;
  received: number;
  /** How often it was told that messages may be lost to it, by the reason. */
  told: Record<string, number>;
  drops: number;
  violations: string[];
}

/** A client that publishes and reads all the time, and holds what it is given to what it is told. */
export class User {
  readonly accepted: string[] = [];
  readonly seen = new Set<string>();
  readonly #account: Account;
  readonly #client: Client;
  readonly #group: Group<string>;
  #last: { epoch: string; seq: number } | undefined;
  /** It has been told that there may be a hole before what comes next. */
  #isTold = true;
  #isEnding = false;
  #checks: (() => void)[] = [];
  #saying: Promise<void> | undefined;

  constructor(name: string, { urls, WebSocket }: Pick<FrontDoor, 'urls' | 'WebSocket'>, first: number) {
    this.#account = { name, accepted: 0, refused: {}, received: 0, told: {}, drops: 0, violations: [] };
    let attempts = first;
    const url = () => {
      attempts += 1;
      return urls[attempts % urls.length] as string;
    };
    const backoff = { firstMs: 50, baseMs: 50, maxMs: 500 };
    this.#client = createClient({ url, WebSocket: WebSocket as never, backoff, timings: { ackTimeoutMs: 2_000 } });
    this.#group = this.#client.join<string>('group-1');
    this.#client.status.subscribe(({ state }) => {
      if (state === 'reconnecting') this.#account.drops += 1;
    });
    this.#group.on('sync', ({ outcome, reason = outcome }) => {
      if (outcome === 'recovered') return;
      this.#isTold = true;
      if (this.#last !== undefined) this.#account.told[reason] = (this.#account.told[reason] ?? 0) + 1;
    });
    this.#group.on('gap', () => {
      this.#isTold = true;
      this.#account.told.gap = (this.#account.told.gap ?? 0) + 1;
    });
    this.#group.on('message', ({ data, seq, epoch }) => this.#heard(data, seq, epoch));
  }

  get ready(): Promise<unknown> {
    return this.#group.ready;
  }

  /** Begins to publish: once everybody is there, for nobody is owed what was said before. */
  begin(pauseMs: number): void {
    this.#saying = this.#say(pauseMs);
  }

  get wasTold(): boolean {
    return Object.keys(this.#account.told).length > 0;
  }

  /** Says nothing more, and resolves once all that it said is settled. */
  async quiet(): Promise<void> {
    this.#isEnding = true;
    await this.#saying;
  }

  publish(text: string): Promise<unknown> {
    return this.#group.publish(text, { timeoutMs: 30_000 });
  }

  has(text: string, patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#account.name} never got ${text}`)), patienceMs);
      const check = () => {
        if (!this.seen.has(text)) return;
        clearTimeout(timer);
        resolve();
      };
      this.#checks.push(check);
      check();
    });
  }

  /** @param all that was acknowledged to anybody. */
  account(all: readonly string[]): Account {
    const missing = all.filter((text) => !this.seen.has(text));
    if (missing.length > 0 && !this.wasTold) {
      this.#account.violations.push(
        `${missing.length} acknowledged messages are missing, and it was told of no loss: ${missing[0]}`,
      );
    }
    return { ...this.#account, accepted: this.accepted.length, received: this.seen.size };
  }

  close(): Promise<unknown> {
    return this.#client.close();
  }

  #heard(data: string, seq: number, epoch: string): void {
    if (this.seen.has(data)) this.#account.violations.push(`${data} came twice`);
    if (!this.#isTold && this.#last !== undefined && seq !== this.#last.seq + 1) {
      this.#account.violations.push(`${seq} of ${epoch} came after ${this.#last.seq} of ${this.#last.epoch}`);
    }
    this.#isTold = false;
    this.#last = { epoch, seq };
    this.seen.add(data);
    for (const check of this.#checks) check();
  }

  async #say(pauseMs: number): Promise<void> {
    for (let count = 1; !this.#isEnding; count += 1) {
      const text = `${this.#account.name}-${count}`;
      try {
        await this.#group.publish(text, { timeoutMs: 20_000 });
        this.accepted.push(text);
      } catch (error) {
        const code = error instanceof GatewayClientError ? error.code : String(error);
        this.#account.refused[code] = (this.#account.refused[code] ?? 0) + 1;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
