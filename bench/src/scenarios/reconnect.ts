import { once } from 'node:events';
import tls from 'node:tls';
import { Fleet } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, ReconnectParams } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** All members drop and come back at once, as after a network's hiccup: connect, a TLS handshake where there is one, upgrade, join. */
export async function reconnect(bench: Bench, { groups, membersPerGroup, tls: handshake }: ReconnectParams): Promise<Metrics> {
  const { server, context } = bench;
  if (handshake === 'resumed') context.target.tls = { ...context.target.tls, session: await bench.guard(sessionOf(bench)) };
  const options = { groups, connections: groups * membersPerGroup, dataBytes: 128, inFlightMax: 1, groupPrefix: 'g' };
  const before = new Fleet(context, options);
  await bench.guard(before.open());
  before.drop();
  await bench.guard(idle(server.pid));

  const fleet = new Fleet(context, options);
  await server.watchLoop();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  await bench.guard(fleet.open());
  const elapsedMs = performance.now() - start;
  await bench.guard(idle(server.pid));
  const cpu = cpuUs(server.pid) - cpuBefore;
  const blockMs = await server.longestBlockMs();
  const connections = fleet.clients.length;
  const presence = fleet.clients.reduce((sum, client) => sum + client.presence, 0);
  return {
    cpuUs: cpu / connections,
    perSecond: connections / (elapsedMs / 1000),
    messagesPerMember: presence / connections,
    blockMs,
    connections,
  };
}

/** A TLS session of the server, which takes it up as often as it is offered. @throws Error when it does not. */
async function sessionOf({ context: { target } }: Bench): Promise<Buffer> {
  const connect = (session?: Buffer) => tls.connect({ ...target.tls, host: target.host, port: target.port, session });
  const first = connect();
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  for (let again = 0; again < 2; again += 1) {
    const socket = connect(session);
    await once(socket, 'secureConnect');
    if (!socket.isSessionReused()) throw new Error('the server does not take up TLS sessions');
    socket.destroy();
  }
  return session;
}
