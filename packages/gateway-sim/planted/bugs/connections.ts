import { asks, has, isSoonFull, type PlantedBug } from '../planted-bug.js';

/** In connections and their ends: hub, heartbeat, flow control, drain, revocation. */
export const connectionBugs: readonly PlantedBug[] = [
  {
    name: 'silent-for-ever',
    file: 'gateway-core/src/due-end.ts',
    find: 'if (connection.silentMs(monotonicMs) >= heartbeatTimeoutMs) return END_CAUSES.silent;',
    replace: '',
    promise: 'a half-open connection is closed after `heartbeatTimeoutMs`',
  },
  {
    name: 'heartbeat-timeout-in-seconds',
    file: 'gateway-core/src/due-end.ts',
    find: 'connection.silentMs(monotonicMs) >= heartbeatTimeoutMs',
    replace: 'connection.silentMs(monotonicMs) >= heartbeatTimeoutMs * 1_000',
    promise: 'a half-open connection is closed after `heartbeatTimeoutMs`',
  },
  {
    name: 'expired-stays',
    file: 'gateway-core/src/due-end.ts',
    find: 'if (expiresAt !== undefined && expiresAt <= now) return END_CAUSES.expired;',
    replace: '',
    promise: 'who has expired is sent nothing any more',
    needs: (plan) => plan.credentialsMs > 0 && asks(plan, 'token'),
  },
  {
    name: 'drain-waited-for-in-vain',
    file: 'gateway-core/src/flow-control.ts',
    find: 'if (!this.#full) this.freed();',
    replace: '',
    promise: 'who was slow is written the rest',
    needs: isSoonFull,
  },
  {
    name: 'paused-for-ever',
    file: 'gateway-core/src/flow-control.ts',
    find: 'this.#answersUnread = false;\n      this.resume();',
    replace: 'this.#answersUnread = false;',
    promise: 'a client that did not read its answers is read from again',
    needs: isSoonFull,
  },
  {
    name: 'inbox-never-read-on',
    file: 'gateway-core/src/turns.ts',
    find: 'connection.inbox = undefined;\n  connection.resume();',
    replace: 'connection.inbox = undefined;',
    promise: 'a client that waited for a handler is read from again',
  },
  {
    name: 'grace-without-end',
    file: 'gateway-core/src/drain.ts',
    find: 'for (const connection of [...hub.values()]) hub.end(connection, END_CAUSES.draining);\n      hub.terminateAll();',
    replace: '',
    promise: '`close` ends when its grace is over',
    needs: (plan) => has(plan, 'deploy') && plan.limits.socketHighWaterMarkBytes !== undefined,
  },
  {
    name: 'revoked-stays',
    file: 'gateway-core/src/revocation.ts',
    find: 'if (connection !== undefined) hub.end(connection, END_CAUSES.revoked);\n    else members.end',
    replace: 'if (connection === undefined) members.end',
    promise: 'who is revoked is sent nothing any more',
    needs: (plan) => has(plan, 'revoke'),
  },
  {
    name: 'ended-not-told',
    file: 'gateway-core/src/lifecycle.ts',
    find: "if ((sentence ?? { ending }).ending === 'dropped') members.drop(member);",
    replace: "if ((sentence ?? { ending }).ending === 'dropped') {}",
    promise: 'a connection that is gone leaves no member that is connected',
  },
];
