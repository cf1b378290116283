import type { MemberFence } from 'gateway-core';
import type { Connection } from './connection.js';
import { isLost } from './errors.js';
import { PUBLISH } from './publish-script.js';
import { escaped } from './texts.js';

/** Batches of one call, and the bytes after which a call takes no more of them: Redis does nothing else meanwhile. */
const BATCHES_MAX = 64;
const BYTES_MAX = 256 * 1024;

/** What is appended to one log. */
export interface PublishedBatch {
  readonly counter: number;
  readonly messages: readonly { readonly idempotencyKey: string | undefined; readonly fence: MemberFence | undefined }[];
  /** As the stream holds it. */
  readonly text: string;
}

/** What `PUBLISH` says of a batch. */
export interface Appended {
  readonly epoch: string;
  /** Empty where it was refused. */
  readonly answer: string;
}

export interface PublishCallsOptions {
  readonly connection: Connection;
  readonly limits: { readonly logMessagesMax: number; readonly logBytesMax: number; readonly idempotencyKeysMax: number };
  readonly logTtlMs: number;
  /** Names this node in the logs. */
  readonly nodeId: string;
}

interface Waiting {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly bytes: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** The batches of many groups in one call: those that are ready in the same moment. What a call costs by itself is shared by them. */
export class PublishCalls {
  #waiting: Waiting[] = [];

  constructor(private readonly options: PublishCallsOptions) {}

  /**
   * Appends a batch to the log of these keys, the last of which is its channel. Rejects as `Connection.runNow`. Batches of one log are appended
   * in the order of the calls.
   */
  append(keys: readonly string[], batch: PublishedBatch): Promise<Appended> {
    const { connection } = this.options;
    const { counter, messages, text } = batch;
    const fences = fencesOf(messages);
    const ids = messages.some(({ idempotencyKey }) => idempotencyKey !== undefined) ? messages : [];
    const args = [String(counter), String(messages.length), String(ids.length), String(fences.length), text];
    for (const { idempotencyKey } of ids) args.push(idempotencyKey === undefined ? '' : `=${escaped(idempotencyKey)}`);
    for (const { generation, at } of fences) args.push(String(generation), at.join());
    const members = fences.map(({ memberId }) => connection.key('r', escaped(memberId)));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys: [...keys, ...members], args, bytes: Buffer.byteLength(text), resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < waiting.length; ) {
      let next = first;
      for (let bytes = 0; next < waiting.length && next - first < BATCHES_MAX; next += 1) {
        bytes += (waiting[next] as Waiting).bytes;
        if (next > first && bytes > BYTES_MAX) break;
      }
      void this.#call(waiting.slice(first, next));
      first = next;
    }
  }

  async #call(batches: readonly Waiting[]): Promise<void> {
    const { connection, limits, logTtlMs, nodeId } = this.options;
    const { logMessagesMax, logBytesMax, idempotencyKeysMax } = limits;
    const fixed = [logMessagesMax, logBytesMax, logTtlMs, idempotencyKeysMax].map(String);
    const args = [connection.term, `b:${nodeId}`, ...fixed, connection.randomId(), ...batches.flatMap((batch) => batch.args)];
    try {
      const keys = batches.flatMap((batch) => batch.keys);
      const [, ...reply] = (await connection.runNow(PUBLISH, keys, args)) as string[];
      for (const [at, { resolve }] of batches.entries()) {
        resolve({ epoch: reply[at * 2] ?? '', answer: reply[at * 2 + 1] ?? '' });
      }
    } catch (error) {
      // One of them may be at fault, and some may be done: each is asked for again, which is harmless.
      if (batches.length > 1 && !isLost(error)) for (const batch of batches) void this.#call([batch]);
      else for (const { reject } of batches) reject(error);
    }
  }
}

/** Which messages of a batch are said by which member, in which generation. */
function fencesOf(messages: PublishedBatch['messages']): (MemberFence & { at: number[] })[] {
  const fences = new Map<string, MemberFence & { at: number[] }>();
  for (const [index, { fence }] of messages.entries()) {
    if (fence === undefined) continue;
    const name = `${fence.generation} ${fence.memberId}`;
    const known = fences.get(name);
    if (known === undefined) fences.set(name, { ...fence, at: [index] });
    else known.at.push(index);
  }
  return [...fences.values()];
}
