import { addressKey } from './address.js';
import type { Limits } from './limits.js';

/** Why one more connection is too many. */
export type Full = 'in all' | 'from this address';

/** Counts connections, and handshakes that wait, against `connectionsMax` and `connectionsPerAddressMax`. */
export class ConnectionCounts {
  #inAll = 0;
  readonly #perAddress = new Map<string, number>();

  constructor(private readonly limits: Pick<Limits, 'connectionsMax' | 'connectionsPerAddressMax' | 'ipv6PrefixLength'>) {}

  /** Why one more from this address is too many. */
  full(remoteAddress: string): Full | undefined {
    if (this.#inAll >= this.limits.connectionsMax) return 'in all';
    if (!this.#countsAddresses) return undefined;
    const count = this.#perAddress.get(this.#keyOf(remoteAddress)) ?? 0;
    return count >= this.limits.connectionsPerAddressMax ? 'from this address' : undefined;
  }

  add(remoteAddress: string): void {
    this.#inAll += 1;
    if (!this.#countsAddresses) return;
    const key = this.#keyOf(remoteAddress);
    this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
  }

  remove(remoteAddress: string): void {
    this.#inAll -= 1;
    if (!this.#countsAddresses) return;
    const key = this.#keyOf(remoteAddress);
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(key);
    else this.#perAddress.set(key, left);
  }

  /** Without a limit per address nothing is kept for each. */
  get #countsAddresses(): boolean {
    return Number.isFinite(this.limits.connectionsPerAddressMax);
  }

  #keyOf(remoteAddress: string): string {
    return addressKey(remoteAddress, this.limits.ipv6PrefixLength);
  }
}
