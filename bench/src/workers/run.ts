import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuUs } from '../proc.js';
import { primaryCost } from './primary-load.js';

// What `serve --workers` costs beside one process, in time on CPUs: that is the same whoever else uses the machine, nearly.
const PROGRAM = fileURLToPath(new URL('../../../packages/gateway-cli/dist/esm/bin.js', import.meta.url));
const [repeats = 3] = process.argv.slice(2).map(Number);

interface Load {
  connections: number;
  groups: number;
  rate: number;
  seconds: number;
}
const LOADS: Load[] = [
  { connections: 1_000, groups: 1, rate: 100, seconds: 6 },
  { connections: 1_000, groups: 100, rate: 2_000, seconds: 6 },
];

interface Cost {
  deliveriesPerSecond: number;
  p50: number;
  p99: number;
  lost: number;
  /** Microseconds for each delivery, of each process that serves, and of the one that serves nobody. */
  serving: number[];
  primary: number | undefined;
}

async function costOf(workers: number, { connections, groups, rate, seconds }: Load): Promise<Cost> {
  const argv = [PROGRAM, 'serve', '--port', '0', '--host', '127.0.0.1', '--no-pretty', '--workers', String(workers)];
  const server: ChildProcess = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pids: number[] = [];
  const url = await new Promise<string>((resolve) => {
    createInterface(server.stdout as NodeJS.ReadableStream).on('line', (text) => {
      const line = JSON.parse(text);
      if (line.msg === 'a worker serves') pids.push(line.workerPid);
      if (String(line.msg).startsWith('listening on ws')) resolve(line.url);
    });
  });
  const primary = server.pid as number;
  const serving = workers === 0 ? [primary] : pids;
  const before = [...serving, primary].map(cpuUs);
  const flags = Object.entries({ connections, groups, rate, duration: seconds }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'bench', url, ...flags, '--json']);
  const spent = [...serving, primary].map((pid, index) => cpuUs(pid) - (before[index] as number));
  const { deliveries, deliveriesPerSecond, latencyMs, lost } = JSON.parse(stdout);
  server.kill('SIGTERM');
  await once(server, 'exit');
  return {
    deliveriesPerSecond,
    p50: latencyMs.p50,
    p99: latencyMs.p99,
    lost,
    serving: spent.slice(0, -1).map((us) => us / deliveries),
    primary: workers === 0 ? undefined : (spent.at(-1) as number) / deliveries,
  };
}

for (const load of LOADS) {
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const workers of [0, 2]) console.log(JSON.stringify({ ...load, workers, ...(await costOf(workers, load)) }));
  }
}
for (const load of [
  { inFlight: 1, groups: 10, bytes: 128, messages: 20_000 },
  { inFlight: 64, groups: 10, bytes: 128, messages: 100_000 },
  { inFlight: 1_000, groups: 1_000, bytes: 128, messages: 100_000 },
]) {
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const us = await primaryCost(load);
    console.log(JSON.stringify({ ...load, usPerMessage: us, messagesPerSecond: Math.round(1e6 / us) }));
  }
}
