import { expect, test } from 'vitest';
import { runScript } from '../../../tests/shared-server/support/run-script.js';

test('a process in which every example has started, served and stopped ends by itself', async () => {
  const { code, out, err } = await runScript('examples/embed/test/ends.ts');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const hosts = ['http', 'https', 'express', 'fastify', 'koa', 'nest', 'handle-upgrade'];
  expect(out).toBe(hosts.map((host) => `${host} has stopped\n`).join(''));
});
