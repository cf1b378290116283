import { GatewayClientError } from './errors.js';

interface Waiter {
  resolve(): void;
  reject(error: GatewayClientError): void;
}

/** Those who wait to be online. */
export class Waiters {
  readonly #all = new Set<Waiter>();

  /** Its failure is in `status` too: not awaited, it is not unhandled. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const online = new Promise<void>((resolve, reject) => {
      const aborted = () => waiter.reject(new GatewayClientError('ABORTED', 'aborted'));
      const settled = () => {
        this.#all.delete(waiter);
        signal?.removeEventListener('abort', aborted);
      };
      const waiter: Waiter = {
        resolve() {
          settled();
          resolve();
        },
        reject(error) {
          settled();
          reject(error);
        },
      };
      if (signal?.aborted) aborted();
      else signal?.addEventListener('abort', aborted);
      this.#all.add(waiter);
    });
    online.catch(() => {});
    return online;
  }

  resolve(): void {
    for (const waiter of [...this.#all]) waiter.resolve();
  }

  reject(error: GatewayClientError): void {
    for (const waiter of [...this.#all]) waiter.reject(error);
  }
}
