import type { GatewayClientError } from './errors.js';
import type { Update } from './group.js';
import { type Deferred, deferred } from './promises.js';

/** Updates for a reader that takes its time: bounded, and what did not fit is told as one `gap`. */
export interface Updates<Data> extends AsyncIterableIterator<Update<Data>> {
  push(update: Update<Data>): void;
  /** What is there can still be read; then it is over, or throws. */
  end(error?: GatewayClientError): void;
  /** It is over, and what is there is dropped. */
  stop(): void;
}

/** @param left is called once, when it ends. */
export function createUpdates<Data>(bufferMax: number, left: () => void): Updates<Data> {
  const buffer: Update<Data>[] = [];
  const readers: Deferred<IteratorResult<Update<Data>>>[] = [];
  let over: { error?: GatewayClientError | undefined } | undefined;

  const settle = (reader: Deferred<IteratorResult<Update<Data>>>) => {
    const value = buffer.shift();
    if (value) reader.resolve({ value, done: false });
    else if (!over) readers.push(reader);
    else if (over.error) reader.reject(over.error);
    else reader.resolve({ value: undefined, done: true });
    if (over && !value) over = {};
  };
  /** The oldest messages become a `gap`, or make the one before them longer. */
  const shorten = () => {
    const at = buffer.findIndex(({ type }) => type === 'message');
    const message = buffer[at];
    if (message?.type !== 'message') {
      buffer.shift();
      return;
    }
    const { groupId, seq } = message;
    const before = buffer[at - 1];
    if (before?.type === 'gap' && before.reason === 'consumer') {
      buffer.splice(at - 1, 2, { ...before, to: seq });
    } else {
      buffer[at] = { type: 'gap', groupId, from: seq, to: seq, reason: 'consumer' };
      // Room for the gap itself: one more message joins it.
      shorten();
    }
  };

  const updates: Updates<Data> = {
    push(update) {
      buffer.push(update);
      const reader = readers.shift();
      if (reader) settle(reader);
      if (buffer.length > bufferMax) shorten();
    },
    end(error) {
      if (over) return;
      over = { error };
      left();
      readers.splice(0).forEach(settle);
    },
    stop() {
      buffer.length = 0;
      updates.end();
    },
    next() {
      const reader = deferred<IteratorResult<Update<Data>>>();
      settle(reader);
      return reader.promise;
    },
    async return() {
      updates.stop();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => updates,
  };
  return updates;
}
