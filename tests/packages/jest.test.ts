import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { output } from './run.js';

const fromHere = (path: string) => fileURLToPath(new URL(`./node_modules/${path}`, import.meta.url));

interface Report {
  success: boolean;
  testResults: { message: string; assertionResults: { status: string; title: string }[] }[];
}

// Jest's jsdom resolves packages as for a browser, where `ws` is empty, and has a browser's globals.
test.each(['by-require.test.cjs', 'by-import.test.mjs'])('the packed packages work under Jest with jsdom: %s', async (file) => {
  const consumer = join(inject('consumer'), 'jest');
  const config = JSON.stringify({
    rootDir: consumer,
    testMatch: [join(consumer, file)],
    testEnvironment: fromHere('jest-environment-jsdom/build/index.js'),
    transform: {},
    // Not Watchman, which a machine may have or lack.
    watchman: false,
  });
  const jest = [fromHere('jest/bin/jest.js'), '--config', config, '--json', '--runInBand', '--no-cache'];
  const report: Report = JSON.parse(await output(consumer, process.execPath, ['--experimental-vm-modules', ...jest]));
  expect(report.testResults.map(({ message }) => message)).toEqual(['']);
  expect(report.testResults[0]?.assertionResults.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed']);
});
