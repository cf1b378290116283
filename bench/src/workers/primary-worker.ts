import { once } from 'node:events';
import { Socket } from 'node:net';
import { connectParts } from '../../../packages/gateway-cli/src/workers/connect-parts.js';
import type { PrimaryLoad } from './primary-load.js';

/** One of two processes that publish through their primary as fast as it answers, and take what both have published. */
const { inFlight, groups, bytes, messages } = JSON.parse(process.argv[2] as string) as PrimaryLoad;
const { parts, close } = connectParts(new Socket({ fd: 4, readable: true, writable: true }));
const { broker } = parts;
const body = `"payload":{"data":"${'x'.repeat(bytes)}"}}`;

let taken = 0;
let allTaken: () => void;
const untilAllTaken = new Promise<void>((resolve) => {
  allTaken = resolve;
});
const deliver = () => {
  taken += 1;
  if (taken === 2 * messages) allTaken();
};
for (let group = 0; group < groups; group += 1) {
  await broker.subscribe(`group-${group}`, {
    deliver,
    reset: () => {
      throw new Error('the log was lost');
    },
  });
}
process.send?.('ready');
await once(process, 'message');
let next = 0;
await Promise.all(
  Array.from({ length: inFlight }, async () => {
    while (next < messages) {
      next += 1;
      await broker.publish(`group-${next % groups}`, { body });
    }
  }),
);
await untilAllTaken;
process.send?.('done');
await once(process, 'disconnect');
close();
