import { type Client, createClient, type Group, type Load } from 'gateway-client';
import { FaultyNetwork } from './faults.js';

/** Who plays. */
export interface PlayerSetup {
  url: string;
  name: string;
  clientType: 'app-client' | 'dashboard';
  group: string;
  token: string;
  /** Brings what is there before the stream. Default: nothing. */
  load?: Load | undefined;
}

/** A line of a player's frames. */
export interface FrameLine {
  n: number;
  kind: 'in' | 'out' | 'note';
  at: number;
  text: string;
}

const FRAMES_MAX = 200;
const FRAME_CHARACTERS_MAX = 2_000;
const SLEEP_MS = 20_000;

/** One real client on a network that can be broken. */
export class Player {
  readonly network = new FaultyNetwork();
  readonly client: Client;
  readonly group: Group;
  readonly frames: FrameLine[] = [];
  /** Publishes that are not settled yet. */
  pending = 0;
  /** How the last sync went, in words. */
  outcome = '';
  replayed = 0;
  /** Since when it sleeps, and until when. */
  asleepUntil: number | undefined;
  #number = 0;
  #changed: () => void = () => {};

  constructor(readonly setup: PlayerSetup) {
    const { url, name, clientType, group, token, load } = setup;
    this.client = createClient({
      url,
      clientType,
      metadata: { name },
      token: token === '' ? undefined : () => token,
      WebSocket: this.network.WebSocket,
      signals: this.network.signals,
    });
    this.client.on('frame', ({ direction, text, at }) => this.#log(direction, text, at));
    this.client.on('error', (error) => this.#log('note', `${error.code}: ${error.message}`, Date.now()));
    this.client.status.subscribe(() => this.#changed());
    this.group = this.client.join(group, { load });
    this.group.ready.catch(() => {});
    this.group.on('sync', ({ outcome, reason, replayed }) => {
      this.outcome = reason === undefined ? outcome : `${outcome} (${reason})`;
      this.replayed = replayed;
      this.#log('note', `sync: ${this.outcome}, ${replayed} replayed`, Date.now());
    });
    this.group.on('gap', ({ from, to, reason }) =>
      this.#log('note', `gap: ${from} to ${to} will not come (${reason})`, Date.now()),
    );
    this.group.on('state', ({ state, reason }) => this.#log('note', `loaded (${reason}): ${JSON.stringify(state)}`, Date.now()));
    this.group.status.subscribe(() => this.#changed());
  }

  /** Says when anything of it has changed. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Publishes what somebody typed. */
  async say(data: unknown, delivery: 'reliable' | 'latest' | 'volatile', key: string): Promise<void> {
    if (delivery === 'volatile') {
      if (!this.group.send(data)) this.#log('note', 'not sent: volatile and not online', Date.now());
      return;
    }
    this.pending += 1;
    this.#changed();
    try {
      const { seq, duplicate } = await this.group.publish(data, delivery === 'latest' ? { delivery, key: key || 'key' } : {});
      this.#log('note', `acknowledged at ${seq}${duplicate ? ', which it had already' : ''}`, Date.now());
    } catch (error) {
      this.#log('note', `not published: ${(error as Error).message}`, Date.now());
    } finally {
      this.pending -= 1;
      this.#changed();
    }
  }

  /** What a machine does that is shut for some time. */
  sleep(ms = SLEEP_MS): void {
    this.network.signal('freeze');
    this.asleepUntil = Date.now() + ms;
    this.#log('note', 'asleep', Date.now());
    setTimeout(() => this.wake(), ms);
  }

  wake(): void {
    if (this.asleepUntil === undefined) return;
    this.asleepUntil = undefined;
    this.#log('note', 'awake', Date.now());
    this.network.signal('wake');
  }

  async end(): Promise<void> {
    this.#changed = () => {};
    await this.client.close();
  }

  #log(kind: FrameLine['kind'], text: string, at: number): void {
    this.#number += 1;
    this.frames.push({ n: this.#number, kind, at, text: withoutTokens(text).slice(0, FRAME_CHARACTERS_MAX) });
    if (this.frames.length > FRAMES_MAX) this.frames.shift();
    this.#changed();
  }
}

/** What a screenshot may have. */
export function withoutTokens(text: string): string {
  return text.replace(/("(?:token|resumeToken)":)"(?:[^"\\]|\\.)*"/g, '$1"…"');
}
