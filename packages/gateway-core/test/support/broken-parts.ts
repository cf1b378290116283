import {
  type Broker,
  type BrokerEntry,
  type BrokerMessage,
  MemoryBroker,
  MemoryPresenceStore,
  MemorySessionStore,
  type PresenceMember,
  type PresenceStore,
  type PublishedPosition,
  type SessionStore,
  type SessionUpsert,
} from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { oneTurn } from './asynchronous.js';
import { FencingBroker } from './fencing-broker.js';

/** An implementation with one fault, and words of the one claim that must catch it. */
export type Broken<Part> = [fault: string, claim: string, create: () => Part];

/** The time of all of them. */
export const clock = new FakeClock();

class Presence extends MemoryPresenceStore {
  constructor() {
    super({ clock });
  }
}
export const brokenPresenceStores: Broken<PresenceStore>[] = [
  [
    'dropped members count as connected',
    'all dropped is DEGRADED',
    () =>
      new (class extends Presence {
        override enter = (groupId: string, member: PresenceMember) => super.enter(groupId, { ...member, state: 'connected' });
      })(),
  ],
  [
    'what a member says of itself is forgotten',
    'what a member says of itself',
    () =>
      new (class extends Presence {
        override enter = (groupId: string, member: PresenceMember) => super.enter(groupId, { ...member, stateText: undefined });
      })(),
  ],
  [
    'a leave of nobody is told to watchers',
    'nothing comes of it',
    () =>
      new (class extends Presence {
        override leave(groupId: string, memberId: string) {
          super.enter(groupId, { memberId, nodeId: 'n', role: 'app-client', state: 'connected' });
          super.leave(groupId, memberId);
        }
      })(),
  ],
  [
    'a late enter of an earlier generation counts',
    'earlier generation of a member',
    () =>
      new (class extends Presence {
        override enter = (groupId: string, member: PresenceMember) => super.enter(groupId, { ...member, generation: undefined });
      })(),
  ],
  [
    'a late leave of an earlier generation counts',
    'earlier generation of a member',
    () =>
      new (class extends Presence {
        override leave = (groupId: string, memberId: string) => super.leave(groupId, memberId);
      })(),
  ],
  [
    'who names no generation is taken for an earlier one',
    'who names no generation',
    () =>
      new (class extends Presence {
        override leave = (groupId: string, memberId: string, generation = 1) => super.leave(groupId, memberId, generation);
      })(),
  ],
  [
    'the list is newest first',
    'listed whole, in the order',
    () =>
      new (class extends Presence {
        override list = (groupId: string) => super.list(groupId).reverse();
      })(),
  ],
  [
    'entering again moves to the end',
    'its place stays',
    () =>
      new (class extends Presence {
        override enter(groupId: string, member: PresenceMember) {
          super.leave(groupId, member.memberId);
          super.enter(groupId, member);
        }
      })(),
  ],
  [
    'watchers never end',
    'ended is told nothing more',
    () =>
      new (class extends Presence {
        override watch(listener: (groupId: string) => void) {
          super.watch(listener);
          return () => {};
        }
      })(),
  ],
  [
    'dead nodes stay',
    'members of a node that was not touched',
    () =>
      new (class extends Presence {
        override touch() {
          return 'alive' as const;
        }
      })(),
  ],
  [
    'a lease is never prolonged',
    'a touch lets a node live',
    () => {
      const touched = new Set<string>();
      return new (class extends Presence {
        override touch(nodeId: string, ttlMs: number) {
          if (touched.has(nodeId)) return 'alive' as const;
          touched.add(nodeId);
          return super.touch(nodeId, ttlMs);
        }
      })();
    },
  ],
  [
    'a touch never says that a lease ran out',
    'whether the lease of the last one was still running',
    () =>
      new (class extends Presence {
        override touch(nodeId: string, ttlMs: number) {
          super.touch(nodeId, ttlMs);
          return 'alive' as const;
        }
      })(),
  ],
  [
    'a touch answers nothing',
    'whether the lease of the last one was still running',
    () =>
      new (class extends Presence {
        override touch(nodeId: string, ttlMs: number) {
          super.touch(nodeId, ttlMs);
          return undefined as never;
        }
      })(),
  ],
  [
    'an enter begins a lease as good as one by touch',
    'told so by its next touch',
    () =>
      new (class extends Presence {
        override enter(groupId: string, member: PresenceMember) {
          super.touch(member.nodeId, 30_000);
          super.enter(groupId, member);
        }
      })(),
  ],
  [
    'members of a node that was never touched stay',
    'not touched before it enters',
    () => new MemoryPresenceStore({ clock, untouchedLeaseMs: Number.POSITIVE_INFINITY }),
  ],
  [
    'members of a node that was never touched are gone at once',
    'not touched before it enters',
    () => new MemoryPresenceStore({ clock, untouchedLeaseMs: 0 }),
  ],
  [
    'a first touch clears what was entered before it',
    'keeps that member',
    () => {
      const touched = new Set<string>();
      return new (class extends Presence {
        override touch(nodeId: string, ttlMs: number) {
          if (!touched.has(nodeId)) for (const { memberId } of super.list('g')) super.leave('g', memberId);
          touched.add(nodeId);
          return super.touch(nodeId, ttlMs);
        }
      })();
    },
  ],
  [
    'who a member is to the host is dropped',
    'listed whole, in the order',
    () =>
      new (class extends Presence {
        override enter = (groupId: string, member: PresenceMember) => super.enter(groupId, { ...member, principal: undefined });
      })(),
  ],
];

