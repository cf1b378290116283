import type { Emitter } from '../emitter.js';
import type { GatewayEvents } from '../events.js';
import type { GroupContext } from './group-context.js';

/** Tells the host what becomes of groups' logs. */
export function groupEvents(events: Emitter<GatewayEvents>): Pick<GroupContext, 'wasReset' | 'logged'> {
  return {
    wasReset: (groupId, position) => events.emit('reset', { groupId, ...position }),
    logged: ({ groupId, position: { epoch } }, { seq, body }) => {
      if (!events.has('published')) return;
      events.emit('published', { groupId, epoch, seq, text: `{"type":"data_update","seq":${seq},${body}` });
    },
  };
}
