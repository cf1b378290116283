import { type MemberStore, MemoryMemberStore, type StoredMember, type Takeover } from 'gateway-core';
import { oneTurn } from './asynchronous.js';
import { type Broken, clock } from './broken-parts.js';

class Members extends MemoryMemberStore {
  constructor() {
    super({ clock });
  }
}

/** A store with one method replaced; `store` is the whole one behind it. */
const broken = (methods: (store: MemoryMemberStore) => Partial<MemberStore>) => (): MemberStore => {
  const store = new Members();
  return { ...bound(store), ...methods(store) };
};

function bound(store: MemoryMemberStore): MemberStore {
  return {
    put: (member) => store.put(member),
    find: (...args) => store.find(...args),
    takeOver: (...args) => store.takeOver(...args),
    end: (...args) => store.end(...args),
    expire: (...args) => store.expire(...args),
    touch: (...args) => store.touch(...args),
    onReplaced: (...args) => store.onReplaced(...args),
  };
}

export const brokenMemberStores: Broken<MemberStore>[] = [
  ['groups are forgotten', 'is found whole', broken((store) => ({ put: (member) => store.put({ ...member, groups: [] }) }))],
  [
    'the used token is forgotten',
    'is found whole',
    broken((store) => ({ put: (member) => store.put({ ...member, usedTokenHash: undefined }) })),
  ],
  [
    'tokens are not looked at',
    'nobody is found by another token',
    broken((store) => ({ find: (memberId, _, holdMs) => store.find(memberId, `${memberId}-1`, holdMs) })),
  ],
  [
    'a put lays what is new over what is known',
    'replaces all that is known',
    broken((store) => {
      const known = new Map<string, StoredMember>();
      return {
        put: (member) => {
          const laid = JSON.parse(JSON.stringify({ ...known.get(member.memberId), ...JSON.parse(JSON.stringify(member)) }));
          known.set(member.memberId, laid);
          return store.put(laid);
        },
      };
    }),
  ],
  [
    'a takeover spends the token that it came with',
    'the one that it came with stays good',
    broken((store) => ({
      takeOver: (...args) => {
        const taken = store.takeOver(...args);
        if (taken !== undefined) store.put({ ...taken, usedTokenHash: undefined });
        return taken;
      },
    })),
  ],
  [
    'a takeover leaves a member dropped',
    'in the next generation, connected',
    broken((store) => ({
      takeOver: (...args) => {
        const taken = store.takeOver(...args);
        if (taken !== undefined) store.put({ ...taken, state: 'dropped' });
        return taken && { ...taken, state: 'dropped' };
      },
    })),
  ],
  [
    'a used token stays good for ever',
    'until its gateway says that it is not to',
    broken((store) => ({
      put: (member) => store.put({ ...member, usedTokenHash: member.usedTokenHash ?? `${member.memberId}-1` }),
    })),
  ],
  [
    'a takeover looks first and takes later',
    'exactly one succeeds',
    broken((store) => ({
      takeOver: async (memberId: string, tokenHash: string, by: Takeover) => {
        const found = store.find(memberId, tokenHash, 0);
        await oneTurn();
        if (found?.generation !== by.generation) return undefined;
        const taken = { ...found, generation: by.generation + 1, nodeId: by.nodeId, tokenHash: by.tokenHash };
        store.end(memberId, by.generation);
        store.put(taken);
        return taken;
      },
    })),
  ],
  [
    'a takeover does not look at the generation',
    'of another generation than the member has',
    broken((store) => ({
      takeOver: (memberId, tokenHash, by) =>
        store.takeOver(memberId, tokenHash, { ...by, generation: store.find(memberId, tokenHash, 0)?.generation ?? 0 }),
    })),
  ],
  [
    'the last put wins',
    'what an older generation says is refused',
    broken((store) => ({
      put: (member) => {
        for (let generation = 1; generation < 5; generation += 1) store.end(member.memberId, generation);
        return store.put(member);
      },
    })),
  ],
  [
    'an end of any generation ends',
    'what an older generation says is refused',
    broken((store) => ({
      end: (memberId) => [1, 2, 3].map((generation) => store.end(memberId, generation)).includes(true),
    })),
  ],
  [
    'a put of a later generation is taken',
    'speaks of one that there is not',
    broken((store) => ({
      put: (member) => {
        store.end(member.memberId, member.generation - 1);
        return store.put(member);
      },
    })),
  ],
  [
    'members that have gone are kept',
    'a member that has gone is nobody',
    broken((store) => ({ end: (memberId, generation) => store.expire(memberId, generation) !== 'replaced' })),
  ],
  [
    'puts overtake each other',
    'in the order in which they were made',
    broken((store) => {
      let calls = 0;
      return {
        put: (member) => {
          calls += 1;
          return (calls % 2 === 0 ? oneTurn() : oneTurn().then(oneTurn)).then(() => store.put(member));
        },
      };
    }),
  ],
  [
    'it keeps the very object that it was given',
    'changing what was given',
    broken(() => {
      const given = new Map<string, StoredMember>();
      return {
        put: (member) => given.set(member.memberId, member) !== undefined,
        find: (memberId) => given.get(memberId),
      };
    }),
  ],
  [
    'a dropped member is found for ever',
    'can be found for its resumeTtlMs',
    broken((store) => ({ put: (member) => store.put({ ...member, resumeTtlMs: member.resumeTtlMs * 100 }) })),
  ],
  [
    'a member expires whatever its state',
    'stays for as long as its gateway is alive',
    broken((store) => ({ expire: (memberId, generation) => (store.end(memberId, generation) ? 'expired' : 'replaced') })),
  ],
  [
    'a find holds nothing',
    'a find keeps a member from expiring',
    broken((store) => ({ find: (memberId, hash) => store.find(memberId, hash, 0) })),
  ],
  [
    'the longest hold counts',
    'the holdMs of the last find counts',
    broken((store) => {
      let heldUntil = 0;
      return {
        find: (memberId, hash, holdMs) => {
          heldUntil = Math.max(heldUntil, clock.monotonicMs() + holdMs);
          return store.find(memberId, hash, heldUntil - clock.monotonicMs());
        },
      };
    }),
  ],
  [
    'a put lets go whoever is held',
    'any other one does not',
    broken((store) => ({
      put: (member) => {
        store.find(member.memberId, member.tokenHash, 0);
        return store.put(member);
      },
    })),
  ],
  [
    'a find holds for ever',
    'a hold ends by itself',
    broken((store) => ({ find: (memberId, hash) => store.find(memberId, hash, Number.MAX_SAFE_INTEGER) })),
  ],
  [
    'time runs on while a member is connected',
    'has its whole time when it drops again',
    broken((store) => {
      const droppedAt = new Map<string, number>();
      return {
        put: (member) => {
          const { memberId, state, resumeTtlMs } = member;
          const now = clock.monotonicMs();
          if (state === 'dropped') droppedAt.set(memberId, droppedAt.get(memberId) ?? now);
          return store.put({ ...member, resumeTtlMs: Math.max(0, (droppedAt.get(memberId) ?? now) + resumeTtlMs - now) });
        },
      };
    }),
  ],
  [
    'everybody is told of every takeover',
    'and of no other member',
    broken((store) => ({
      onReplaced: (_, listener) => {
        const ends = ['node-1', 'node-2', 'node-3'].map((nodeId) => store.onReplaced(nodeId, listener));
        return () => {
          for (const end of ends) end();
        };
      },
    })),
  ],
  [
    'listeners never end',
    'ended one by one',
    broken((store) => ({
      onReplaced: (nodeId, listener) => {
        store.onReplaced(nodeId, listener);
        return () => {};
      },
    })),
  ],
  [
    'a touch never says that a lease ran out',
    'whether the lease of the last one was still running',
    broken((store) => ({
      touch: (nodeId, ttlMs) => {
        store.touch(nodeId, ttlMs);
        return 'alive';
      },
    })),
  ],
  [
    'the members of a dead gateway are gone at once',
    'have dropped when its lease ran out',
    broken((store) => ({ put: (member) => store.put({ ...member, resumeTtlMs: 0 }) })),
  ],
  [
    'the members of a dead gateway stay',
    'have dropped when its lease ran out',
    broken((store) => ({ touch: (nodeId) => store.touch(nodeId, Number.MAX_SAFE_INTEGER) })),
  ],
  [
    'a dropped member has its time once more when its gateway dies',
    'has no more time for that',
    broken((store) => ({ put: (member) => store.put({ ...member, state: 'connected' }) })),
  ],
  [
    'a gateway that was taken for dead cannot put its members again',
    'puts its members again',
    broken((store) => {
      const known = new Set<string>();
      return {
        put: (member) => {
          if (known.has(member.memberId) && store.find(member.memberId, member.tokenHash, 0) === undefined) return false;
          known.add(member.memberId);
          return store.put(member);
        },
      };
    }),
  ],
  [
    'members of a gateway that was never touched stay',
    'not touched before it puts',
    () => new MemoryMemberStore({ clock, untouchedLeaseMs: Number.POSITIVE_INFINITY }),
  ],
];
