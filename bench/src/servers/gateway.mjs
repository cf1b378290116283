// Our gateway with everything on: validation, seq, presence, sessions, accounting, heartbeats, rate limits. With `--recovery` members stay
// for as long as Socket.IO keeps its sessions: on a slow machine 10,000 take longer than 15 s to come back.
// `--deflate`: long messages are compressed. `--redis <url>`: it shares everything with others in that Redis. `--tracer <JSON>`: it traces
// with gateway-otel and these options.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createGateway } from 'gateway-core';
import { argument, listen, webServer } from './harness.mjs';

const { version } = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('gateway-core/package.json'), 'utf8'));
const silent = () => {};
const server = webServer();
const redis = argument('--redis');
const logger = { debug: silent, info: silent, warn: console.error, error: console.error };
let parts = {};
if (redis !== undefined) {
  const { createRedisBackend } = await import('gateway-redis');
  const backend = createRedisBackend({ url: redis, logger });
  await backend.ready();
  parts = backend.parts;
}

const tracing = argument('--tracer');
const traced = tracing === undefined ? undefined : (await import('./tracing.mjs')).startTracing(JSON.parse(tracing));

createGateway({
  server,
  tracer: traced?.tracer,
  ...parts,
  path: '/rt',
  // One publisher at full rate is the point of the bench; its rate is accounted for, only not refused.
  limits: { messagesPerSecondMax: 1e9, messagesBurst: 1e9, bytesPerSecondMax: 1e12, bytesBurst: 1e12 },
  timings: process.argv.includes('--recovery') ? { resumeTtlMs: 120_000 } : {},
  perMessageDeflate: process.argv.includes('--deflate'),
  logger,
});
const name = process.versions.bun === undefined ? `gateway ${version}` : `gateway ${version} on Bun ${process.versions.bun}`;
listen(server, name, { spans: traced?.spans });
