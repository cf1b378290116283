import {
  type Broker,
  type Clock,
  type MemberStore,
  MemoryMemberStore,
  MemoryPresenceStore,
  MemorySessionStore,
  type PresenceStore,
  type SessionStore,
} from 'gateway-core';
import type { Asked } from '../plan.js';
import { Channel, type ChannelOptions } from './channel.js';
import { SharedBroker } from './shared-broker.js';

/** What a gateway is made with where its parts are shared. */
export interface Parts {
  broker: Broker;
  presence: PresenceStore;
  members: MemberStore;
  sessions: SessionStore;
}

/** How a gateway reaches them. */
export type ReachOptions = Omit<ChannelOptions, 'manner'> & { manner(asked: Asked): ReturnType<ChannelOptions['manner']> };

/** The broker and the stores that all gateways of a simulation share: the real ones in memory, on a server of their own. */
export class SharedParts {
  readonly broker: SharedBroker;
  readonly presence: MemoryPresenceStore;
  readonly members: MemoryMemberStore;
  readonly sessions: MemorySessionStore;

  constructor(options: { clock: Clock; generateId: () => string; historyMessagesMax: number }) {
    const { clock } = options;
    this.broker = new SharedBroker(options);
    this.presence = new MemoryPresenceStore({ clock });
    this.members = new MemoryMemberStore({ clock });
    this.sessions = new MemorySessionStore({ clock });
  }

  /** What one gateway has of them, over a network. `close` is the end of its connections. */
  reach(options: ReachOptions): { parts: Parts; close: () => void } {
    const channels: Channel[] = [];
    /** What the server ends when a connection is over. */
    const ends: (() => void)[] = [];
    const channel = (asked: Asked) => {
      const made = new Channel({ ...options, manner: () => options.manner(asked) });
      channels.push(made);
      return made;
    };
    const [broker, presence, members, sessions] = [
      channel('broker'),
      channel('presence'),
      channel('members'),
      channel('sessions'),
    ];
    const { presence: presenceStore, members: memberStore, sessions: sessionStore } = this;

    const parts: Parts = {
      broker: {
        publish: (groupId, message) => broker.call(() => this.broker.publish(groupId, message)),
        history: (...asked) => broker.call(() => this.broker.history(...asked)),
        subscribe: async (groupId, receiver) => {
          let isOver = false;
          let end = () => {};
          const tell = (told: () => void) =>
            broker.push(() => {
              if (!isOver) told();
            });
          const { position } = await broker.open(() => {
            const subscription = this.broker.subscribe(groupId, {
              deliver: (entry) => tell(() => receiver.deliver(entry)),
              reset: (at) => tell(() => receiver.reset(at)),
            });
            end = subscription.unsubscribe;
            ends.push(end);
            return subscription;
          });
          return {
            position,
            unsubscribe: () => {
              isOver = true;
              return broker.call(end);
            },
          };
        },
      },
      presence: {
        enter: (...asked) => presence.call(() => presenceStore.enter(...asked)),
        leave: (...asked) => presence.call(() => presenceStore.leave(...asked)),
        info: (groupId) => presence.call(() => presenceStore.info(groupId)),
        list: (groupId) => presence.call(() => presenceStore.list(groupId)),
        touch: (...asked) => presence.call(() => presenceStore.touch(...asked)),
        watch: (listener) => watched(presence, ends, (tell) => presenceStore.watch((groupId) => tell(() => listener(groupId)))),
      },
      members: {
        put: (member) => members.call(() => memberStore.put(member)),
        find: (...asked) => members.call(() => memberStore.find(...asked)),
        takeOver: (...asked) => members.call(() => memberStore.takeOver(...asked)),
        end: (...asked) => members.call(() => memberStore.end(...asked)),
        expire: (...asked) => members.call(() => memberStore.expire(...asked)),
        touch: (...asked) => members.call(() => memberStore.touch(...asked)),
        onReplaced: (nodeId, listener) =>
          watched(members, ends, (tell) => memberStore.onReplaced(nodeId, (...told) => tell(() => listener(...told)))),
      },
      sessions: {
        upsert: (session) => sessions.call(() => sessionStore.upsert(session)),
        touch: (...asked) => sessions.call(() => sessionStore.touch(...asked)),
        list: (groupId) => sessions.call(() => sessionStore.list(groupId)),
        expire: (countMax) => sessions.call(() => sessionStore.expire(countMax)),
      },
    };
    return {
      parts,
      close: () => {
        for (const made of channels) made.close();
        for (const end of ends) end();
      },
    };
  }
}

/** A part's listener that the gateway ends at once, and the server when the connection is over. */
function watched(channel: Channel, ends: (() => void)[], watch: (tell: (told: () => void) => void) => () => void): () => void {
  let isOver = false;
  const end = watch((told) =>
    channel.push(() => {
      if (!isOver) told();
    }),
  );
  ends.push(end);
  return () => {
    isOver = true;
    end();
  };
}
