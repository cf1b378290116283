import type { DataUpdateDelivery, OutgoingToClient, PresenceUpdateSignal, ReadySignal } from 'gateway-protocol';
import { Stage } from './stage.js';
import type { EchoClient, World } from './world.js';

export interface ScenarioOptions {
  groupId: string;
  /** How long each expected message may take, in milliseconds. */
  timeoutMs: number;
  /** Takes the transcript, line by line. */
  write: (line: string) => void;
}

const SESSION = { sessionId: 'doc-1', meta: { label: 'Minutes', createdBy: 'A' } };
/** Together longer than the default heartbeat timeout and session TTL: in virtual time, only heartbeats keep both alive. */
const HEARTBEATS = 3;

/**
 * Two clients meet in a group, speak, and leave.
 * @throws EchoFailure naming what was missing.
 */
export async function echoScenario(world: World, options: ScenarioOptions): Promise<void> {
  const { groupId } = options;
  const stage = new Stage(world, options);
  // On a gateway that others use there may be more members, and an update may name another one's change beside this one.
  const presenceOf =
    (name: string, members: number) =>
    (message: OutgoingToClient): message is PresenceUpdateSignal => {
      if (message.type !== 'presence_update' || message.groupId !== groupId) return false;
      const { status, details } = message.payload.info;
      if (status !== 'UP' || details === undefined) return false;
      return world.gateway === undefined
        ? details.members >= members
        : details.members === members && details.metadata?.name === name;
    };
  const a = world.connect('A');
  const { heartbeat } = (await stage.expect(a, 'ready on connect', isReady)).payload;
  const b = world.connect('B');
  await stage.expect(b, 'ready on connect', isReady);

  await identify(stage, a, 'app-client', groupId);
  await stage.expect(a, 'presence_update for A', presenceOf('A', 1));
  await identify(stage, b, 'dashboard', groupId);
  for (const client of [a, b]) await stage.expect(client, 'presence_update for B', presenceOf('B', 2));

  await say(stage, a, b, { data: { text: 'hello from A' } });
  const { sessionId, meta } = SESSION;
  await say(stage, a, b, { data: { text: 'A opens a session' }, meta }, sessionId);
  for (let round = 0; round < HEARTBEATS; round += 1) {
    await world.pass(heartbeat.intervalMs);
    for (const client of [a, b]) stage.send(client, { type: 'heartbeat', sessionId });
  }
  await say(stage, a, b, { data: { text: 'A is still there' } });
  await stage.showSession(groupId, sessionId);

  stage.close(a);
  await stage.expectEnd(a, 1000);
  await stage.expect(b, 'presence_update after A left', presenceOf('A', 1));
  if (world.gateway === undefined) {
    stage.close(b);
    await stage.expectEnd(b, 1000);
  } else {
    await stage.closeGateway();
    await stage.expectEnd(b, 1012);
  }
}

async function identify(stage: Stage, client: EchoClient, clientType: string, groupId: string): Promise<void> {
  const { name } = client;
  stage.send(client, { type: 'identify', payload: { clientType, groupId, metadata: { name } } });
  const joined = (message: OutgoingToClient): message is ReadySignal =>
    isReady(message) && message.payload.presence?.status === 'UP';
  await stage.expect(client, 'ready after identify', joined);
}

/** A says it; both receive the same, stamped by the gateway. */
async function say(
  stage: Stage,
  a: EchoClient,
  b: EchoClient,
  payload: { data: { text: string }; meta?: object },
  sessionId?: string,
): Promise<void> {
  const traceId = stage.newId();
  stage.send(a, { type: 'data_update', ...(sessionId === undefined ? {} : { sessionId }), traceId, payload });
  const text = JSON.stringify(payload);
  const isIt = (message: OutgoingToClient): message is DataUpdateDelivery =>
    message.type === 'data_update' &&
    message.traceId === traceId &&
    message.sessionId === sessionId &&
    Number.isFinite(message.ts) &&
    JSON.stringify(message.payload) === text;
  const own = await stage.expect(a, `its own data_update "${payload.data.text}"`, isIt);
  await stage.expect(
    b,
    `the data_update "${payload.data.text}" of A`,
    (message): message is DataUpdateDelivery => isIt(message) && message.seq === own.seq && message.from === own.from,
  );
}

function isReady(message: OutgoingToClient): message is ReadySignal {
  return message.type === 'ready' && message.payload.heartbeat.intervalMs > 0;
}
