import { Model } from '../src/playground/model.js';
import { EventParser } from '../src/playground/sse.js';
import type { Events, FateRow } from '../src/playground/wire.js';

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10_000;

/** How the page and the feed are connected, in words. */
export type FeedState = { live: true } | { live: false; reason: string };

/** Keeps the page connected to the feed of one group, or of all. */
export class FeedClient {
  model = new Model();
  #abort = new AbortController();
  #failures = 0;

  constructor(private readonly listener: { changed(): void; events(events: Events): void; state(state: FeedState): void }) {}

  /** Looks at a group from now on. What is known stays until the new feed has told its own. */
  look(groupId: string | undefined): void {
    const before = this.#abort;
    this.#abort = new AbortController();
    void this.#run(groupId, this.#abort.signal, () => before.abort());
  }

  async #run(groupId: string | undefined, signal: AbortSignal, connected: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(groupId, signal, connected);
        throw new Error('the gateway has ended the feed');
      } catch (error) {
        // The one before is not to go on beside it, also where this one failed at once.
        connected();
        if (signal.aborted) return;
        this.#failures += 1;
        this.listener.state({
          live: false,
          reason: error instanceof TypeError ? 'the gateway does not answer' : String((error as Error).message),
        });
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(RETRY_MAX_MS, RETRY_MS * this.#failures)));
    }
  }

  async #read(groupId: string | undefined, signal: AbortSignal, connected: () => void): Promise<void> {
    const query = groupId === undefined ? '' : `?group=${encodeURIComponent(groupId)}`;
    const response = await fetch(`live${query}`, { signal, headers: { accept: 'text/event-stream' } });
    if (!response.ok || response.body === null) throw new Error(await reasonOf(response));
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      for (const event of parser.push(value)) {
        if (event.name === 'snapshot') {
          connected();
          this.#failures = 0;
          this.listener.state({ live: true });
        }
        const events = this.model.take(event);
        if (events.events.length > 0 || events.left > 0) this.listener.events(events);
        if (event.name !== 'events') this.listener.changed();
      }
    }
  }
}

async function reasonOf(response: Response): Promise<string> {
  try {
    return (await response.json()).error.message;
  } catch {
    return `the gateway answers ${response.status}`;
  }
}

/** What became of a message: for each member of its group, or for one. @throws with what the gateway answers. */
export async function fatesOf(groupId: string, epoch: string, seq: number, member: string): Promise<FateRow[]> {
  const query = new URLSearchParams({ group: groupId, epoch, seq: String(seq), ...(member === '' ? {} : { member }) });
  const response = await fetch(`fates?${query}`);
  if (!response.ok) throw new Error(await reasonOf(response));
  return (await response.json()).data;
}

/** The JSON text of the whole data of a message that was cut. @param n the number of its event. @throws with what the gateway answers. */
export async function wholeData(n: number): Promise<string> {
  const response = await fetch(`message?n=${n}`);
  if (!response.ok) throw new Error(await reasonOf(response));
  return response.text();
}

/** Does something at the gateway. @throws with what it answers. */
export async function act(action: 'disconnect' | 'publish', fields: object): Promise<unknown> {
  const response = await fetch(action, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  const body = await response.json();
  if (!body.ok) throw new Error(body.error.message);
  return body.data;
}
