import { has, hasMoves, type PlantedBug } from '../planted-bug.js';

/** In who may be whom, and until when. */
export const rightBugs: readonly PlantedBug[] = [
  {
    name: 'renewal-keeps-the-old-end',
    file: 'gateway-core/src/handlers/commit-arrival.ts',
    find: '    connection.expiresAt = identity.expiresAt;',
    replace: '    connection.expiresAt ??= identity.expiresAt;',
    promise: 'who renews their credentials stays',
    needs: ({ credentialsMs }) => credentialsMs > 0,
  },
  {
    name: 'revoke-passes-over-who-dropped',
    file: 'gateway-core/src/revocation.ts',
    find: '  const dropped = [...members.dropped].filter(isMeant);',
    replace: `  const dropped: Member[] = [];
  void isMeant;`,
    promise: 'who is revoked while they have dropped does not come back',
    needs: (plan) => has(plan, 'revoke'),
  },
  {
    name: 'anybody-resumes-elsewhere',
    file: 'gateway-core/src/members/resumes.ts',
    find: 'return this.members.resumable(stored.memberId) === undefined && stored.user === fingerprintOf(identity);',
    replace: 'return this.members.resumable(stored.memberId) === undefined;',
    promise: 'another user does not resume with a token that was stolen',
    needs: (plan) => hasMoves(plan) && has(plan, 'impostor'),
  },
  {
    name: 'anybody-resumes',
    file: 'gateway-core/src/members/resumes.ts',
    find: 'generation === stored.generation && isSameUser(here.identity, identity);',
    replace: 'generation === stored.generation;',
    promise: 'another user does not resume with a token that was stolen',
    needs: (plan) => has(plan, 'impostor'),
  },
  {
    name: 'claim-not-given-back',
    file: 'gateway-core/src/members/resumes.ts',
    find: `    if (here !== undefined) here.resume.claims -= 1;
`,
    replace: '',
    promise: 'a resume that comes to nothing keeps nobody',
  },
  {
    name: 'takeover-of-any-generation',
    file: 'gateway-core/src/members/memory-member-store.ts',
    find: 'if (kept === undefined || !isToken(kept, tokenHash) || kept.generation !== by.generation) return undefined;',
    replace: 'if (kept === undefined || !isToken(kept, tokenHash)) return undefined;',
    promise: 'of all who resume with one token one is the member',
    needs: hasMoves,
  },
  {
    name: 'ack-before-it-is-accepted',
    file: 'gateway-core/src/handlers/data-update.ts',
    find: `  return { later: context.timeouts.limit(answer, 'broker.publish') as Promise<Accepted | Refusal>, length: dataText.length };`,
    replace: `  void context.timeouts.limit(answer, 'broker.publish').catch(() => {});
  const head = context.groups.get(groupId)?.position ?? { epoch: '', seq: 0 };
  return { ack: { epoch: head.epoch, seq: head.seq + 1 } };`,
    promise: 'an acknowledged message is accepted',
    needs: ({ shared }) => shared,
  },
];
