import type { ServerResponse } from 'node:http';
import type { Clock, Gateway, TimerHandle } from 'gateway-core';
import { Board } from './board.js';
import { Codes } from './codes.js';
import { Details } from './details.js';
import { type Happening, listen } from './happenings.js';
import { messageEvent } from './message-event.js';
import { Viewer } from './viewer.js';
import { WholeMessages } from './whole-messages.js';
import type { Change, FeedEvent, SettingRow, Snapshot, Stats } from './wire.js';

/** How often viewers are told what is different. */
export const CHANGE_MS = 500;
/** Looking takes at most this part of the time: where there is much to look at, viewers are told less often. */
const LOOKING_SHARE = 1 / 20;
/** How long events wait for others. */
const FLUSH_MS = 50;
export const VIEWERS_MAX = 8;
/** Events that are kept for who comes next. */
const RECENT_MAX = 1_000;
const RECENT_SHOWN = 100;

/** What the feed says beside what the gateway knows. */
export interface FeedInfo {
  readOnly: boolean;
  hideMetadata: boolean;
  startedAt: number;
  settings: SettingRow[];
}

/** Tells viewers what the gateway does. Without viewers it is not there: no listener, no timer, nothing kept. */
export class Feed {
  readonly #viewers = new Set<Viewer>();
  #watching: { off(): void; board: Board; details: Details } | undefined;
  #changeTimer: TimerHandle;
  #flushTimer: TimerHandle;
  #recent: FeedEvent[] = [];
  #whole = new WholeMessages();
  #number = 0;
  #codes = new Codes();

  constructor(
    private readonly gateway: Gateway,
    private readonly clock: Clock,
    private readonly info: FeedInfo,
  ) {}

  get isFull(): boolean {
    return this.#viewers.size >= VIEWERS_MAX;
  }

  /** Tells one more viewer, until its connection ends. */
  add(response: ServerResponse, groupId: string | undefined): void {
    const viewer = new Viewer(response, groupId, () => this.clock.monotonicMs());
    this.#viewers.add(viewer);
    response.on('close', () => this.#remove(viewer));
    response.on('error', () => this.#remove(viewer));
    this.#watching ??= this.#watch();
    // A first look of its own: it does not wait for the next change.
    void this.#watching.details.look(this.#groupIds()).then(() => this.#change());
  }

  /** The JSON text of a message's data that was cut; `undefined` where it is not kept. @param n the number of its event. */
  data(n: number): string | undefined {
    return this.#whole.data(n);
  }

  close(): void {
    for (const viewer of this.#viewers) {
      viewer.end(false);
      this.#remove(viewer);
    }
  }

  #watch() {
    const { gateway, info } = this;
    const offMessages = gateway.on('published', (message) => {
      this.#tell(message.groupId, () => {
        const event = messageEvent(this.#number, this.clock.now(), message);
        if (event.cut) this.#whole.keep(event.n, message.text);
        return event;
      });
    });
    const offHappenings = listen(gateway, (happening) => this.#happened(happening));
    return {
      off: () => {
        offMessages();
        offHappenings();
      },
      board: new Board(gateway, info.hideMetadata),
      details: new Details(gateway, info.hideMetadata),
    };
  }

  #remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer) || this.#viewers.size > 0) return;
    this.#watching?.off();
    this.#watching = undefined;
    this.clock.clearTimeout(this.#changeTimer);
    this.clock.clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#recent = [];
    this.#whole = new WholeMessages();
    this.#codes = new Codes();
  }

  #happened(happening: Happening): void {
    const { type, code, groupId } = happening;
    if (type === 'disconnect') this.#codes.closed(Number(code));
    if (type === 'refused') this.#codes.refused(String(code));
    this.#tell(groupId, () => ({ ...happening, n: this.#number, at: this.clock.now() }));
  }

  /** Makes an event only where somebody takes it. */
  #tell(groupId: string | undefined, make: () => FeedEvent): void {
    this.#number += 1;
    const takers = [...this.#viewers].filter((viewer) => viewer.takes(groupId));
    if (takers.length > 0) {
      const event = make();
      for (const viewer of takers) viewer.add(event);
      this.#recent.push(event);
      if (this.#recent.length >= 2 * RECENT_MAX) this.#recent = this.#recent.slice(-RECENT_MAX);
    }
    this.#flushTimer ??= this.clock.setTimeout(() => {
      this.#flushTimer = undefined;
      for (const viewer of this.#viewers) viewer.flush();
    }, FLUSH_MS);
  }

  /** Looks at the gateway, and tells who can be told. */
  #change(began = this.clock.monotonicMs()): void {
    if (this.#watching === undefined) return;
    const { board, details } = this.#watching;
    const { connections, groups } = board.look();
    const common = {
      at: this.clock.now(),
      stats: this.gateway.stats() as unknown as Stats,
      draining: !this.gateway.health().ok,
      codes: this.#codes.rows,
    };
    const changed = { connections: setAndGone(connections), groups: setAndGone(groups) };
    const whole = { connections: { set: connections.rows, gone: [] }, groups: { set: groups.rows, gone: [] } };
    for (const viewer of this.#viewers) {
      const { groupId } = viewer;
      const detail = groupId === undefined ? undefined : details.get(groupId);
      if (viewer.stuck) viewer.end(true);
      else if (!viewer.ready) viewer.stale = true;
      else if (viewer.stale) viewer.send('snapshot', JSON.stringify(this.#snapshot({ ...common, ...whole, detail }, viewer)));
      else viewer.send('change', JSON.stringify({ ...common, ...changed, detail } satisfies Change));
    }
    // Whoever was cut may have been the last.
    if (this.#viewers.size === 0) return;
    const looked = this.clock.monotonicMs() - began;
    // Where a viewer has come in between, its own look was one for all.
    this.clock.clearTimeout(this.#changeTimer);
    this.#changeTimer = this.clock.setTimeout(
      () => {
        const began = this.clock.monotonicMs();
        void this.#watching?.details.look(this.#groupIds());
        this.#change(began);
      },
      Math.max(CHANGE_MS, looked / LOOKING_SHARE),
    );
  }

  #snapshot(change: Change, viewer: Viewer): Snapshot {
    const { fresh, groupId } = viewer;
    viewer.stale = false;
    viewer.fresh = false;
    const isIts = (event: FeedEvent) => groupId === undefined || event.groupId === undefined || event.groupId === groupId;
    const { readOnly, startedAt, settings } = this.info;
    const events = fresh ? this.#recent.filter(isIts).slice(-RECENT_SHOWN) : [];
    return { ...change, path: this.gateway.path, readOnly, startedAt, settings, events };
  }

  #groupIds(): Set<string> {
    return new Set([...this.#viewers].flatMap(({ groupId }) => groupId ?? []));
  }
}

function setAndGone<Row>({ set, gone }: { set: Row[]; gone: string[] }) {
  return { set, gone };
}
