import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { Program } from './program.js';

const WORKERS = ['serve', '--port', '0', '--host', '127.0.0.1', '--workers', '2'];

/** Of the next line that says so. */
async function fromLog(program: Program, message: string): Promise<Record<string, unknown>> {
  for (;;) {
    const line = await program.line();
    if (line === undefined) throw new Error(`the log ended without ${message}`);
    const entry = JSON.parse(line);
    if (String(entry.msg).startsWith(message)) return entry;
  }
}

async function connected(url: unknown): Promise<WebSocket> {
  const client = new WebSocket(String(url));
  await once(client, 'message');
  return client;
}

test('after SIGTERM and the drain of all workers the process ends by itself with code 0', async () => {
  const program = new Program([...WORKERS, '--drain-delay-ms', '300']);
  const { url, healthUrl, workers } = await fromLog(program, 'listening on ws://');
  expect(workers).toBe(2);
  const clients = [await connected(url), await connected(url), await connected(url)];
  program.process.kill('SIGUSR2');
  expect(await fromLog(program, 'stats')).toMatchObject({ workers: 2, connections: 3, connectionsTotal: 3 });
  expect((await fetch(String(healthUrl))).status).toBe(200);
  const closed = clients.map(async (client) => (await once(client, 'close'))[0]);
  program.process.kill('SIGTERM');
  expect(await fromLog(program, 'draining')).toMatchObject({ signal: 'SIGTERM', connections: 3 });
  expect(await Promise.all(closed)).toEqual([1012, 1012, 1012]);
  expect(await program.exit).toEqual([0, null]);
  await fromLog(program, 'stopped');
  expect(await program.stderr).toBe('');
});

test('a second signal ends all at once with code 1', async () => {
  const program = new Program([...WORKERS, '--drain-delay-ms', '600000']);
  const { url } = await fromLog(program, 'listening on ws://');
  const client = await connected(url);
  const closed = once(client, 'close');
  program.process.kill('SIGTERM');
  await fromLog(program, 'draining');
  program.process.kill('SIGINT');
  expect(await program.exit).toEqual([1, null]);
  expect((await closed)[0]).toBe(1006);
});

test('a worker that is told to end by itself hands its clients over, and is replaced', async () => {
  const program = new Program(WORKERS);
  const { workerPid } = await fromLog(program, 'a worker serves');
  const { url } = await fromLog(program, 'listening on ws://');
  const clients = [await connected(url), await connected(url)];
  const closed = Promise.race(clients.map((client) => once(client, 'close')));
  process.kill(Number(workerPid), 'SIGTERM');
  expect((await closed)[0]).toBe(1012);
  expect(await fromLog(program, 'a worker has died')).toMatchObject({ workerPid, code: 0 });
  await fromLog(program, 'a worker serves');
  expect(clients.filter(({ readyState }) => readyState === WebSocket.OPEN)).toHaveLength(1);
  for (const client of clients) client.terminate();
});

test('a port in use ends the process with code 2 and one line on stderr', async () => {
  const first = new Program(WORKERS);
  const { port } = await fromLog(first, 'listening on ws://');
  const second = new Program(['serve', '--host', '127.0.0.1', '--port', String(port), '--workers', '2']);
  expect(await second.exit).toEqual([2, null]);
  expect(await second.stderr).toBe(
    `gateway-cli: --port (GW_PORT) takes a free port, or 0 for any: ${port} on "127.0.0.1" is in use\n`,
  );
});

test('gateway-cli health asks the workers, and takes them for one gateway', async () => {
  const program = new Program(WORKERS);
  const { port } = await fromLog(program, 'listening on ws://');
  const health = new Program(['health', '--port', String(port), '--host', '127.0.0.1']);
  expect(await health.line()).toBe(`http://127.0.0.1:${port}/health is healthy`);
  expect(await health.exit).toEqual([0, null]);
});

test('every worker asks for tokens, and those that replace them at SIGHUP have the secret of then', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-workers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  const [before, after] = ['b'.repeat(32), 'a'.repeat(32)];
  writeFileSync(file, before);
  const program = new Program([...WORKERS, '--jwt-secret-file', file, '--log-level', 'info']);
  const { url } = await fromLog(program, 'listening on ws://');
  const answer = async (secret: string): Promise<string> => {
    const token = await new SignJWT({ sub: 'ada', exp: 4e9, groups: ['*'] })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(secret));
    const client = await connected(url);
    client.send(JSON.stringify({ type: 'identify', payload: { clientType: 'app-client', token } }));
    const [text] = await once(client, 'message');
    client.terminate();
    return JSON.parse(String(text)).type;
  };
  // Connections go to the workers in turn.
  for (let i = 0; i < 2; i++) expect([await answer(before), await answer(after)]).toEqual(['ready', 'error']);
  expect([await answer(after), await answer(after)]).toEqual(['error', 'error']);
  writeFileSync(file, after);
  program.process.kill('SIGHUP');
  await fromLog(program, 'workers are replaced');
  for (let i = 0; i < 2; i++)
    expect([await answer(after), await answer(after), await answer(before)]).toEqual(['ready', 'ready', 'error']);
});

test('--metrics-port is one address for all workers: sums of what they count, which do not fall when one is replaced', async () => {
  const program = new Program([...WORKERS, '--metrics-port', '0']);
  const { metricsUrl } = await fromLog(program, 'metrics on http://');
  const { url } = await fromLog(program, 'listening on ws://');
  const scraped = async () => {
    const text = await (await fetch(String(metricsUrl))).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    // A number of the format each, and never twice the same.
    for (const line of lines) expect(line).toMatch(/^[a-z_][a-z0-9_]*(\{.*\})? (-?[0-9.e+-]+|Nan|[+-]Inf)$/);
    const values = new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
    expect(values.size).toBe(lines.length);
    return values;
  };
  const clients = [await connected(url), await connected(url), await connected(url)];
  const before = await scraped();
  expect(before.get('gateway_connections_total')).toBe(3);
  expect(before.get('gateway_workers')).toBe(2);
  for (const worker of ['0', '1', 'primary'])
    expect(before.get(`process_resident_memory_bytes{worker="${worker}"}`), worker).toBeGreaterThan(1e6);
  expect([...before.keys()].filter((name) => /^(nodejs|process)_/.test(name) && !name.includes('worker="'))).toEqual([]);

  program.process.kill('SIGHUP');
  await fromLog(program, 'workers are replaced');
  const after = await scraped();
  expect(after.get('gateway_connections_total')).toBe(3);
  // Said by those that drained, at their end.
  expect(after.get('gateway_closed_connections_total{code="1012"}')).toBe(3);
  expect(after.get('gateway_connections{dialect="none"}')).toBe(0);
  expect(after.get('gateway_worker_deaths_total')).toBe(0);
  expect(after.get('gateway_draining')).toBe(0);
  for (const client of clients) client.terminate();
  const { port } = new URL(String(metricsUrl));
  const other = new Program([...WORKERS, '--metrics-port', port]);
  expect(await other.exit).toEqual([2, null]);
  expect(await other.stderr).toMatch(/^gateway-cli: --metrics-port \(GW_METRICS_PORT\) takes a free port/);
});

test('--probes are answered by the workers', async () => {
  const program = new Program([...WORKERS, '--probes']);
  const { healthUrl } = await fromLog(program, 'listening on ws://');
  for (const path of ['/livez', '/readyz'])
    expect((await fetch(new URL(path, String(healthUrl)), { headers: { connection: 'close' } })).status, path).toBe(200);
});
