import type { Gateway } from 'gateway-core';
import { memberRow, sessionRow } from './rows.js';
import type { GroupDetail } from './wire.js';

const MEMBERS_MAX = 100;
const SESSIONS_MAX = 50;

/** The groups that viewers look at. A store that is slow to answer holds nobody up: until then there is what was known before. */
export class Details {
  readonly #known = new Map<string, GroupDetail>();
  readonly #asked = new Set<string>();

  constructor(
    private readonly gateway: Pick<Gateway, 'members' | 'sessions' | 'ledger'>,
    private readonly hideMetadata: boolean,
  ) {}

  get(groupId: string): GroupDetail | undefined {
    return this.#known.get(groupId);
  }

  /** Looks again, and forgets the groups that nobody looks at. Resolves when all is known; it need not be waited for. */
  async look(groupIds: ReadonlySet<string>): Promise<void> {
    for (const groupId of this.#known.keys()) if (!groupIds.has(groupId)) this.#known.delete(groupId);
    await Promise.all([...groupIds].map((groupId) => this.#ask(groupId)));
  }

  async #ask(groupId: string): Promise<void> {
    if (this.#asked.has(groupId)) return;
    this.#asked.add(groupId);
    try {
      const [members, sessions] = await Promise.all([
        this.gateway.members(groupId, { limit: MEMBERS_MAX + 1 }),
        this.gateway.sessions(groupId),
      ]);
      const books = new Map(this.gateway.ledger(groupId).map((entry) => [entry.memberId, entry]));
      this.#known.set(groupId, {
        groupId,
        members: members.slice(0, MEMBERS_MAX).map((member) => memberRow(member, books.get(member.memberId), this.hideMetadata)),
        membersCut: members.length > MEMBERS_MAX,
        sessions: sessions.slice(0, SESSIONS_MAX).map((session) => sessionRow(session, this.hideMetadata)),
        sessionsCut: sessions.length > SESSIONS_MAX,
      });
    } catch {
      // A store that fails is reported by the gateway; what was known before stays.
    } finally {
      this.#asked.delete(groupId);
    }
  }
}
