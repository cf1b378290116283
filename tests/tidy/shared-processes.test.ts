import { expect, test } from 'vitest';
import { OWN_PROCESS, SHARED_PROCESSES } from '../support/processes.js';
import { filesInGit, read } from './tree.js';

/** What would reach the next file in the same process, or be measured together with what the file before has left. */
const OF_THE_PROCESS =
  /\bvi\.(stub\w+|useFakeTimers|mock|doMock|spyOn\((globalThis|process))|\bprocess\.(on|once|memoryUsage|cpuUsage|exitCode|removeAll\w+)\b|\bprocess\.env(\.\w+|\[[^\]]*\]) = |setFlagsFromString|@vitest-environment|\b(globalThis|prototype)(\.\w+|\[[^\]]*\]) = |Object\.assign\(globalThis|'node:(v8|vm|child_process|worker_threads)'/;

const tests = () =>
  filesInGit().filter((path) => path.endsWith('.test.ts') && SHARED_PROCESSES.some((folder) => path.startsWith(folder)));

test('no file that shares its process measures it or changes it', () => {
  const shared = tests().filter((path) => !OWN_PROCESS.includes(path));
  expect(shared.length).toBeGreaterThan(100);
  expect(shared.filter((path) => OF_THE_PROCESS.test(read(path)))).toEqual([]);
});

test('each file that has a process of its own is there', () => {
  expect(OWN_PROCESS.filter((path) => !tests().includes(path))).toEqual([]);
});

test.each([
  "vi.stubGlobal('document', {})",
  'vi.useFakeTimers()',
  "vi.mock('./a.js')",
  "process.on('unhandledRejection', f)",
  'const { heapUsed } = process.memoryUsage()',
  "process.env.TZ = 'UTC'",
  "setFlagsFromString('--expose-gc')",
  `// @vitest-${'environment'} happy-dom`,
  'globalThis.WebSocket = Fake',
  "import { spawn } from 'node:child_process';",
])('`%s` is refused', (text) => {
  expect(text).toMatch(OF_THE_PROCESS);
});

test.each(['process.env.FC_RUNS ?? 600', 'vi.fn()', "clock.on('tick', f)", 'globalThis.setTimeout === f'])(
  '`%s` is fine',
  (text) => {
    expect(text).not.toMatch(OF_THE_PROCESS);
  },
);
