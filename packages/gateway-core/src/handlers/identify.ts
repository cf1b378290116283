import { CLOSE_CODES, type IdentifySignal } from 'gateway-protocol';
import { type Refusal, readyFrame } from '../answers.js';
import type { Connection } from '../connection.js';
import { GatewayError } from '../errors.js';
import type { Group } from '../groups/group.js';
import type { Authenticate } from '../hooks.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { Member } from '../members/member.js';
import type { GroupPresence } from '../presence/presence-store.js';
import { authorized } from './authorized.js';
import type { Handler, HandlerContext } from './context.js';

const UNAUTHORIZED: Refusal = {
  code: 'UNAUTHORIZED',
  message: 'payload.token: refused',
  close: { code: CLOSE_CODES.UNAUTHORIZED.code, reason: 'unauthorized' },
};
const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'not allowed to join this group' };
const FULL: Refusal = { code: 'TOO_MANY_GROUPS', message: 'groupId: the gateway has as many groups as it may' };
const DIALECT_2: Refusal = { code: 'INVALID_IDENTIFY', message: 'version: this gateway speaks "1"' };

/**
 * Says who the client is and joins a group; a second one moves it. A refused `identify` changes nothing: who it was and where it was
 * stays. It waits for hooks, and for stores that do not answer at once: a crowd that comes back would pay for each of many empty waits.
 */
export const identify: Handler<'identify'> = async (context, connection, message, { metadataText }) => {
  if (message.version === '2') return DIALECT_2;
  const claims = context.authenticate === undefined ? {} : await authenticate(context.authenticate, connection, message);
  if (claims === undefined) return UNAUTHORIZED;
  const { clientType: role, metadata } = message.payload;
  const groupId = message.payload.groupId ?? message.groupId;
  const memberId = connection.member?.memberId ?? context.generateId();
  if (groupId !== undefined && context.authorize !== undefined) {
    if (!(await authorized(context.authorize, connection, 'join', groupId, { memberId, role, metadataText, claims })))
      return FORBIDDEN;
  }
  const opening = groupId === undefined ? undefined : open(context, groupId);
  const group = isPromise(opening) ? await opening : opening;
  if (group === 'full') return FULL;
  // A mover gets everything of its old group first, as slow as it is: only then may it leave without a loss.
  while (!connection.catchUp()) await connection.untilDrained();
  if (!connection.live) return undefined;

  const member: Member = connection.member ?? { memberId, role, metadataText, claims, groupIds: [], droppedAt: undefined };
  const current = groupId ?? connection.groupId;
  const undo = context.members.change(member, { role, metadataText, claims }, current);
  let presence: GroupPresence | undefined;
  try {
    if (current !== undefined) {
      const entering = context.members.enter(member, current);
      if (isPromise(entering)) await entering;
      const info = context.presence.info(current);
      presence = isPromise(info) ? await info : info;
    }
    // Again, with what was said while the stores were asked. From here to the leave nothing waits, so nothing can come between.
    while (!connection.catchUp()) await connection.untilDrained();
  } catch (error) {
    undo();
    throw error;
  }
  if (!connection.live || (group !== undefined && context.groups.get(group.groupId) !== group)) {
    undo();
    // The group had to make room for another one while the stores were asked.
    return connection.live ? FULL : undefined;
  }
  connection.member = member;
  connection.advance('identified');
  // First in, then out of the other: a group without members could have to make room for one that a listener opens.
  const membership = group !== undefined && !connection.isIn(group.groupId) ? context.groups.add(group, connection) : undefined;
  if (groupId !== undefined) leaveOthers(context, connection, member, groupId);
  // A listener may have ended it at the leave, or below at the identify: it then goes from a group that nobody was told it had joined.
  if (!connection.live) {
    if (membership !== undefined) context.groups.remove(membership);
    undo();
    return undefined;
  }
  const { connectionId } = connection;
  if (membership !== undefined) connection.joined(membership);
  connection.answer(readyFrame(context.clock.now(), connectionId, context.timings, presence));
  // Its own arrival is told to it too, whenever the store's word of it came.
  if (current !== undefined) context.announcer.changed(current);
  context.events.emit('identify', { connectionId, memberId, role, metadata, groupId });
  if (membership === undefined) return undefined;
  if (!connection.live) {
    undo();
    return undefined;
  }
  const joined = membership.group.groupId;
  context.members.joined(member, joined);
  context.events.emit('join', { connectionId, memberId, groupId: joined });
  return undefined;
};

/** Asks the `authenticate` hook for the client's claims. `undefined`: refused. */
async function authenticate(
  hook: Authenticate,
  connection: Connection,
  { payload }: IdentifySignal,
): Promise<Record<string, unknown> | undefined> {
  const answer = await hook({ token: payload.token, request: connection.request, identify: payload });
  if (answer === true) return {};
  if (typeof answer !== 'object' || answer === null) return undefined;
  // What is neither `true` nor has claims is no, or a hook's `{ ok: false }` would open the door.
  return typeof answer.claims === 'object' && answer.claims !== null ? answer.claims : undefined;
}

function open(context: HandlerContext, groupId: string): MaybePromise<Group | 'full'> {
  try {
    const group = context.groups.open(groupId);
    return isPromise(group) ? group.catch(fullOrThrow) : group;
  } catch (error) {
    return fullOrThrow(error);
  }
}

function fullOrThrow(error: unknown): 'full' {
  if (error instanceof GatewayError && error.code === 'TOO_MANY_GROUPS') return 'full';
  throw error;
}

function leaveOthers(context: HandlerContext, connection: Connection, member: Member, groupId: string): void {
  for (const membership of connection.memberships) {
    const other = membership.group.groupId;
    if (other === groupId) continue;
    // Out of the group, and so written its last messages, before the leave is announced.
    context.groups.remove(membership);
    connection.left(membership);
    context.members.leave(member, other);
  }
}
