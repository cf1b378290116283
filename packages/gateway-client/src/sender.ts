import { checkedText } from './checks.js';
import type { Context } from './context.js';
import { dataText } from './wire.js';

/** More than this waits in the socket already: what may be lost is not put behind it. */
const BUFFERED_MAX_BYTES = 262_144;
const KEYS_MAX = 64;
/** Before it is tried again where the socket was busy. */
const RETRY_MS = 100;

/** What it needs of the client. */
export interface SenderHost {
  readonly groupId: string;
  readonly isOpen: boolean;
  readonly bufferedBytes: number;
  send(text: string): boolean;
}

/** Messages of one group that may be lost. Of each key the newest waits. */
export class Sender {
  readonly #latest = new Map<string, string>();
  #waits = false;

  constructor(
    private readonly context: Context,
    private readonly host: SenderHost,
  ) {}

  /** @throws GatewayClientError `INVALID_DATA` and `TOO_BIG`. */
  send(data: unknown, key: string | undefined, sessionId: string | undefined): boolean {
    const { groupId } = this.host;
    const make = () => dataText({ groupId, data, delivery: key === undefined ? 'volatile' : 'latest', key, sessionId });
    const { text } = checkedText('data', make, this.context.session, { groupId });
    if (key !== undefined) this.#latest.delete(key);
    if (this.#mayGo && this.host.send(text)) return true;
    if (key === undefined) return false;
    this.#latest.set(key, text);
    if (this.#latest.size > KEYS_MAX) this.#latest.delete(this.#latest.keys().next().value as string);
    this.#wait();
    return false;
  }

  /** Sends what has waited. */
  flush(): void {
    for (const [key, text] of [...this.#latest]) {
      if (!this.#mayGo || !this.host.send(text)) {
        this.#wait();
        return;
      }
      this.#latest.delete(key);
    }
  }

  clear(): void {
    this.#latest.clear();
  }

  get #mayGo(): boolean {
    return this.host.isOpen && this.host.bufferedBytes < BUFFERED_MAX_BYTES;
  }

  /** Where the group is not open, its `sync` is waited for instead. */
  #wait(): void {
    if (this.#waits || !this.host.isOpen) return;
    this.#waits = true;
    this.context.deadlines.add(RETRY_MS, () => {
      this.#waits = false;
      this.flush();
    });
  }
}
