#!/usr/bin/env node
import { createRequire } from 'node:module';
import { processIo, run } from './index.js';

const { version } = createRequire(import.meta.url)('gateway-cli/package.json') as { version: string };

// Not process.exit: what is still to be written is written, and a handle left open would show.
process.exitCode = await run(process.argv.slice(2), process.env, processIo(version));
