// Compiled, not run, under every TypeScript that is supported: what an application writes that is exact about optional properties.
import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { type ServeOptions, serve } from 'gateway-cli';
import { type ClientOptions, createClient, type Group, type PublishOptions as Publishing } from 'gateway-client';
import {
  createGateway,
  type GatewayError,
  type GatewayEvents,
  type GatewayOptions,
  type HostServer,
  type Limits,
  MemoryBroker,
  type PublishOptions,
  type Timings,
} from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { decode, type IdentifyPayload } from 'gateway-protocol';

// What an application has read from its configuration may be absent, and is passed on as it is.
declare const path: string | undefined;
declare const milliseconds: number | undefined;
declare const some: { [Name in keyof Required<GatewayOptions>]: GatewayOptions[Name] | undefined };
const timings: { [Name in keyof Timings]?: number | undefined } = { heartbeatIntervalMs: milliseconds };
const limits: { [Name in keyof Limits]?: number | undefined } = { connectionsMax: milliseconds };
const gateway = createGateway({ ...some, path, timings, limits, allowedOrigins: async (origin) => origin === path });
const serving: ServeOptions = { port: milliseconds, host: path, path, timings };
serve(serving).then(({ close }) => close());
const publishing: PublishOptions = { sessionId: path, traceId: path, meta: { label: path } };
gateway.publish('group-1', 1, publishing).catch((error: GatewayError) => error.code);
gateway.close({ graceMs: milliseconds });
const identify: IdentifyPayload = { clientType: 'app-client', groupId: path, token: path };
decode(JSON.stringify(identify), { jsonDepthMax: milliseconds });
new MemoryBroker({ historyMessagesMax: milliseconds });
connectClient(createGateway({ clock: new FakeClock() }), { remoteAddress: path });

const clientOptions: ClientOptions = {
  url: 'ws://gateway/rt',
  token: path,
  timings: { lingerMs: milliseconds },
  outbox: undefined,
};
const group: Group<string> = createClient(clientOptions).join<string>('group-1', { since: undefined });
const publishOptions: Publishing = { id: path, timeoutMs: milliseconds, signal: undefined };
group.publish('hello', publishOptions).then(({ seq }) => seq);

// Any server that can take upgrades, as it is made, and as Vite gives its own.
declare const viteHttpServer: Server | Http2SecureServer | null;
const servers: HostServer[] = [createServer(), createTlsServer({}), createSecureServer({ allowHTTP1: true })];
if (viteHttpServer !== null) servers.push(viteHttpServer);
for (const server of servers) createGateway({ server });
createGateway({ server: createServer().listen(0) });

const listener = ({ sessionId, from }: GatewayEvents['data']): string => `${from}${sessionId?.length}`;
const off: () => void = gateway.on('data', (event) => listener(event));
off();
