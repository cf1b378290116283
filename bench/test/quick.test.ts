import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { CASES } from '../src/cases.js';
import { hasRedis } from '../src/redis-process.js';
import type { Report } from '../src/report/report.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../run.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One case of each scenario; `pnpm bench --quick` runs them all. */
const IDS = [
  'fan1k-w64',
  'echo1k-ack',
  'idle10k',
  'quiet15k',
  'open1k-returns',
  'reconnect2k-tls-resumed',
  'resume10k',
  'replay1k',
  'jitter',
  'jitter-clients',
  'storm1k',
  'slow1k',
];
/** Those with a Redis, where there is one. */
const SHARED_IDS = ['nodes-w8', 'nodes-resubscribe', 'nodes-killed', 'nodes-memory'];
const SERVERS = ['gateway', 'ws-naive', 'socketio'];
const RUN = CASES.filter(({ id }) => IDS.includes(id) || (hasRedis() && SHARED_IDS.includes(id)));

test('the cases of the quick run are one of each scenario', () => {
  const named = CASES.filter(({ id }) => [...IDS, ...SHARED_IDS].includes(id));
  expect(named.map(({ full }) => full.scenario).sort()).toEqual([...new Set(CASES.map(({ full }) => full.scenario))].sort());
});

// It measures by Linux's /proc.
test.skipIf(process.platform !== 'linux')(
  '--quick runs cases against the gateway and peers, in processes of their own',
  { timeout: 120_000 },
  async () => {
    const out = join(folder, 'quick.json');
    const { stderr } = await run(process.execPath, [
      script,
      '--quick',
      '--case',
      RUN.map(({ id }) => id).join(),
      '--servers',
      SERVERS.join(),
      '--out',
      out,
    ]);
    const { cases, failures } = JSON.parse(readFileSync(out, 'utf8')) as Report;
    expect(failures).toEqual([]);
    const measured = cases.flatMap(({ id, servers }) => servers.map(({ server }) => `${id} ${server}`));
    const due = RUN.flatMap(({ id, servers }) => servers.filter((name) => SERVERS.includes(name)).map((name) => `${id} ${name}`));
    expect(measured).toEqual(due);
    for (const { servers, columns } of cases) {
      // JSON has null for what is no number.
      for (const { metrics } of servers)
        for (const { key } of columns) expect([key, metrics[key]?.median]).toEqual([key, expect.any(Number)]);
    }
    for (const { metrics } of cases[0]!.servers) expect(metrics.deliveries!.median).toBeGreaterThan(0);
    expect(stderr).toContain(`[${due.length}/${due.length}, `);
  },
);

// It measures by Linux's /proc.
test.skipIf(process.platform !== 'linux')(
  '--profile writes one of each server, and a server that is profiled still counts as idle',
  { timeout: 60_000 },
  async () => {
    const profiles = join(folder, 'profiles');
    const out = join(folder, 'profiled.json');
    const flags = ['--quick', '--case', 'reconnect10k', '--servers', 'gateway', '--profile', profiles, '--out', out];
    await run(process.execPath, [script, ...flags], { timeout: 50_000 });
    expect((JSON.parse(readFileSync(out, 'utf8')) as Report).failures).toEqual([]);
    expect(readdirSync(profiles)).toEqual([expect.stringMatching(/\.cpuprofile$/)]);
  },
);

test('an unknown case ends with one clear line and exit code 2', async () => {
  const failure = await run(process.execPath, [script, '--servers', 'ws-once', '--case', 'nothing']).catch((error) => error);
  expect({ code: failure.code, stderr: failure.stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^--case: no such thing as nothing; there are .*\n$/),
  });
});