class Sessions extends MemorySessionStore {
  constructor() {
    super({ clock });
  }
}
export const brokenSessionStores: Broken<SessionStore>[] = [
  [
    'an update replaces meta',
    'fields that it does not name stay',
    () =>
      new (class extends Sessions {
        override upsert(session: SessionUpsert) {
          return super.upsert({ ...session, meta: { createdBy: '', ...JSON.parse(JSON.stringify(session.meta)) } });
        }
      })(),
  ],
  [
    'a touch creates',
    'a touch of nothing',
    () =>
      new (class extends Sessions {
        override touch(groupId: string, sessionId: string, ttlMs: number) {
          return super.upsert({ groupId, sessionId, ttlMs, meta: {}, sessionsMax: 0 }) !== undefined;
        }
      })(),
  ],
  [
    'sessionsMax is not kept',
    'one more is refused',
    () =>
      new (class extends Sessions {
        override upsert(session: SessionUpsert) {
          return super.upsert({ ...session, sessionsMax: 0 });
        }
      })(),
  ],
  [
    'expire returns what is over again and again',
    'an ended session is returned once',
    () => {
      const all: ReturnType<MemorySessionStore['expire']> = [];
      return new (class extends Sessions {
        override expire() {
          all.push(...super.expire());
          return all;
        }
      })();
    },
  ],
  [
    'the end of a revived session is swallowed',
    'once for each life',
    () =>
      new (class extends Sessions {
        override upsert(session: SessionUpsert) {
          super.expire();
          return super.upsert(session);
        }
      })(),
  ],
];

