import type { Connection } from '../connection.js';
import type { AuthorizedAction } from '../hooks.js';
import { type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { Identity, Member } from '../members/member.js';
import { metadataOf } from '../presence/presence-info.js';
import type { MessageSpan } from '../tracer.js';
import type { HandlerContext } from './context.js';

/** Asks the `authorize` hook. Anything but `true` is no. */
export function authorized(
  context: HandlerContext,
  { connectionId }: Connection,
  action: AuthorizedAction,
  groupId: string,
  { memberId }: Member,
  { role, metadataText, claims, principal }: Identity,
  span: MessageSpan | undefined,
): MaybePromise<boolean> {
  const { authorize } = context;
  if (authorize === undefined) return true;
  const member = {
    memberId,
    connectionId,
    role,
    // Most hooks decide by claims; only one that looks at the metadata pays for reading it.
    get metadata() {
      return metadataOf(metadataText);
    },
    claims: claims ?? {},
    principal,
  };
  return whenKnown(
    context.timeouts.ask(span, 'authorize', () => authorize({ member, action, groupId })),
    (answer) => answer === true,
  );
}
