import type { Client, ClientEvents } from './client.js';
import { systemClock } from './clock.js';
import { Connection } from './connection.js';
import type { Context } from './context.js';
import { Deadlines } from './deadlines.js';
import { Dispatcher } from './dispatcher.js';
import { Emitter } from './emitter.js';
import { GatewayClientError } from './errors.js';
import type { Group, JoinOptions } from './group.js';
import { Groups } from './groups.js';
import { type ClientOptions, DEFAULT_CLIENT_TIMINGS, withDefaults } from './options.js';
import { Outbox } from './outbox.js';
import { randomId } from './platform.js';
import { Session } from './session.js';
import { Sleep } from './sleep.js';

/**
 * Makes a client. It touches nothing outside itself: no socket, no timer, no listener, until `connect()`, `hold()` or the first `join()`.
 * @example
 * const client = createClient({ url: 'ws://127.0.0.1:4100/rt' });
 * const room = client.join<{ text: string }>('group-1');
 * room.on('message', ({ data }) => console.log(data.text));
 * await room.publish({ text: 'hello' });
 */
export function createClient(options: ClientOptions): Client {
  const context = contextOf(options);
  const { dispatcher, events, timings, deadlines, session } = context;
  let holds = 0;
  let undoLinger = () => {};

  const connection: Connection = new Connection(context, {
    wanted: () => groups.wanted(),
    online: (ready, named) => {
      outbox.online();
      groups.online(ready, named);
    },
    signal: (signal) => {
      if (signal.type === 'ack') outbox.acked(signal.payload);
      else groups.signal(signal);
    },
    offline: () => {
      outbox.offline();
      groups.offline();
    },
    ended: (error) => {
      outbox.end(error);
      groups.ended(error);
      if (error.code === 'CLOSED') deadlines.clear();
    },
  });
  const groups: Groups = new Groups(context, connection, () => outbox);
  const outbox: Outbox = new Outbox(context, connection, groups);
  new Sleep(context, connection, () => outbox.pending > 0);

  const offline = () => new GatewayClientError('NOT_CONNECTED', 'not online');
  const close = () => dispatcher.enter(() => connection.close());
  return {
    status: connection.status.store,
    get memberId() {
      return session.memberId;
    },
    get groups() {
      return new Map([...groups.entries.keys()].map((id) => [id, { id }]));
    },
    connect: ({ signal } = {}) =>
      dispatcher.enter(() => {
        if (!signal?.aborted) connection.start();
        return connection.whenOnline(signal);
      }),
    close,
    hold: () => {
      holds += 1;
      undoLinger();
      let isHeld = true;
      dispatcher.enter(() => {
        if (connection.state !== 'stopped') connection.start();
      });
      return () => {
        if (!isHeld) return;
        isHeld = false;
        holds -= 1;
        if (holds === 0)
          undoLinger = deadlines.add(timings.lingerMs, () => void dispatcher.enter(() => connection.close('rest')));
      };
    },
    join: <Data, State>(groupId: string, joining: JoinOptions<Data> = {}): Group<Data, State> =>
      dispatcher.enter(() => {
        if (connection.state === 'idle') connection.start();
        const group = groups.join<Data, State>(groupId, joining);
        const { state } = connection;
        if (state === 'closed' || state === 'stopped')
          groups.ended(new GatewayClientError(state === 'closed' ? 'CLOSED' : 'STOPPED', state));
        return group;
      }),
    refreshToken: async () => {
      if (!connection.isOnline) throw offline();
      return connection.upkeep.renewal.renew();
    },
    reconnect: () =>
      dispatcher.enter(() => {
        if (connection.state === 'stopped') return connection.start();
        connection.reconnect();
      }),
    ping: async () => {
      if (!connection.isOnline) throw offline();
      return dispatcher.enter(() => connection.upkeep.ping());
    },
    on: (event, listener) => events.on(event, listener),
  };
}

function contextOf(options: ClientOptions): Context {
  const { clock = systemClock, logger } = options;
  const report = (error: GatewayClientError) => {
    logger?.warn(error.message, { code: error.code, groupId: error.groupId, id: error.id });
    events.emit('error', error);
  };
  let isReporting = false;
  const dispatcher = new Dispatcher((cause) => {
    // What a listener of `error` throws would be told to it again.
    if (isReporting) return;
    isReporting = true;
    report(new GatewayClientError('LISTENER', `a listener threw: ${cause}`, { cause }));
    dispatcher.tell(() => {
      isReporting = false;
    });
  });
  const events = new Emitter<ClientEvents>(dispatcher);
  return {
    options,
    clock,
    dispatcher,
    events,
    report,
    timings: withDefaults(DEFAULT_CLIENT_TIMINGS, options.timings),
    random: options.random ?? (() => Math.random()),
    generateId: options.generateId ?? randomId,
    deadlines: new Deadlines(clock),
    session: new Session(),
    frame: (direction, text) => {
      if (!events.has('frame')) return;
      const masked = text.replace(/"token":"(?:[^"\\]|\\.)*"/g, '"token":"…"');
      events.emit('frame', { direction, text: masked, at: clock.now() });
    },
  };
}
