import { DEFAULT_LIMITS, DEFAULT_TIMINGS } from 'gateway-core';
import { expect, test } from 'vitest';
import { runCli } from './memory-io.js';

test('the help of serve names every timing and limit with its variable and default, on one line each', async () => {
  const { code, out, err } = await runCli(['serve', '--help']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.split('\n').map((line) => line.trim());
  for (const [name, fallback] of Object.entries({ ...DEFAULT_TIMINGS, ...DEFAULT_LIMITS })) {
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter}`).split(' ');
    const flag = `--${words.join('-').toLowerCase()}`;
    const line = lines.find((text) => text.startsWith(`${flag} <`));
    expect(line, flag).toMatch(new RegExp(`<(ms|n)> +\\w.+ \\(GW_${words.join('_').toUpperCase()}, default ${fallback}\\)$`));
  }
});

test('the help of serve names the flags of the server with their defaults', async () => {
  const { out } = await runCli(['serve', '--help']);
  for (const part of [
    /--port <n> .*GW_PORT, default 4100/,
    /--host <address> .*GW_HOST, default 0\.0\.0\.0/,
    /--path <path> .*GW_PATH, default \/rt/,
    /--allowed-origin <origin> .*GW_ALLOWED_ORIGIN, default any/,
    /--trust-proxy-hops <n> .*GW_TRUST_PROXY_HOPS, default 0/,
    /--trust-proxy-header <name> .*GW_TRUST_PROXY_HEADER, default auto/,
    /--log-level <level> .*silent: debug, info, warn, error \(LOG_LEVEL, default info/,
    /--pretty /,
    /--no-pretty /,
    /--print-config /,
  ]) {
    expect(out).toMatch(part);
  }
});

test('the help of the program names its commands', async () => {
  const { code, out } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const command of ['serve', 'health', 'bench', 'top', 'connect']) expect(out).toMatch(new RegExp(`^ +${command} `, 'm'));
});
