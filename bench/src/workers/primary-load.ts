import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MemoryBroker } from 'gateway-core';
import { PartsServer } from '../../../packages/gateway-cli/src/workers/parts-server.js';

const WORKER = fileURLToPath(new URL('./primary-worker.ts', import.meta.url));

/** What two processes publish through this one. */
export interface PrimaryLoad {
  /** Messages of each process that are not answered yet, at most. */
  inFlight: number;
  groups: number;
  bytes: number;
  messages: number;
}

/** @returns microseconds of this process on a CPU for each message: taken from one process, given a place, sent to both. */
export async function primaryCost(load: PrimaryLoad): Promise<number> {
  const server = new PartsServer({ parts: { broker: new MemoryBroker() } });
  const workers = [0, 1].map(() => {
    const worker = fork(WORKER, [JSON.stringify(load)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    server.accept(worker.stdio[4] as unknown as Duplex);
    return worker;
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const before = process.cpuUsage();
  const done = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.send('go');
  await Promise.all(done);
  const { user, system } = process.cpuUsage(before);
  for (const worker of workers) worker.disconnect();
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  return (user + system) / (workers.length * load.messages);
}
