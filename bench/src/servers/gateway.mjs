// Our gateway with everything on: validation, seq, presence, sessions, accounting, heartbeats, rate limits.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createGateway } from 'gateway-core';
import { listen } from './harness.mjs';

const { version } = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('gateway-core/package.json'), 'utf8'));
const silent = () => {};
const server = createServer();

createGateway({
  server,
  path: '/rt',
  // One publisher at full rate is the point of the bench; its rate is accounted for, only not refused.
  limits: { messagesPerSecondMax: 1e9, messagesBurst: 1e9, bytesPerSecondMax: 1e12, bytesBurst: 1e12 },
  logger: { debug: silent, info: silent, warn: console.error, error: console.error },
});
listen(server, `gateway ${version}`);
