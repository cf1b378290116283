import type { ReadyLimits } from 'gateway-protocol';
import { MESSAGE_BYTES_MAX } from './bounds.js';
import type { MemberReady } from './wire.js';

/** How many earlier ids of its own a client knows again. */
const MEMBER_IDS_MAX = 64;

/** What the gateway has said of this client: who it is, what it may, and with what it comes back. */
export class Session {
  memberId: string | undefined;
  resumeToken: string | undefined;
  limits: Partial<ReadyLimits> = {};
  readonly #memberIds = new Set<string>();

  take({ memberId, resume, limits }: MemberReady): void {
    this.memberId = memberId;
    this.resumeToken = resume.token;
    this.limits = limits ?? {};
    this.#memberIds.add(memberId);
    for (const oldest of this.#memberIds) {
      if (this.#memberIds.size <= MEMBER_IDS_MAX) break;
      this.#memberIds.delete(oldest);
    }
  }

  /** Whether a message is this client's own, under whichever id. */
  isOwn(from: string | undefined): boolean {
    return from !== undefined && this.#memberIds.has(from);
  }

  /** Longest message that the gateway takes, in bytes. */
  get messageBytesMax(): number {
    return this.limits.messageBytesMax === 0 ? Number.POSITIVE_INFINITY : (this.limits.messageBytesMax ?? MESSAGE_BYTES_MAX);
  }

  forget(): void {
    this.memberId = undefined;
    this.resumeToken = undefined;
    this.limits = {};
    this.#memberIds.clear();
  }
}
