import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ForeignClient } from './support/foreign-client.js';
import { runScenarios } from './support/run-scenarios.js';

/** Debian's, because that is where the package python3-websockets installs to. */
const PYTHON = '/usr/bin/python3';
const PROGRAM = fileURLToPath(new URL('./support/client.py', import.meta.url));
const installed = spawnSync(PYTHON, ['-c', 'import websockets']).status === 0;

let python: ChildProcess;
const clients: ForeignClient[] = [];
const tell = (command: object) => python.stdin?.write(`${JSON.stringify(command)}\n`);

runScenarios({
  name: 'Python’s websockets',
  missing: installed ? undefined : `${PYTHON} cannot import websockets; Debian’s package is python3-websockets`,
  start: async () => {
    python = spawn(PYTHON, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: python.stdout! }).on('line', (line) => {
      const { client, text, closed } = JSON.parse(line);
      if (text !== undefined) clients[client]?.got(text);
      else clients[client]?.ended(closed);
    });
  },
  stop: async () => {
    const exit = once(python, 'exit');
    python.stdin?.end();
    await exit;
  },
  open: async (url) => {
    const client = clients.push(new ForeignClient()) - 1;
    tell({ client, open: url });
    return clients[client]!.bind({ send: (text) => tell({ client, send: text }), close: () => tell({ client, close: true }) });
  },
});
