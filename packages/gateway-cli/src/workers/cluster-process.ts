import cluster, { type Worker } from 'node:cluster';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ToPrimary, ToWorker } from './control-messages.js';
import type { WorkerProcess } from './worker-pool.js';

/** From the built modules, and from the sources. */
const PLACES = ['worker.js', '../esm/worker.js', '../../dist/esm/worker.js'];
/** The descriptor of the socket to the primary; those before are the standard ones and Node's own channel. */
export const PARTS_FD = 4;

// What is built as CommonJS has no URL, and an ES module no `__filename` of its own.
const url = import.meta.url as string | undefined;
const file = url === undefined ? __filename : fileURLToPath(url);

/**
 * Sets `node:cluster` up, for the process: who connects is given to the workers in turn.
 * @param connected is given the primary's end of each worker's socket: a pair that only the two have, and that no file stands for.
 * @returns what starts a worker.
 */
export function clusterFork(connected: (socket: Duplex) => void): () => WorkerProcess {
  const exec = PLACES.map((place) => join(dirname(file), place)).find(existsSync);
  if (exec === undefined) throw new Error('gateway-cli is not built');
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec, args: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] });
  return () => {
    const worker = cluster.fork();
    connected(worker.process.stdio[PARTS_FD] as unknown as Duplex);
    return processOf(worker);
  };
}

function processOf(worker: Worker): WorkerProcess {
  // A message to one that has just gone is nobody's loss: its exit is told.
  worker.on('error', () => {});
  return {
    pid: worker.process.pid,
    send: (message: ToWorker) => {
      if (worker.isConnected()) worker.send(message, undefined, undefined, () => {});
    },
    kill: () => void worker.process.kill('SIGKILL'),
    onMessage: (listener) => void worker.on('message', (message: ToPrimary) => listener(message)),
    onExit: (listener) => void worker.on('exit', listener),
  };
}
