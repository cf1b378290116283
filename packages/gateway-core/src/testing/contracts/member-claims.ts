import assert from 'node:assert/strict';
import type { MaybePromise } from '../../maybe-promise.js';
import type { MemberStore, StoredMember, Takeover } from '../../members/member-store.js';
import { assertSame, vandalise } from './contract.js';

/** Claims by name. `other` is the same store as another gateway sees it. */
export type MemberClaims = Record<
  string,
  (store: MemberStore, other: MemberStore, advance: (ms: number) => MaybePromise<void>) => Promise<void>
>;

export const WINDOW_MS = 1_000;

/** A member as most claims need one: of node-1, which was not touched. */
export const someone = (memberId: string, rest: Partial<StoredMember> = {}): StoredMember => ({
  memberId,
  generation: 1,
  nodeId: 'node-1',
  tokenHash: `${memberId}-1`,
  role: 'app-client',
  user: 'user-1',
  groups: [],
  state: 'connected',
  resumeTtlMs: WINDOW_MS,
  ...rest,
});

/** By another gateway, with the next token. */
export const by = (memberId: string, generation = 1, rest: Partial<Takeover> = {}): Takeover => ({
  generation,
  nodeId: 'node-2',
  tokenHash: `${memberId}-${generation + 1}`,
  ...rest,
});

const whole = (): StoredMember =>
  someone('a', {
    usedTokenHash: 'a-0',
    role: 'dashboard',
    metadataText: '{"deep":{"list":[1,2.50]}}',
    user: 'ключ 🗝',
    groups: [{ groupId: 'h', stateText: '{"typing":true}' }, { groupId: 'g', assigned: true }, { groupId: '__proto__' }],
  });

