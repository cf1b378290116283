import {
  type Ack,
  type Client,
  type ClientOptions,
  createClient,
  type Group,
  type GroupStatus,
  type Message,
  type Update,
} from 'gateway-client';
import { expectTypeOf, test } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';

test('[B84] join types what is heard and what is said', () => {
  const client: Client = createClient({ url: 'ws://gateway/rt' });
  const use = () => {
    const group = client.join<{ text: string }, { typing: boolean }>('g', {
      load: async ({ signal }) => ({ state: signal.aborted }),
      parse: (data) => data as { text: string },
    });
    expectTypeOf(group).toEqualTypeOf<Group<{ text: string }, { typing: boolean }>>();
    group.on('message', (message) => {
      expectTypeOf(message).toEqualTypeOf<Message<{ text: string }>>();
      expectTypeOf(message.data.text).toBeString();
    });
    group.on('status', (status) => expectTypeOf(status).toEqualTypeOf<GroupStatus>());
    expectTypeOf(group.publish({ text: 'hello' })).toEqualTypeOf<Promise<Ack>>();
    group.setState({ typing: true });
    // @ts-expect-error a message of another shape
    void group.publish({ words: 'hello' });
    // @ts-expect-error a state of another shape
    group.setState({ typing: 'yes' });
    // @ts-expect-error no such event
    group.on('close', () => {});
    expectTypeOf(group.updates()).toExtend<AsyncIterable<Update<{ text: string }>>>();
    expectTypeOf(group.members.get().list.get('m')?.state).toEqualTypeOf<{ typing: boolean } | undefined>();
    // A union is narrowed by its type.
    group.on('gap', ({ from, to }) => expectTypeOf(from + to).toBeNumber());
    client.on('frame', ({ direction }) => expectTypeOf(direction).toEqualTypeOf<'in' | 'out'>());
  };
  expectTypeOf(use).toBeFunction();
});

test('options: the class of `ws` fits, what is absent may be undefined, and what is no option does not compile', () => {
  const options: ClientOptions = {
    url: 'wss://gateway/rt',
    WebSocket: WsWebSocket,
    token: undefined,
    timings: { lingerMs: undefined },
  };
  expectTypeOf(options).toEqualTypeOf<ClientOptions>();
  // @ts-expect-error misspelt
  const wrong: ClientOptions = { url: '', tokne: '' };
  void wrong;
  // @ts-expect-error required
  const none: ClientOptions = {};
  void none;
});
