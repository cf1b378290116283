import type { Connection } from './connection.js';
import type { Emitter } from './emitter.js';
import { GatewayError } from './errors.js';
import type { GatewayEvents } from './events.js';
import type { MemberInfo, MembersPage, Revoked } from './gateway-info.js';
import type { PresenceAnnouncer } from './groups/presence-announcer.js';
import { type EnterContext, enterGroup } from './handlers/enter-group.js';
import { checkHostInput } from './host-input.js';
import type { Hub } from './hub.js';
import type { Limits } from './limits.js';
import { memberHere } from './member-here.js';
import type { Member } from './members/member.js';
import { placeOf } from './members/member.js';
import { metadataOf } from './presence/presence-info.js';
import { revoke } from './revocation.js';
import type { Slices } from './slices.js';

/** What a host does with members. */
export class HostMembers {
  constructor(
    private readonly parts: EnterContext & {
      hub: Hub;
      events: Emitter<GatewayEvents>;
      announcer: PresenceAnnouncer;
      slices: Slices;
      limits: Limits;
    },
  ) {}

  async join(connectionId: string, groupId: string): Promise<void> {
    const { events, groups, members, announcer, limits } = this.parts;
    if (typeof groupId !== 'string') throw new GatewayError('INVALID_ARGUMENT', 'groupId: must be a string');
    checkHostInput({ groupId }, limits);
    const { connection, member } = this.#identified(connectionId);
    if (placeOf(member, groupId) !== undefined) return;
    const refusal = await enterGroup(this.parts, connection, { member, as: member.identity, groupId }, (group) => {
      // It may have come by itself meanwhile, or be somebody else by now.
      if (connection.member !== member || placeOf(member, groupId) !== undefined) return false;
      const place = groups.add(group, connection);
      place.assigned = true;
      members.joined(member, place);
      members.confirm(member);
      const { principal, claims } = member.identity;
      events.emit('join', { connectionId, memberId: member.memberId, principal, claims, groupId });
      // A client of dialect 2 has to know where it stands, or it could never come back there.
      if (connection.dialect === 2) {
        void announcer.prepare(group);
        group.begin(place, undefined);
      }
      announcer.changed(groupId);
      return true;
    });
    if (refusal !== undefined) throw new GatewayError('TOO_MANY_GROUPS', refusal.message);
    if (placeOf(connection.member, groupId) === undefined || !connection.live) throw notConnected(connectionId);
  }

  leave(connectionId: string, groupId: string): boolean {
    const { hub, members } = this.parts;
    const member = hub.get(connectionId)?.member;
    const place = placeOf(member, groupId);
    if (member === undefined || place === undefined) return false;
    members.leave(member, place);
    return true;
  }

  remove(memberId: string, groupId: string): boolean {
    const { members } = this.parts;
    const member = memberHere(this.parts, memberId);
    const place = placeOf(member, groupId);
    if (member === undefined || place === undefined) return false;
    members.leave(member, place);
    return true;
  }

  revoke(revoked: Revoked): number {
    return revoke(this.parts, revoked);
  }

  async setMetadata(connectionId: string, metadata: Record<string, unknown>): Promise<void> {
    const { members, timeouts, limits } = this.parts;
    const { connection, member } = this.#identified(connectionId);
    const metadataText = checkHostInput({ metadata }, limits);
    if (metadataText === undefined) throw new GatewayError('INVALID_ARGUMENT', 'metadata: must be an object');
    const as = { ...member.identity, metadataText };
    try {
      await Promise.all(
        member.memberships.map(({ group }) => timeouts.limit(members.announce(member, as, group.groupId), 'presence.enter')),
      );
      if (!connection.live || connection.member !== member) throw notConnected(connectionId);
      // An `identify` may have changed the rest meanwhile.
      member.identity = { ...member.identity, metadataText };
    } finally {
      // It may have come into other groups meanwhile; and where one group's call failed, others' may have come through.
      members.confirm(member);
    }
  }

  async list(groupId: string, page: MembersPage): Promise<MemberInfo[]> {
    const { presence, timeouts } = this.parts;
    if (typeof page !== 'object' || page === null) throw new GatewayError('INVALID_ARGUMENT', 'page: must be an object');
    const { after, limit = Number.POSITIVE_INFINITY } = page;
    if (after !== undefined && typeof after !== 'string')
      throw new GatewayError('INVALID_ARGUMENT', 'after: must be a member id');
    if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new GatewayError('INVALID_ARGUMENT', 'limit: must be an integer from 1');
    }
    const members = await timeouts.limit(presence.list(groupId), 'presence.list');
    const from = after === undefined ? 0 : members.findIndex(({ memberId }) => memberId === after) + 1;
    return members.slice(from, from + limit).map(({ memberId, role, metadataText, principal, state, stateText }) => ({
      memberId,
      role,
      metadata: metadataOf(metadataText),
      principal,
      state,
      presenceState: stateText === undefined ? undefined : JSON.parse(stateText),
    }));
  }

  #identified(connectionId: string): { connection: Connection; member: Member } {
    const connection = this.parts.hub.get(connectionId);
    if (connection?.member === undefined) throw notConnected(connectionId);
    return { connection, member: connection.member };
  }
}

function notConnected(connectionId: string): GatewayError {
  return new GatewayError('NOT_CONNECTED', `${connectionId}: there is no such connection, or it has not identified`);
}
