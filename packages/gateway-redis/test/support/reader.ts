import type { Broker, BrokerEntry, BrokerReceiver, LogPosition, ResetReason } from 'gateway-core';

/** How long something that must come may take, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Takes a group's entries, holds the broker to their order, and knows what it was told. */
export class Reader implements BrokerReceiver {
  position!: LogPosition;
  readonly bodies: string[] = [];
  /** What broke the order. */
  readonly faults: string[] = [];
  readonly resets: { at: number; reason: ResetReason | undefined }[] = [];
  readonly names: string[] = [];
  #checks: (() => void)[] = [];

  static async of(broker: Broker, groupId: string): Promise<Reader> {
    const reader = new Reader();
    const { position } = await broker.subscribe(groupId, reader);
    reader.position ??= { ...position };
    return reader;
  }

  deliver({ seq, body }: BrokerEntry): void {
    if (seq !== this.position.seq + 1) this.faults.push(`${seq} after ${this.position.seq}`);
    this.position.seq = seq;
    this.bodies.push(body);
    this.#arrived();
  }

  reset(position: LogPosition, reason?: ResetReason): void {
    this.position = { ...position };
    this.resets.push({ at: this.bodies.length, reason });
    this.#arrived();
  }

  renamed(epoch: string): void {
    this.position.epoch = epoch;
    this.names.push(epoch);
    this.#arrived();
  }

  has(body: string): Promise<void> {
    return this.until(() => this.bodies.includes(body), `the message ${body}`);
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#checks = this.#checks.filter((other) => other !== check);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`did not come: ${what}; resets ${JSON.stringify(this.resets)}, ${this.bodies.length} messages`));
      }, PATIENCE_MS);
      const check = () => {
        if (!condition()) return;
        end();
        resolve();
      };
      this.#checks.push(check);
      check();
    });
  }

  #arrived(): void {
    for (const check of [...this.#checks]) check();
  }
}
