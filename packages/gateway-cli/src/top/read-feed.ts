import { type Clock, systemClock } from 'gateway-core';
import { Model } from '../playground/model.js';
import { EventParser } from '../playground/sse.js';
import type { TopOptions } from './options.js';

const ANSWER_MS = 10_000;
/** More than an answer is long that says why there is no feed. */
const REASON_BYTES_MAX = 16 * 1024;

/** Why there is no feed, in one line. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
}

/**
 * Reads the feed until it ends or `signal` aborts.
 * @param changed is called with the model whenever it was told something new; `false` ends it.
 * @throws FeedError (by rejection) where there is none.
 */
export async function readFeed(
  { url, password }: Pick<TopOptions, 'url' | 'password'>,
  signal: AbortSignal,
  changed: (model: Model) => boolean,
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'> = systemClock,
): Promise<void> {
  const headers =
    password === undefined ? undefined : { authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` };
  const model = new Model();
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const unanswered = new AbortController();
  const timer = clock.setTimeout(() => unanswered.abort(), ANSWER_MS);
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, unanswered.signal]) });
    if (!response.ok || response.body === null)
      throw new FeedError(`${url} answers ${response.status}${await reasonIn(response)}`);
    clock.clearTimeout(timer);
    for await (const chunk of response.body) {
      for (const event of parser.push(decoder.decode(chunk, { stream: true }))) {
        model.take(event);
        if (event.name !== 'events' && !changed(model)) return;
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof FeedError) throw error;
    if (unanswered.signal.aborted) throw new FeedError(`${url} does not answer in ${ANSWER_MS / 1_000} s`);
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new FeedError(`${url} does not answer (${cause?.code ?? message})`);
  } finally {
    clock.clearTimeout(timer);
  }
  throw new FeedError(`${url} has ended the feed`);
}

/** Whatever listens there may answer without end. */
async function reasonIn({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of body ?? []) {
      bytes += piece.byteLength;
      if (bytes > REASON_BYTES_MAX) return '';
      pieces.push(piece);
    }
    const { error } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { error: { message: string } };
    return `: ${error.message}`;
  } catch {
    return '';
  }
}
