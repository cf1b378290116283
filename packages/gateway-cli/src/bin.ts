#!/usr/bin/env node
import { createRequire } from 'node:module';
import { processIo, run } from './index.js';

const { version } = createRequire(import.meta.url)('gateway-cli/package.json') as { version: string };

// What is printed may go nowhere; unheard, that would end in a stack trace. Who has read enough, as `| head -1`, is no failure, but a full disk is.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE' || process.exitCode === 1) return;
  process.exitCode = 1;
  process.stderr.write(`gateway-cli: stdout cannot be written (${code})\n`);
});
process.stderr.on('error', () => {});

const exitCode = await run(process.argv.slice(2), process.env, processIo(version));
// Not process.exit: what is still to be written is written, and a handle left open would show.
process.exitCode ||= exitCode;
