import type { Client } from './client.js';
import { createConnection } from './connection.js';
import { createAlarm, createContext } from './context.js';
import { GatewayClientError } from './errors.js';
import type { JoinOptions } from './group.js';
import { createGroups } from './groups.js';
import type { ClientOptions } from './options.js';
import { deferred, onAbort } from './promises.js';

/**
 * Makes a client. It touches nothing outside itself: no socket, no timer, no listener, until `connect()`, `hold()` or the first `join()`.
 * @example
 * const client = createClient({ url: 'ws://127.0.0.1:4100/rt' });
 * const room = client.join<{ text: string }>('group-1');
 * room.on('message', ({ data }) => console.log(data.text));
 * await room.publish({ text: 'hello' });
 */
export function createClient(options: ClientOptions): Client {
  const context = createContext(options);
  const release = createAlarm(context);
  let holds = 0;

  const connection = createConnection(context, createGroups);

  const whenOnline = <Result>(ask: () => Promise<Result>): Promise<Result> => {
    const asked = connection.isOnline()
      ? context.enter(ask)
      : Promise.reject(new GatewayClientError('NOT_CONNECTED', 'not online'));
    // Not awaited, its failure is not unhandled.
    asked.catch(() => {});
    return asked;
  };

  return {
    status: connection.status,
    get memberId() {
      return context.session.memberId;
    },
    groups: connection.host.all,
    connect({ signal } = {}) {
      const online = deferred<void>();
      if (!signal?.aborted) context.enter(connection.start);
      const undo = onAbort(signal, () => online.reject(new GatewayClientError('ABORTED', 'aborted')));
      const end = connection.status.subscribe(({ state, reason }) => {
        if (state === 'online') online.resolve();
        else if (state === 'stopped')
          online.reject(new GatewayClientError('STOPPED', reason?.text ?? state, { cause: reason?.error }));
        else if (!state.endsWith('connecting')) online.reject(new GatewayClientError('CLOSED', state));
      });
      const settled = () => {
        end();
        undo();
      };
      online.promise.then(settled, settled);
      return online.promise;
    },
    close: () => context.enter(connection.close),
    hold() {
      let isHeld = true;
      holds += 1;
      release();
      context.enter(() => {
        if (connection.state() !== 'stopped') connection.start();
      });
      return () => {
        if (isHeld) holds -= 1;
        if (isHeld && holds === 0) release(context.timings.lingerMs, () => void connection.close('rest'));
        isHeld = false;
      };
    },
    join: <Data, State>(groupId: string, joining: JoinOptions<Data> = {}) =>
      context.enter(() => {
        const group = connection.host.join<Data, State>(groupId, joining);
        const at = connection.state();
        if (at === 'idle') connection.start();
        if (at === 'closed' || at === 'stopped')
          connection.host.ended(new GatewayClientError(at === 'closed' ? 'CLOSED' : 'STOPPED', at));
        return group;
      }),
    refreshToken: () => whenOnline(connection.upkeep.renew),
    reconnect: () => context.enter(connection.reconnect),
    ping: () => whenOnline(connection.upkeep.ping),
    on: context.events.on,
  };
}
