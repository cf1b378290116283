import type { MemoryBroker } from 'gateway-core';
import { Feed } from './feed.js';

/** The feeds of the groups that some worker wants. */
export class Feeds {
  readonly #feeds = new Map<string, Feed>();
  #topics = 0;

  constructor(private readonly broker: MemoryBroker) {}

  get size(): number {
    return this.#feeds.size;
  }

  of(groupId: string): Feed {
    let feed = this.#feeds.get(groupId);
    if (feed === undefined) {
      this.#topics += 1;
      feed = new Feed(this.#topics, groupId, this.broker);
      this.#feeds.set(groupId, feed);
    }
    return feed;
  }

  /** Lets go of a feed where nobody reads it. */
  release(feed: Feed): void {
    if (!feed.isUnread) return;
    feed.end();
    this.#feeds.delete(feed.groupId);
  }
}
