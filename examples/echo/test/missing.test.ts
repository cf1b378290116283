import type { OutgoingToClient } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { echoScenario } from '../src/scenario.js';
import { EchoFailure } from '../src/stage.js';
import { virtualWorld } from '../src/virtual-world.js';
import type { EchoClient, World } from '../src/world.js';

interface Fault {
  /** How often a message arrives. Default once. */
  arrives?: (message: OutgoingToClient, name: string) => number;
  /** Whether what a client says reaches the gateway. Default yes. */
  leaves?: (envelope: { type: string }) => boolean;
}

/** Virtual time, with a network that is at fault. */
function faultyWorld({ arrives = () => 1, leaves = () => true }: Fault): World {
  const world = virtualWorld(1);
  const connect = (name: string): EchoClient => {
    const client = world.connect(name);
    const inbox: OutgoingToClient[] = [];
    return {
      name,
      get inbox() {
        for (const message of client.inbox.splice(0)) {
          for (let times = arrives(message, name); times > 0; times -= 1) inbox.push(message);
        }
        return inbox;
      },
      get ended() {
        return client.ended;
      },
      send: (envelope) => leaves(envelope) && client.send(envelope),
      close: () => client.close(),
    };
  };
  return { ...world, connect };
}

async function failureOf(world: World): Promise<string> {
  const failure = await echoScenario(world, { groupId: 'group-1', timeoutMs: 1_000, write: () => {} }).catch((error) => error);
  await world.dispose();
  expect(failure).toBeInstanceOf(EchoFailure);
  return (failure as EchoFailure).message;
}

const isText = (message: OutgoingToClient, text: string) =>
  message.type === 'data_update' && (message.payload.data as { text: string }).text === text;

test.each<[what: string, lost: (message: OutgoingToClient, name: string) => boolean, failure: string]>([
  ['the first ready', ({ type }) => type === 'ready', 'A did not receive ready on connect: nothing came in 1000 ms'],
  [
    'the presence_update of its own arrival',
    ({ type }, name) => type === 'presence_update' && name === 'A',
    'A did not receive presence_update for A: nothing came in 1000 ms',
  ],
  [
    "the sender's own data_update",
    (message, name) => isText(message, 'hello from A') && name === 'A',
    'A did not receive its own data_update "hello from A": nothing came in 1000 ms',
  ],
  [
    'a data_update to the other',
    (message, name) => isText(message, 'A is still there') && name === 'B',
    'B did not receive the data_update "A is still there" of A: nothing came in 1000 ms',
  ],
  [
    'the presence_update after A left',
    ({ type, payload }, name) => type === 'presence_update' && name === 'B' && JSON.stringify(payload).includes('"A"'),
    'B did not receive presence_update after A left: nothing came in 1000 ms',
  ],
])('where %s is lost, the failure names it', async (_what, lost, failure) => {
  expect(await failureOf(faultyWorld({ arrives: (message, name) => (lost(message, name) ? 0 : 1) }))).toBe(failure);
});

test('where ready is lost, the message after it does not pass for it', async () => {
  const arrives: Fault['arrives'] = (message) => (message.type === 'ready' && message.payload.presence !== undefined ? 0 : 1);
  expect(await failureOf(faultyWorld({ arrives }))).toMatch(/^A did not receive ready after identify but presence_update /);
});

test('a data_update that comes twice is noticed', async () => {
  const arrives: Fault['arrives'] = (message, name) => (isText(message, 'hello from A') && name === 'B' ? 2 : 1);
  expect(await failureOf(faultyWorld({ arrives }))).toMatch(
    /^B did not receive the data_update "A opens a session" of A but data_update seq=1 /,
  );
});

test('something that nothing called for is noticed at the end', async () => {
  const arrives: Fault['arrives'] = ({ type, payload }, name) =>
    type === 'presence_update' && name === 'B' && JSON.stringify(payload).includes('"A"') ? 2 : 1;
  expect(await failureOf(faultyWorld({ arrives }))).toMatch(/^B received presence_update .*, which nothing called for$/);
});

test('without heartbeats the gateway closes the clients, and the scenario fails', async () => {
  const failure = await failureOf(faultyWorld({ leaves: ({ type }) => type !== 'heartbeat' }));
  expect(failure).toBe('A did not receive its own data_update "A is still there": closed with 4200');
});

test('without the message that opens it, the session has no record', async () => {
  const world = faultyWorld({});
  const gateway = world.gateway as NonNullable<World['gateway']>;
  const forgetful = { ...gateway, sessions: async () => [], close: () => gateway.close() } as typeof gateway;
  expect(await failureOf({ ...world, gateway: forgetful })).toBe('the gateway has no record of session doc-1');
});

test('with a gateway that others use, what is theirs is passed over', async () => {
  const world = faultyWorld({ arrives: ({ type }) => (type === 'presence_update' ? 3 : 1) });
  await echoScenario({ ...world, gateway: undefined }, { groupId: 'group-1', timeoutMs: 1_000, write: () => {} });
  await world.dispose();
});