export const memberClaims: MemberClaims = {
  'a member is found whole, by its id and either of its tokens, by every gateway': async (store, other) => {
    assert.equal(await store.put(whole()), true);
    for (const side of [store, other]) {
      assertSame(await side.find('a', 'a-1', 0), whole());
      assertSame(await side.find('a', 'a-0', 0), whole());
    }
  },
  'nobody is found by another token, by the token of another member, or by no member of that id': async (store) => {
    await store.put(someone('a'));
    await store.put(someone('b'));
    for (const [memberId, hash] of [
      ['a', 'a-2'],
      ['a', 'b-1'],
      ['c', 'a-1'],
      ['', ''],
      ['constructor', 'name'],
    ] as const) {
      assertSame(await store.find(memberId, hash, 0), undefined, `${memberId} by ${hash}`);
      assertSame(await store.takeOver(memberId, hash, by(memberId)), undefined, `${memberId} by ${hash}`);
    }
  },
  'a put of the same generation replaces all that is known, a token that it does not name among it': async (store, other) => {
    await store.put(whole());
    assert.equal(await store.put(someone('a', { tokenHash: 'new' })), true);
    assertSame(await other.find('a', 'new', 0), someone('a', { tokenHash: 'new' }));
    for (const hash of ['a-0', 'a-1']) assertSame(await other.find('a', hash, 0), undefined, hash);
  },
  'who takes a member over has it in the next generation, connected, with the next token; the one that it came with stays good':
    async (store, other) => {
      await store.put({ ...whole(), state: 'dropped' });
      const { usedTokenHash: _, ...rest } = whole();
      const taken = { ...rest, generation: 2, nodeId: 'node-2', tokenHash: 'a-2', usedTokenHash: 'a-1' };
      assertSame(await other.takeOver('a', 'a-1', by('a')), taken);
      for (const hash of ['a-1', 'a-2']) assertSame(await store.find('a', hash, 0), taken, hash);
      assertSame(await store.find('a', 'a-0', 0), undefined, 'the one before is spent');
    },
  'a used token takes a member over too, until its gateway says that it is not to': async (store, other) => {
    await store.put(someone('a'));
    await other.takeOver('a', 'a-1', by('a'));
    const again = await store.takeOver('a', 'a-1', by('a', 2));
    assertSame(again, someone('a', { generation: 3, nodeId: 'node-2', tokenHash: 'a-3', usedTokenHash: 'a-1' }));
    assertSame(await store.find('a', 'a-2', 0), undefined, 'nobody has ever come with it');
    assert.equal(await other.put({ ...(again as StoredMember), usedTokenHash: undefined }), true);
    assertSame(await store.takeOver('a', 'a-1', by('a', 3)), undefined);
    assertSame((await store.takeOver('a', 'a-3', by('a', 3)))?.generation, 4);
  },
  'of takeovers at once that found the same generation exactly one succeeds': async (store, other) => {
    await store.put(someone('a', { usedTokenHash: 'a-0' }));
    const takeovers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? store : other).takeOver('a', n % 3 === 0 ? 'a-0' : 'a-1', by('a', 1, { tokenHash: `next-${n}` })),
      ),
    );
    assert.equal(takeovers.filter((taken) => taken !== undefined).length, 1);
    const [winner] = takeovers.filter((taken) => taken !== undefined);
    assertSame(await store.find('a', (winner as StoredMember).tokenHash, 0), winner);
  },
  'a takeover of another generation than the member has is refused': async (store) => {
    await store.put(someone('a', { generation: 5 }));
    for (const generation of [4, 6]) assertSame(await store.takeOver('a', 'a-1', by('a', generation)), undefined);
    assertSame(await store.find('a', 'a-1', 0), someone('a', { generation: 5 }));
  },
  'what an older generation says is refused, and changes nothing': async (store, other) => {
    await store.put(someone('a'));
    const taken = await other.takeOver('a', 'a-1', by('a'));
    assert.equal(await store.put(someone('a', { groups: [{ groupId: 'g' }] })), false);
    assert.equal(await store.put(someone('a', { state: 'dropped', resumeTtlMs: 0 })), false);
    assert.equal(await store.end('a', 1), false);
    assert.equal(await store.expire('a', 1), 'replaced');
    assertSame(await other.find('a', 'a-2', 0), taken);
  },
  'a later generation than the member has speaks of one that there is not': async (store) => {
    await store.put(someone('a'));
    assert.equal(await store.end('a', 2), false);
    assert.equal(await store.put(someone('a', { generation: 2, tokenHash: 'x' })), false);
    assert.equal(await store.expire('a', 2), 'replaced');
    assertSame(await store.find('a', 'a-1', 0), someone('a'));
  },
  'a member that has gone is nobody any more, and another one than before where it is put again': async (store, other) => {
    await store.put(someone('a'));
    assert.equal(await store.end('a', 1), true);
    assert.equal(await store.end('a', 1), false);
    assert.equal(await store.expire('a', 1), 'expired');
    assertSame(await other.find('a', 'a-1', 0), undefined);
    assertSame(await other.takeOver('a', 'a-1', by('a')), undefined);
    assert.equal(await store.put(someone('a', { generation: 3 })), true);
    assertSame(await other.find('a', 'a-1', 0), someone('a', { generation: 3 }));
  },
  'calls take effect in the order in which they were made, awaited or not': async (store) => {
    const calls: MaybePromise<unknown>[] = [];
    for (let n = 0; n < 20; n += 1) {
      calls.push(store.put(someone(`m${n}`)));
      calls.push(store.put(someone(`m${n}`, { role: 'dashboard' })));
      if (n % 2 === 0) calls.push(store.takeOver(`m${n}`, `m${n}-1`, by(`m${n}`)));
      if (n % 4 === 0) calls.push(store.end(`m${n}`, 2));
      calls.push(store.put(someone(`m${n}`, { role: 'service-node' })));
    }
    await Promise.all(calls);
    const found = await Promise.all(Array.from({ length: 20 }, (_, n) => store.find(`m${n}`, `m${n}-1`, 0)));
    assertSame(
      found.map((member) => [member?.generation, member?.role]),
      Array.from({ length: 20 }, (_, n) => (n % 4 === 2 ? [2, 'dashboard'] : [1, 'service-node'])),
    );
  },
  'changing what was given to the store, or what it gave, changes nothing in it': async (store) => {
    const given = whole();
    await store.put(given);
    vandalise(given);
    vandalise(await store.find('a', 'a-1', 0));
    assertSame(await store.find('a', 'a-1', 0), whole());
    vandalise(await store.takeOver('a', 'a-1', by('a')));
    assertSame((await store.find('a', 'a-2', 0))?.groups, whole().groups);
    await store.put(someone('b'));
    vandalise(await store.find('b', 'b-1', 0));
    assertSame(await store.find('b', 'b-1', 0), someone('b'));
  },
};
