import { asks, has, hasMoves, type PlantedBug } from '../planted-bug.js';

/** In what is left behind, lost as it is waited for, or kept over a reconnect. */
export const teardownBugs: readonly PlantedBug[] = [
  {
    name: 'drain-step-left',
    file: 'gateway-core/src/drain.ts',
    find: `    clock.clearTimeout(this.#nextStep);
    await release();`,
    replace: '    await release();',
    promise: 'nothing is left when `close` has resolved',
    needs: (plan) => has(plan, 'deploy'),
  },
  {
    name: 'announcer-timer-left',
    file: 'gateway-core/src/groups/presence-announcer.ts',
    find: `    for (const { timer } of this.#schedules.values()) if (timer !== undefined) this.clock.clearTimeout(timer);
`,
    replace: '',
    promise: 'nothing is left when `close` has resolved',
  },
  {
    name: 'replay-wakeup-lost',
    file: 'gateway-core/src/groups/replay-pace.ts',
    find: `        this.#timer = undefined;
        this.#schedule();`,
    replace: '        this.#timer = undefined;',
    promise: 'replays that wait for their rate go on',
    needs: ({ limits }) => limits.replayBytesPerSecondMax !== undefined,
  },
  {
    name: 'failed-opening-kept',
    file: 'gateway-core/src/groups/groups.ts',
    find: `    } finally {
      this.#opening.delete(groupId);
    }`,
    replace: '    }',
    promise: 'a group that could not be opened can be later',
    needs: (plan) => asks(plan, 'broker'),
  },
  {
    name: 'failed-announcement-ends-all',
    file: 'gateway-core/src/groups/presence-announcer.ts',
    find: 'answered.then(undefined, failed).then(done);',
    replace: 'answered.then(done, failed);',
    promise: 'a store that failed once is asked again',
    needs: (plan) => asks(plan, 'presence'),
  },
  {
    name: 'drain-asks-nobody',
    file: 'gateway-core/src/drain.ts',
    find: `    this.#ask(second, askedAfterMs);
`,
    replace: '',
    promise: 'who is to go is asked to come back elsewhere first',
    needs: (plan) => has(plan, 'deploy'),
  },
  {
    name: 'begins-at-the-old-cursor',
    file: 'gateway-core/src/groups/group.ts',
    find: '    this.replayFrom(membership, beginningOf({ epoch: position.epoch, headSeq, firstSeq, formers: this.formers }, since));',
    replace:
      '    this.replayFrom(membership, { ...beginningOf({ epoch: position.epoch, headSeq, firstSeq, formers: this.formers }, since), cursor: membership.cursor });',
    promise: 'who comes back is replayed what they have asked for',
  },
  {
    name: 'roster-not-told-after-a-resume',
    file: 'gateway-core/src/groups/group.ts',
    find: `    membership.presenceSeen = NONE_SEEN;
    this.catchUp(membership);
  }

  /** Its connection ends`,
    replace: `    this.catchUp(membership);
  }

  /** Its connection ends`,
    promise: 'who comes back sees who has come and gone meanwhile',
  },
  {
    name: 'dropped-kept-over-a-resume',
    file: 'gateway-core/src/members/members.ts',
    find: `    member.droppedAt = undefined;
`,
    replace: '',
    promise: 'who has come back is not seen as dropped',
  },
  {
    name: 'failed-put-not-repeated',
    file: 'gateway-core/src/members/member-keeper.ts',
    find: `      this.#stale.delete(member);
      this.#owe(member);`,
    replace: '      this.#stale.delete(member);',
    promise: 'what a member store failed to take is repeated',
    needs: (plan) => asks(plan, 'members'),
  },
  {
    name: 'stale-member-not-said-again',
    file: 'gateway-core/src/members/member-keeper.ts',
    find: `      if (this.#stale.has(member)) this.say(member);
      else if (isLater) this.#repeat();`,
    replace: '      if (isLater) this.#repeat();',
    promise: 'what is new of a member while the store is told is told as well',
    needs: hasMoves,
  },
  {
    name: 'never-unsubscribes',
    file: 'gateway-core/src/groups/feed.ts',
    find: `    this.#early = [];
    this.#unsubscribe();`,
    replace: '    this.#early = [];',
    promise: 'no subscription is left when all is closed',
  },
];
