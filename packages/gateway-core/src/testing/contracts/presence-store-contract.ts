import assert from 'node:assert/strict';
import type { MaybePromise } from '../../maybe-promise.js';
import type { PresenceStore } from '../../presence/presence-store.js';
import { assertSame, type ContractClaim, type ContractHarness, onFresh, vandalise } from './contract.js';
import { type PresenceClaims, someone, Watcher } from './presence-claims.js';
import { leaseClaims, sharingClaims } from './presence-sharing-claims.js';

/** How to get hold of one implementation of {@link PresenceStore}, and of its time. */
export interface PresenceStoreHarness extends ContractHarness<PresenceStore> {
  /** Lets `ms` milliseconds pass for the store. */
  advance(ms: number): MaybePromise<void>;
}

const groupClaims: PresenceClaims = {
  'a group that nobody ever entered is UNKNOWN and has no members': async (store) => {
    assertSame(await store.info('g'), { status: 'UNKNOWN' });
    assertSame(await store.list('g'), []);
  },
  'a group with a connected member is UP, with who changed last and the number of members': async (store) => {
    await store.enter('g', someone('a', { role: 'dashboard', metadataText: '{"platform":"web"}' }));
    assertSame(await store.info('g'), {
      status: 'UP',
      details: { role: 'dashboard', metadataText: '{"platform":"web"}', members: 1 },
    });
    await store.enter('g', someone('b'));
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'app-client', members: 2 } });
    await store.enter('g', someone('a', { role: 'dashboard', state: 'dropped' }));
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'dashboard', members: 2 } });
  },
  'a group whose members are all dropped is DEGRADED, until one is connected again': async (store) => {
    for (const memberId of ['a', 'b']) await store.enter('g', someone(memberId));
    for (const memberId of ['a', 'b']) await store.enter('g', someone(memberId, { state: 'dropped' }));
    assertSame(await store.info('g'), { status: 'DEGRADED', details: { role: 'app-client', members: 2 } });
    await store.enter('g', someone('a'));
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'app-client', members: 2 } });
    await store.leave('g', 'a');
    assertSame(await store.info('g'), { status: 'DEGRADED', details: { role: 'app-client', members: 1 } });
  },
  'a group whose last member has left is DOWN, with who left': async (store) => {
    await store.enter('g', someone('a', { state: 'dropped' }));
    await store.enter('g', someone('b', { role: 'service-node', metadataText: '{"n":1}' }));
    await store.leave('g', 'a');
    await store.leave('g', 'b');
    assertSame(await store.info('g'), { status: 'DOWN', details: { role: 'service-node', metadataText: '{"n":1}', members: 0 } });
    assertSame(await store.list('g'), []);
    await store.enter('g', someone('a'));
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'app-client', members: 1 } });
  },
  'members are listed whole, in the order in which they came': async (store) => {
    const members = [
      someone('c', { metadataText: '{"deep":{"list":[1,null,"x"]}}' }),
      someone('a', { nodeId: 'node-2', role: 'dashboard', principal: 'ключ 🗝' }),
      someone('b', { state: 'dropped', principal: 'user-1' }),
    ];
    for (const member of members) await store.enter('g', member);
    assertSame(await store.list('g'), members);
  },
  'entering again replaces everything that is known of a member, and its place stays': async (store) => {
    await store.enter('g', someone('a', { metadataText: '{"old":true}', principal: 'user-1' }));
    await store.enter('g', someone('b'));
    const again = someone('a', { nodeId: 'node-2', role: 'dashboard', state: 'dropped' });
    await store.enter('g', again);
    assertSame(await store.list('g'), [again, someone('b')]);
  },
  'what a member says of itself is listed as it said it, replaced by what it says next, and gone with it': async (store) => {
    await store.enter('g', someone('a', { stateText: '{"cursor":[1,2.50]}' }));
    await store.enter('g', someone('b', { stateText: 'false', state: 'dropped' }));
    assertSame(await store.list('g'), [
      someone('a', { stateText: '{"cursor":[1,2.50]}' }),
      someone('b', { stateText: 'false', state: 'dropped' }),
    ]);
    await store.enter('g', someone('a', { stateText: '"typing \u{1f511}"' }));
    await store.enter('g', someone('b'));
    assertSame(await store.list('g'), [someone('a', { stateText: '"typing \u{1f511}"' }), someone('b')]);
    await store.leave('g', 'a');
    await store.enter('g', someone('a'));
    assertSame(await store.list('g'), [someone('b'), someone('a')]);
  },
  'the leave of a member that is not there is no error, and nothing comes of it': async (store) => {
    const watcher = new Watcher(store);
    await store.leave('never', 'a');
    await store.enter('g', someone('a'));
    await store.leave('g', 'b');
    await store.enter('fence', someone('a'));
    await watcher.toldOf('fence');
    assertSame(watcher.told, ['g', 'fence']);
    assertSame(await store.info('never'), { status: 'UNKNOWN' });
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'app-client', members: 1 } });
  },
  'one member may be in many groups, and each group is by itself': async (store) => {
    await store.enter('g', someone('a'));
    await store.enter('h', someone('a', { state: 'dropped' }));
    await store.leave('g', 'a');
    assert.equal((await store.info('g')).status, 'DOWN');
    assert.equal((await store.info('h')).status, 'DEGRADED');
  },
  'calls take effect in the order in which they were made, awaited or not': async (store) => {
    const calls: MaybePromise<void>[] = [];
    for (let n = 0; n < 20; n += 1) {
      calls.push(store.enter('g', someone(`m${n}`)));
      calls.push(store.enter('g', someone(`m${n}`, { state: 'dropped' })));
      calls.push(store.leave('g', `m${n}`));
      if (n % 2 === 0) calls.push(store.enter('g', someone(`m${n}`, { metadataText: `{"n":${n}}` })));
    }
    await Promise.all(calls);
    assertSame(
      await store.list('g'),
      [0, 2, 4, 6, 8, 10, 12, 14, 16, 18].map((n) => someone(`m${n}`, { metadataText: `{"n":${n}}` })),
    );
  },
  'ids that objects have a meaning for are ids like any other': async (store) => {
    for (const id of ['__proto__', 'constructor', 'toString', 'a:b', 'ключ 🗝', '*']) {
      assertSame(await store.info(id), { status: 'UNKNOWN' });
      await store.enter(id, someone(id));
      assertSame(await store.list(id), [someone(id)]);
    }
  },
  'changing what was given to the store, or what it gave, changes nothing in it': async (store) => {
    const member = () => someone('a', { metadataText: '{"deep":{"list":[1]}}' });
    const given = member();
    await store.enter('g', given);
    vandalise(given);
    vandalise(await store.list('g'));
    vandalise(await store.info('g'));
    assertSame(await store.list('g'), [member()]);
    const details = { role: 'app-client', metadataText: member().metadataText, members: 1 };
    assertSame(await store.info('g'), { status: 'UP', details });
    await store.leave('g', 'a');
    vandalise(await store.info('g'));
    assertSame(await store.info('g'), { status: 'DOWN', details: { ...details, members: 0 } });
  },
};

/**
 * What every {@link PresenceStore} promises, as claims for any test runner.
 * @example
 * const clock = new FakeClock();
 * const claims = presenceStoreContract({ create: () => new MemoryPresenceStore({ clock }), advance: (ms) => clock.advance(ms) });
 * for (const { name, run } of claims) test(name, run);
 */
export function presenceStoreContract(harness: PresenceStoreHarness): ContractClaim[] {
  return Object.entries({ ...groupClaims, ...sharingClaims, ...leaseClaims }).map(([name, claim]) => ({
    name,
    run: () => onFresh(harness, (store, other) => claim(store, other, (ms) => harness.advance(ms))),
  }));
}