export const brokenBrokers: Broken<Broker>[] = [
  [
    'every entry is delivered twice',
    'each once',
    () =>
      new (class extends MemoryBroker {
        override subscribe(groupId: string, receiver: Parameters<Broker['subscribe']>[1]) {
          const deliver = (entry: BrokerEntry) => {
            receiver.deliver(entry);
            receiver.deliver(entry);
          };
          return super.subscribe(groupId, { ...receiver, deliver });
        }
      })(),
  ],
  [
    'a subscription says a later position',
    'a subscription begins at its position',
    () =>
      new (class extends MemoryBroker {
        override subscribe(...args: Parameters<MemoryBroker['subscribe']>) {
          const { position, unsubscribe } = super.subscribe(...args);
          return { position: { ...position, seq: position.seq + 1 }, unsubscribe };
        }
      })(),
  ],
  [
    'publishes overtake each other',
    'in the order of the calls',
    () => {
      let calls = 0;
      return new (class extends MemoryBroker {
        override publish(groupId: string, message: BrokerMessage): never {
          calls += 1;
          const late = calls % 2 === 0 ? oneTurn() : oneTurn().then(oneTurn);
          return late.then(() => super.publish(groupId, message)) as never;
        }
      })();
    },
  ],
  [
    'history is inclusive',
    'exactly the entries after a position',
    () =>
      new (class extends MemoryBroker {
        override history: MemoryBroker['history'] = (groupId, since, limit) =>
          super.history(groupId, { ...since, seq: Math.max(0, since.seq - 1) }, limit);
      })(),
  ],
  [
    'history that does not reach back gives what there is',
    'no longer reaches back is lost',
    () =>
      new (class extends MemoryBroker {
        override history: MemoryBroker['history'] = (groupId, since, limit) => {
          for (let { seq } = since; ; seq += 1) {
            const answer = super.history(groupId, { ...since, seq }, limit);
            if (answer.lost !== 'trimmed') return answer;
          }
        };
      })({ historyMessagesMax: 60 }),
  ],
  [
    'history takes another log for its own',
    'history of another log',
    () =>
      new (class extends MemoryBroker {
        override history: MemoryBroker['history'] = (groupId, since, limit) => {
          const { head } = super.history(groupId, since, limit);
          return super.history(groupId, { ...head, seq: since.seq }, limit);
        };
      })(),
  ],
  [
    'idempotency keys are not looked at',
    'answered with the first position',
    () =>
      new (class extends MemoryBroker {
        override publish: MemoryBroker['publish'] = (groupId, message) =>
          super.publish(groupId, { ...message, idempotencyKey: undefined });
      })(),
  ],
  [
    'idempotency keys are looked up before seq is given, not with it',
    'of repeats at once one is appended',
    () => {
      const known = new Map<string, PublishedPosition>();
      return new (class extends MemoryBroker {
        override publish(groupId: string, { idempotencyKey, ...message }: BrokerMessage): never {
          const first = known.get(`${groupId} ${idempotencyKey}`);
          if (idempotencyKey !== undefined && first !== undefined) return { ...first, duplicate: true } as never;
          return oneTurn().then(() => {
            const position = super.publish(groupId, message);
            known.set(`${groupId} ${idempotencyKey}`, position);
            return position;
          }) as never;
        }
      })();
    },
  ],
  [
    'all groups have their idempotency keys together',
    'counts in its own group only',
    () => {
      const known = new Map<string, PublishedPosition>();
      return new (class extends MemoryBroker {
        override publish(groupId: string, message: BrokerMessage): PublishedPosition {
          const first = known.get(message.idempotencyKey ?? '');
          if (first !== undefined) return { ...first, duplicate: true };
          const position = super.publish(groupId, message);
          if (message.idempotencyKey !== undefined) known.set(message.idempotencyKey, position);
          return position;
        }
      })();
    },
  ],
  [
    'an earlier generation of a member may publish',
    'an older generation of a member',
    () =>
      new (class extends FencingBroker {
        override publish: MemoryBroker['publish'] = (groupId, message) =>
          super.publish(groupId, { ...message, fence: undefined });
      })(),
  ],
  [
    'a message that is refused takes its idempotency key',
    'an older generation of a member',
    () =>
      new (class extends FencingBroker {
        readonly #taken = new Set<string | undefined>();
        override publish(groupId: string, message: BrokerMessage): PublishedPosition {
          if (this.#taken.has(message.idempotencyKey)) return { epoch: 'e', seq: 1, duplicate: true };
          try {
            return super.publish(groupId, message);
          } catch (error) {
            this.#taken.add(message.idempotencyKey);
            throw error;
          }
        }
      })(),
  ],
  [
    'the end of a subscription is not heard',
    'delivers nothing more',
    () =>
      new (class extends MemoryBroker {
        override subscribe: MemoryBroker['subscribe'] = (...args) => ({ ...super.subscribe(...args), unsubscribe: () => {} });
      })(),
  ],
];
