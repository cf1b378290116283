// What every server under test shares: it says its port and version on stdout, and obeys lines on stdin.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** What follows a flag on the command line, or undefined. */
export function argument(flag) {
  const at = process.argv.indexOf(flag);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** How often the event loop is looked at: what holds it for less is not told from many short turns. */
const WATCH_MS = 5;

/** Follows how long the event loop was held at most, in milliseconds. What other processes took of the core meanwhile does not count: only its own CPU. */
function watchLoop() {
  let longest = 0;
  let wall = performance.now();
  let cpu = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    longest = Math.max(longest, Math.min(now - wall, (user + system) / 1000));
    wall = now;
    cpu = process.cpuUsage();
  }, WATCH_MS);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

/**
 * Prints `{ port, version }` as one JSON line, then answers `gc` with `gc` once garbage has been collected, `watch` with `watch`, and
 * `block` with the milliseconds that the event loop was held for at most since.
 * Ends with its parent: a closed stdin is the end of the run.
 * @param {{ port: number, version: string, collect: () => void, answers?: Record<string, (() => Promise<number>) | undefined> }} server
 * `answers`: to other lines.
 */
export function announce({ port, version, collect, answers = {} }) {
  console.log(JSON.stringify({ port, version }));
  const lines = createInterface({ input: process.stdin });
  let longest = () => 0;
  lines.on('line', async (line) => {
    if (line === 'gc') collect();
    if (line === 'watch') longest = watchLoop();
    const asked = answers[line];
    if (asked !== undefined) console.log(await asked());
    else console.log(line === 'block' ? longest() : line);
  });
  lines.on('close', () => process.exit(0));
}

/** Two full collections: weak callbacks of the first free what the second collects. Needs `--expose-gc`. */
export function collectNode() {
  globalThis.gc?.();
  globalThis.gc?.();
}

/** A server of node:http; with `--tls <key and certificate as JSON>` of node:https. */
export function webServer() {
  const tls = argument('--tls');
  return tls === undefined ? createServer() : createTlsServer(JSON.parse(tls));
}

/**
 * Listens on a free loopback port, then announces it.
 * @param {import('node:http').Server} server
 * @param {string} version
 * @param {Record<string, (() => Promise<number>) | undefined>} [answers]
 */
export function listen(server, version, answers) {
  // 4096 is the kernel's usual somaxconn: a wave of connections is to meet the server, not a full backlog.
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    announce({ port: server.address().port, version, collect: collectNode, answers });
  });
}
