import { createHash, randomBytes } from 'node:crypto';
import type { Member, ResumeState } from './member.js';

/** A resume that is under way. */
export interface Claim {
  readonly member: Member & { resume: ResumeState };
  readonly generation: number;
}

/** 144 bits, which is 24 characters. */
const TOKEN_BYTES = 18;

/**
 * Which member a token stands for. Tokens are known here by their SHA-256 only: a table that is looked up by the hash of what a stranger
 * sends tells nothing by its timing of what is in it.
 */
export class ResumeTokens {
  readonly #members = new Map<string, Claim['member']>();

  /** The member that the token stands for. */
  find(token: string): Claim['member'] | undefined {
    return this.#members.get(hashOf(token));
  }

  /** Makes the member's next token. The one in use stays good until `confirm`; those before it end. */
  issue(member: Claim['member'], used: string | undefined): string {
    const { resume } = member;
    const usedHash = used === undefined ? resume.tokenHash : hashOf(used);
    for (const hash of [resume.tokenHash, resume.usedHash])
      if (hash !== undefined && hash !== usedHash) this.#members.delete(hash);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    resume.usedHash = usedHash;
    resume.tokenHash = hashOf(token);
    this.#members.set(resume.tokenHash, member);
    return token;
  }

  /** The client has spoken on the connection that its newest token was sent on. */
  confirm({ resume }: Claim['member']): void {
    if (resume.usedHash !== undefined) this.#members.delete(resume.usedHash);
    resume.usedHash = undefined;
  }

  /** Nobody can become the member any more. */
  forget({ resume }: Claim['member']): void {
    for (const hash of [resume.tokenHash, resume.usedHash]) if (hash !== undefined) this.#members.delete(hash);
    resume.tokenHash = undefined;
    resume.usedHash = undefined;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
