import type { PlantedBug } from '../planted-bug.js';

/** In what is bounded: rates, kept members, idle and slow connections, ids that are known. */
export const limitBugs: readonly PlantedBug[] = [
  {
    name: 'flood-not-limited',
    file: 'gateway-core/src/router.ts',
    find: `    if (retryAfterMs > 0) return { code: 'RATE_LIMITED', message: 'too many messages or bytes', retryAfterMs };
`,
    replace: '',
    promise: 'a client may send so many messages',
    needs: ({ faults }) => faults.includes('floods'),
  },
  {
    name: 'rate-without-memory',
    file: 'gateway-core/src/rate-limit.ts',
    find: 'return Math.max(fullAt ?? now, now) + amount * this.#msPerToken;',
    replace: 'return now + amount * this.#msPerToken;',
    promise: 'a client may send so many messages in a time',
    needs: ({ faults }) => faults.includes('floods'),
  },
  {
    name: 'dropped-members-without-limit',
    file: 'gateway-core/src/members/members.ts',
    find: `    if (this.#dropped.size > this.options.droppedMembersMax) this.end(oldest as Member);
`,
    replace: `    void oldest;
`,
    promise: 'no more members than `limits.droppedMembersMax` are kept for those who have dropped',
    needs: ({ limits }) => limits.droppedMembersMax !== undefined,
  },
  {
    name: 'idle-for-ever',
    file: 'gateway-core/src/due-end.ts',
    find: `if (state === 'open' && !busy && monotonicMs - identifyFrom >= identifyTimeoutMs) {`,
    replace: `if (state === 'open' && !busy && monotonicMs - identifyFrom >= 1000 * identifyTimeoutMs) {`,
    promise: 'who never says who they are is closed after `identifyTimeoutMs`',
    needs: ({ faults }) => faults.includes('idlers'),
  },
  {
    name: 'slow-for-ever',
    file: 'gateway-core/src/flow-control.ts',
    find: `    this.overMarkSince = undefined;
    if (unsentBytes * 2`,
    replace: '    if (unsentBytes * 2',
    promise: 'who reads again is not closed as too slow',
  },
  {
    name: 'dedup-remembers-one',
    file: 'gateway-core/src/broker/memory-broker.ts',
    find: 'while (topic.keysSize > this.#idempotencyKeysMax) topic.shiftKey();',
    replace: 'while (topic.keysSize > 1) topic.shiftKey();',
    promise: 'a message that is sent twice is accepted once, also with others between',
  },
  {
    name: 'sweep-skips-the-first',
    file: 'gateway-core/src/hub.ts',
    find: '      this.#pass = this.#live.values();',
    replace: `      this.#pass = this.#live.values();
      this.#pass.next();`,
    promise: 'a sweep looks at each connection',
  },
];
