import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { runScript } from '../../../tests/shared-server/support/run-script.js';
import { listen } from '../../../tests/shared-server/support/servers.js';
import { readFlags, UsageError } from '../src/flags.js';
import { scenarioOf, TRANSCRIPT } from './play.js';

/** What `pnpm dev:echo` runs. */
const devEcho = (...args: string[]) => runScript('examples/echo/src/main.ts', ...args);

test('dev:echo prints the scenario and ends by itself with 0', async () => {
  const { code, out, err } = await devEcho();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(scenarioOf(out)).toEqual(scenarioOf(TRANSCRIPT));
});

test('dev:echo --virtual prints the committed transcript', async () => {
  expect(await devEcho('--virtual')).toEqual({ code: 0, err: '', out: TRANSCRIPT });
});

test('dev:echo ends with 1 and one line where a message does not come', async () => {
  const url = await listen(createServer(() => {}));
  const { code, err } = await devEcho('--url', url, '--timeout-ms', '100');
  expect({ code, err }).toEqual({ code: 1, err: 'echo: A did not receive ready on connect: nothing came in 100 ms\n' });
});

test('dev:echo ends with 2 and one line for a flag that it does not know', async () => {
  expect(await devEcho('--sed', '1')).toEqual({ code: 2, out: '', err: "echo: Unknown option '--sed'\n" });
});

test('flags become options', () => {
  expect(readFlags([])).toEqual({ tls: {} });
  expect(readFlags(['--virtual'])).toMatchObject({ seed: 1 });
  expect(readFlags(['--seed', '7'])).toMatchObject({ seed: 7 });
  expect(readFlags(['--url', 'wss://localhost/rt', '--insecure', '--group', 'g', '--timeout-ms', '9'])).toEqual({
    url: 'wss://localhost/rt',
    tls: { rejectUnauthorized: false },
    groupId: 'g',
    timeoutMs: 9,
  });
  expect(readFlags(['--help'])).toBeUndefined();
});

test.each([
  [['--seed', 'x'], '--seed must be a whole number from 0 to 2147483647, not x'],
  [['--timeout-ms', '0'], '--timeout-ms must be a whole number from 1 to 2147483647, not 0'],
  [['--url', 'http://localhost'], '--url must begin with ws:// or wss://, not http://localhost'],
  [['--url', 'ws://a b'], '--url is not a URL: ws://a b'],
  [['--url', 'ws://localhost', '--seed', '1'], '--url is real: it goes with neither --virtual nor --seed'],
  [['--url', 'ws://localhost', '--insecure'], '--ca and --insecure go with --url wss://…'],
  [['--url', 'wss://localhost', '--ca', 'no-such-file'], '--ca cannot be read: ENOENT'],
  [['--virtual=1'], "Option '--virtual' does not take an argument"],
  [['file'], "Unexpected argument 'file'"],
])('%j is refused with one line', (args, line) => {
  expect(() => readFlags(args)).toThrow(UsageError);
  expect(() => readFlags(args)).toThrow(line);
  expect(() => readFlags(args)).not.toThrow('\n');
});
